"""specc: the language for neural networks. YAML specs, compiled to Keras."""
