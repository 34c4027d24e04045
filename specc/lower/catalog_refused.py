"""What Keras exports and a spec may not name, with the reason in words."""

from __future__ import annotations

_BASE = "is a base class, without behaviour of its own"
_CODE = "holds Python code"

REFUSED: dict[str, str] = {
    "layer:FlaxLayer": "wraps a Python object of another library",
    "layer:Input": "is no step: inputs are declared under `inputs:`",
    "layer:InputLayer": "is no step: inputs are declared under `inputs:`",
    "layer:JaxLayer": _CODE,
    "layer:Lambda": f"{_CODE}; use a `formula` step",
    "layer:Layer": _BASE,
    "layer:TFSMLayer": "runs a program that is stored in a foreign file",
    "layer:TorchModuleWrapper": "wraps a Python object of another library",
    "layer:Wrapper": _BASE,
    "loss:Loss": _BASE,
    "metric:MeanMetricWrapper": _CODE,
    "metric:Metric": _BASE,
    "optimizer:MultiOptimizer": "holds layers as Python objects",
    "optimizer:Optimizer": _BASE,
    "optimizer:OptimizerMap": "holds layers as Python objects",
    "schedule:LearningRateSchedule": _BASE,
    "callback:Callback": _BASE,
    "callback:CallbackList": "is what holds the callbacks; list them under `callbacks:`",
    "callback:LambdaCallback": _CODE,
    "callback:LearningRateScheduler": "takes Python code; a schedule is the optimizer's `learning_rate`",
    "callback:RemoteMonitor": "sends what happens to an address on the network",
    "initializer:Initializer": _BASE,
    "regularizer:Regularizer": _BASE,
    "constraint:Constraint": _BASE,
    "quantizer:AWQConfig": "holds a data set and a tokenizer as Python objects",
    "quantizer:GPTQConfig": "holds a data set and a tokenizer as Python objects",
    "quantizer:QuantizationConfig": _BASE,
    "quantizer:Quantizer": _BASE,
    **{
        f"op:{name}": "takes Python functions"
        for name in (
            "associative_scan",
            "cond",
            "custom_gradient",
            "fori_loop",
            "jvp",
            "map",
            "scan",
            "switch",
            "vectorize",
            "vectorized_map",
            "while_loop",
        )
    },
    "op:convert_to_numpy": "leaves the graph",
    "op:is_tensor": "asks about Python objects",
}


def why_refused(category: str, name: str) -> str:
    """Why a spec may not name it; empty where it may."""
    return REFUSED.get(f"{category}:{name}", "")
