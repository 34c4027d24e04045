"""Measurements against hand-written Keras; `python -m benchmarks` runs them all."""
