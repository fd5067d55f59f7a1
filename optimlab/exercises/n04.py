"""The exercises of notebook 04: learning rate and scheduling."""

EXERCISES = {}
