"""Settings for all tests: hypothesis draws the same examples on every run, and slow machines get the time they need.

By default few examples are drawn; ``HYPOTHESIS_PROFILE=many``, as in .ci/run, draws many.
"""

import os

import pytest
from hypothesis import settings

from optimlab import memory
from optimlab.memory import KNOWN, SHOWN

COMMON = {"derandomize": True, "deadline": None, "database": None}
settings.register_profile("few", max_examples=12, **COMMON)
settings.register_profile("many", max_examples=40, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "few"))


@pytest.fixture(scope="session", autouse=True)
def _learner(tmp_path_factory):
    """What tests answer is kept in a file of theirs."""
    memory.FILE = tmp_path_factory.mktemp("learner") / "answers.json"


@pytest.fixture
def forgotten(tmp_path, monkeypatch):
    """As after the start of a kernel: nothing has been answered, in a folder of its own."""
    monkeypatch.setattr(memory, "FILE", tmp_path / "answers.json")
    for known in (*KNOWN.values(), SHOWN):
        known.clear()
    yield
    for known in (*KNOWN.values(), SHOWN):
        known.clear()
