"""The lab of the fair race: its views, what its sliders move, and what it does not say."""

import numpy as np
import pytest

from optimlab.data import Data
from optimlab.fair import fair_race
from optimlab.labs.fair import fair_lab
from optimlab.networks import Network
from optimlab.optimizers import Optimizer
from optimlab.stage import twin


class FiveLines(Optimizer):
    def step(self, theta, grad, state, k):
        return theta - self.rate(k) * np.sign(grad(theta)), state


def blobs(n=100):
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 2 * n)
    X = rng.standard_normal((2 * n, 4)) + 2 * np.eye(3, 4)[y]
    return Data(X[:n], y[:n], X[n:], y[n:], "blobs")


OPTIONS = {"network": Network((4, 6, 3)), "data": blobs(), "steps": 20, "batch_size": 16, "progress": False}
NAMES = ("FiveLines", "Nesterov", "Adam", "SAM", "Adafactor", "SOAP")


@pytest.fixture(scope="module")
def race():
    return fair_race(*NAMES, rates=3, seeds=2, target=0.6, **OPTIONS)


@pytest.fixture
def lab(race):
    return fair_lab(race)


def rows(lab, source, **moved):
    return lab.stage._sources[source].compute(lab.values | moved)


def view(lab, label):
    lab.buttons.value = label
    return lab.lab


def test_it_has_a_view_for_each_thing_that_can_be_counted(lab):
    assert list(lab.buttons.options) == ["steps", "gradients", "seconds", "memory"]
    plain = fair_lab("Adam", "FiveLines", rates=2, seeds=2, **OPTIONS)
    assert list(plain.buttons.options) == ["steps", "seconds", "memory"]  # all ask for one gradient a step


def test_curves_are_the_final_runs_on_each_axis(lab, race):
    for label, per_step in (("steps", None), ("gradients", "gradients"), ("seconds", "seconds")):
        shown = view(lab, label)
        for i, entry in enumerate(race.entries):
            for n in (1, 2, 3):
                found, final = rows(shown, f"run{i}", n=n), entry.final(n)
                np.testing.assert_allclose(found[:, 1], final.loss.mean(axis=1))
                scale = getattr(entry, per_step) if per_step else 1
                np.testing.assert_allclose(found[:, 0], np.arange(0, 21, 5) * scale)
    assert race["SAM(Momentum)"].gradients == 2


def test_bars_are_what_each_needs_and_grey_where_someone_has_not_got_there(lab, race):
    for label in ("steps", "seconds"):
        shown = view(lab, label)
        for n, target in ((1, 0.6), (3, 0.6), (3, 0.9), (3, 0.06)):
            here = race.with_budget(n).with_target(target)
            (found,) = rows(shown, "costs", n=n, target=target)
            late = (here.costs("steps") > 20).any(axis=1)
            np.testing.assert_allclose(found[:6] + found[6:12], here.costs(label).mean(axis=1))
            np.testing.assert_array_equal(found[:6] > 0, ~late)
            assert found[12] == 0
            for i in range(6):
                dots = rows(shown, f"dots{i}", n=n, target=target)
                np.testing.assert_allclose(dots, np.column_stack([[i + 0.2] * 2, here.costs(label)[i]]))
    late = [(race.with_budget(n).with_target(t).costs() > 20).any(axis=1) for n, t in ((3, 0.9), (3, 0.06))]
    assert not late[0].all() and late[1].all()


def test_errors_and_bytes(lab, race):
    shown = view(lab, "memory")
    np.testing.assert_allclose(rows(shown, "memory")[0, :6], [4 * entry.numbers for entry in race.entries])
    assert rows(shown, "memory")[0, 0] == 0 and rows(shown, "memory")[0, 2] == 8
    for i, entry in enumerate(race.entries):
        wanted = np.maximum(1 - entry.final(2).accuracy, 4e-3)
        np.testing.assert_allclose(rows(shown, f"error{i}", n=2)[:, 1], wanted)
        np.testing.assert_allclose(rows(shown, f"mean{i}", n=2), [[i + 1, wanted.mean()]])


def test_the_browser_has_the_whole_sweep_of_each_slider(lab):
    for source, names in (("run0", ["n"]), ("costs", ["n", "target"]), ("dots1", ["n", "target"]), ("error2", ["n"])):
        assert lab.lab.stage._swept(lab.lab.stage._sources[source]) == names
        for name in names:
            grid = lab.lab.stage.grid(name)
            swept = rows(lab.lab, source, **{name: grid})
            assert len(swept) == len(grid)
            np.testing.assert_array_equal(swept[1], rows(lab.lab, source, **{name: grid[1]}))
    assert lab.lab.stage.grid("n").tolist() == [1, 2, 3]


def test_a_slider_of_one_view_moves_those_of_all(lab):
    steps = lab.lab
    steps.sliders["n"].value = 1
    seconds = view(lab, "seconds")
    seconds_n = seconds.sliders["n"].value
    memory = view(lab, "memory")
    assert seconds_n == memory.sliders["n"].value == 1 and seconds.values["n"] == memory.values["n"] == 1
    memory.sliders["n"].value = 2
    seconds.sliders["target"].value = 0.2
    assert steps.values == seconds.values == view(lab, "gradients").values == {"n": 2, "target": pytest.approx(0.2)}


def test_it_says_places_and_accuracies_but_no_seconds(lab, race):
    text = repr(lab)
    assert "n=3: the best of 3 η each, places in front" in text and "steps until L stays below 0.6" in text
    for entry in race.entries:
        assert f"{entry.name} {entry.final(3).accuracy.mean():.2f}" in text
    words = repr(view(lab, "seconds")).split("\n")
    assert words[1:] == text.split("\n")[1:] and words[0].startswith("fair race, counted in seconds")
    lab.lab.sliders["target"].value = 0.06
    assert "nobody gets there with every seed" in repr(lab)
    lab.lab.sliders["n"].value = 1
    assert "n=1: the default η" in repr(lab)
    assert "Adam 2" in repr(view(lab, "memory")) and "1 FiveLines 0" in repr(lab)


def test_each_view_can_be_drawn(lab):
    for label in ("seconds", "memory"):
        assert twin.png(view(lab, label).figure())[:4] == b"\x89PNG"


def test_every_bar_has_its_number_and_few_have_room():
    few = fair_lab("Adam", "Momentum", rates=2, seeds=1, **OPTIONS)
    never, reached = [mark for mark in few.lab.scene.panels[1].marks if mark.kind == "bars"]
    assert reached.channels == [0, 1, 4, 4, 4, 4] and never.channels == [2, 3, 4, 4, 4, 4]
    assert reached.labels == ["1", "2", "", "", "", ""] and len(reached.colors) == 6
    assert [run.label for run in few.lab.scene.runs] == ["1 Adam", "2 Momentum"]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda race: fair_lab(race, steps=5), "a race that has been run has no options any more, got 'steps'"),
        (lambda race: fair_lab(race.with_target(0.02)), r"target loss τ must be in \[0.05, 1\], got 0.02"),
        (lambda race: fair_lab("Adam", target=3.0), r"target loss τ must be in \[0.05, 1\], got 3"),
        (lambda race: fair_lab("Adam", rates=1, seeds=1, **OPTIONS), "at least rates=2 learning rates, got 1"),
        (lambda race: fair_lab(), "needs at least one optimizer, got none"),
        (lambda race: fair_lab("FiveLine", **OPTIONS), "must be one of FiveLines, .*, got 'FiveLine'"),
    ],
)
def test_what_cannot_be_is_one_sentence(race, call, text):
    with pytest.raises(ValueError, match=text):
        call(race)
