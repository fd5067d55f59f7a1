"""The exercises of notebook 05: challenges in optimization."""

EXERCISES = {}
