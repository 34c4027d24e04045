"""On which devices a model is trained, and what then cannot be had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import tensorflow as tf

from specc.source.diagnostic import Diagnostic, SpecError
from specc.source.suggest import did_you_mean

StrategyName = Literal["auto", "one_device", "mirrored"]
STRATEGIES: tuple[StrategyName, ...] = get_args(StrategyName)


def open_strategy(name: str = "auto", devices: Sequence[str] = ()) -> tf.distribute.Strategy:
    """The `tf.distribute` strategy of a name.

    `auto` mirrors over several GPUs and otherwise uses the one device there is. `devices` names devices
    (`gpu:1`, `cpu:0`); naming `cpu:1` splits the CPU into logical devices, which works only before
    TensorFlow has touched it. Raises SpecError where a name is unknown or a device is not there.
    """
    if name not in STRATEGIES:
        _refuse(f"there is no strategy `{name}`", did_you_mean(name, STRATEGIES))
    if name == "one_device" and len(devices) > 1:
        _refuse("`one_device` was given several devices", "name one, or use the strategy `mirrored`")
    _split_cpu(devices)
    _check_devices(devices)
    gpus = [f"gpu:{position}" for position in range(len(tf.config.list_logical_devices("GPU")))]
    if name == "mirrored" or (name == "auto" and len(devices or gpus) > 1):
        return tf.distribute.MirroredStrategy(list(devices) or gpus or ["cpu:0"])
    if devices:
        return tf.distribute.OneDeviceStrategy(devices[0])
    if name == "one_device":
        return tf.distribute.OneDeviceStrategy(gpus[0] if gpus else "cpu:0")
    return tf.distribute.get_strategy()


def _refuse(title: str, help: str) -> None:
    raise SpecError([Diagnostic("training-strategy", title, None, help=help)])


def _split_cpu(devices: Sequence[str]) -> None:
    """Make as many logical CPUs as `devices` names."""
    named = [int(d.lower().rpartition(":")[2]) for d in devices if _is_cpu(d)]
    wanted = max(named, default=0) + 1
    if wanted == 1:
        return
    cpu = tf.config.list_physical_devices("CPU")[0]
    present = tf.config.get_logical_device_configuration(cpu)
    if present is not None and len(present) >= wanted:
        return
    try:
        parts = [tf.config.LogicalDeviceConfiguration()] * wanted
        tf.config.set_logical_device_configuration(cpu, parts)
    except RuntimeError:
        _refuse("the CPU is in use and cannot be split any more", "name the devices before any other work")


def _is_cpu(device: str) -> bool:
    kind, _, number = device.lower().rpartition(":")
    return kind.endswith("cpu") and number.isdecimal()


def _check_devices(devices: Sequence[str]) -> None:
    present = [d.name.removeprefix("/device:").lower() for d in tf.config.list_logical_devices()]
    for device in devices:
        if device.lower() not in present:
            _refuse(f"there is no device `{device}`", did_you_mean(device.lower(), present))


def on_gpu(strategy: tf.distribute.Strategy) -> bool:
    """Whether the strategy computes on GPUs."""
    if isinstance(strategy, (tf.distribute.OneDeviceStrategy, tf.distribute.MirroredStrategy)):
        return any("gpu" in str(device).lower() for device in strategy.extended.worker_devices)
    return bool(tf.config.list_logical_devices("GPU"))
