"""specc: the language for neural networks. YAML specs, compiled to Keras.

```python
import specc

print(specc.check("lenet.yaml"))                    # a Report: all that is wrong, at its line
model = specc.compile("lenet.yaml", {"filters": 8})  # a plain keras.Model
text = specc.decompile(model)                       # and back: the spec of any Functional model
run = specc.train("lenet.yaml")                     # a Run: run.model, run.evaluate(), run.predict(data)
run = specc.open_run("runs/lenet-20260101-120000")
```
"""

import specc.decompile  # noqa: F401  # the folder first: the function of that name, imported later, stays
from specc.api import (
    Report,
    check,
    compile,
    compile_models,
    decompile,
    open_run,
    register,
    resolve,
    to_python,
    train,
)
from specc.source.diagnostic import Diagnostic, RunError, SpecError

__all__ = [
    "Diagnostic",
    "Report",
    "RunError",
    "SpecError",
    "check",
    "compile",
    "compile_models",
    "decompile",
    "open_run",
    "register",
    "resolve",
    "to_python",
    "train",
]
