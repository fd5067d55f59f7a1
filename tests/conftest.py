"""Settings for all tests: hypothesis draws the same examples on every run, and slow machines get the time they need.

By default few examples are drawn; ``HYPOTHESIS_PROFILE=many``, as in .ci/run, draws many.
"""

import os

import pytest
from hypothesis import settings

from optimlab import memory

COMMON = {"derandomize": True, "deadline": None, "database": None}
settings.register_profile("few", max_examples=12, **COMMON)
settings.register_profile("many", max_examples=60, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "few"))


@pytest.fixture(scope="session", autouse=True)
def _learner(tmp_path_factory):
    """What tests answer is kept in a file of theirs."""
    memory.FILE = tmp_path_factory.mktemp("learner") / "answers.json"
