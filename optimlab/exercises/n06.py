"""The exercises of notebook 06: training a real network."""

EXERCISES = {}
