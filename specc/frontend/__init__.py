"""Text to graphs: compose, check, resolve, expand. Loads neither Keras nor TensorFlow."""
