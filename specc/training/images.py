"""What draws made images: training itself knows no pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

Draw = Callable[[Mapping[str, np.ndarray[Any, Any]], Path], bool]
"""Draws outputs [count, …] by name into a file; False where there is no image among them."""
