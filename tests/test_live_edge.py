"""The training that runs while η is moved: what its clock asks for, against a training in plain steps."""

import numpy as np
import pytest

from optimlab.edge import EdgeTraining, centred, few_digits
from optimlab.labs.live_edge import live_edge


@pytest.fixture
def live():
    lab = live_edge(0.8, steps=400)
    yield lab
    lab.close()


def trained(*parts):
    training = EdgeTraining(centred(few_digits()))
    state, rows = training.begin(), []
    for eta, steps in parts:
        state, some = training.go(state, eta, steps)
        rows.append(some)
    return np.concatenate(rows)


def test_the_clock_trains_with_the_eta_of_the_slider(live):
    assert live.k == 0 and live.rows.shape == (0, 4) and "not trained yet" in repr(live)
    live.clock.value = 2
    live.clock.value = 5  # some beats were lost
    live.sliders["eta"].value = 0.5
    live.clock.value = 7
    told, rows = trained((0.8, 100), (0.5, 40)), live.rows
    assert live.k == 140 and rows.shape == (28, 4)
    np.testing.assert_array_equal(rows[:, 0], np.arange(0, 140, 5))
    np.testing.assert_array_equal(rows[:, 1], told[:, 0].reshape(28, 5).max(axis=1))
    np.testing.assert_array_equal(rows[:, 3], [2.5] * 20 + [4.0] * 8)
    known = -1.0
    for i, some in enumerate(told[:, 1].reshape(28, 5)):
        fresh = some[np.isfinite(some)]
        known = fresh[0] if len(fresh) else known
        assert rows[i, 2] == known


def test_what_is_trained_is_what_the_browser_gets(live):
    live.go(60)
    sent = live.stage.current_walk
    assert sent["shape"] == [12, 4]
    np.testing.assert_array_equal(np.frombuffer(sent["bytes"], "<f4"), live.rows.astype("<f4").ravel())
    assert live.travels["now"] is True and live.travels["walk"] is not True
    np.testing.assert_allclose(live.stage._sources["now"].compute({"eta": 0.4}), [[5.0]])
    assert f"after 60 steps: sharpness {live.rows[:, 2].mean():.1f}" in repr(live) and "edge 2.5" in repr(live)


def test_it_ends_by_itself_and_begins_anew_when_the_clock_is_set_back(live):
    first = live.go(40).rows
    assert live.go(20_000).k == 400 == live.go(20).k and len(live.rows) == 80
    live.clock.value = 0
    assert live.k == 0 and live.stage.current_walk["shape"] == [0, 4]
    np.testing.assert_array_equal(live.go(40).rows, first)


def test_it_says_that_it_has_diverged():
    far = live_edge(2.0, steps=200)
    assert "after 100 steps: it has diverged" in repr(far.go(100))
    assert np.isinf(far.rows[-1, 1]) and far.figure() is not None
    far.close()


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: live_edge(3.0), r"learning rate η must be in \[0.05, 2\], got 3"),
        (lambda: live_edge(steps=100), r"steps must be a whole number in \[200, 20000\], got 100"),
        (lambda: live_edge(steps=210), "steps must be a multiple of 20, got 210"),
        (lambda: live_edge(seed=-1), "the seed must be a whole number ≥ 0, got -1"),
        (lambda: live_edge(steps=200).go(30), "the number of steps must be a multiple of 20, got 30"),
        (lambda: live_edge(steps=200).go(0), r"the number of steps must be a whole number in \[20, 20000\], got 0"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
