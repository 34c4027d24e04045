"""Examples of what a model does with images, as a picture."""

from specc.report.gallery.sheet import draw_after, draw_examples

__all__ = ["draw_after", "draw_examples"]
