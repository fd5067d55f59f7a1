"""Settings for all tests: hypothesis draws the same examples on every run, and slow machines get the time they need."""

from hypothesis import settings

settings.register_profile("optimlab", derandomize=True, deadline=None, max_examples=40, database=None)
settings.load_profile("optimlab")
