"""Specs as Python source: the same models, built with nothing but Keras."""
