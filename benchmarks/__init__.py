"""How fast the engine trains, beside Keras and a plain PyTorch loop: `python -m benchmarks`."""
