"""Recorded trajectories of PyTorch, Optax and Keras, and how they were made."""
