"""Knobs: the positions of a slider, the legal values, and what a learner reads when a value is not legal."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimlab.checks import inside, short
from optimlab.knobs import Knob, knob, knobs_of

MOMENTUM = Knob("γ", "momentum", low=0.0, high=0.99, allowed="[0, 1)", count=100)
RATE = Knob("η", "learning rate", low=1e-4, high=1.0, log=True)


def message(spec, value):
    with pytest.raises(ValueError) as caught:
        spec.check(value)
    return str(caught.value)


@pytest.mark.parametrize("spec", [MOMENTUM, RATE])
def test_a_grid_runs_from_low_to_high_in_count_equal_steps(spec):
    grid = spec.grid
    assert grid.shape == (spec.count,)
    np.testing.assert_allclose(grid[[0, -1]], (spec.low, spec.high), rtol=1e-14)
    steps = np.diff(np.log(grid) if spec.log else grid)
    assert steps.min() > 0
    np.testing.assert_allclose(steps, steps[0], rtol=1e-9)


@pytest.mark.parametrize(
    ("interval", "legal", "illegal"),
    [
        ("[0, 1)", [0, 0.5, 1 - 1e-16], [-1e-300, 1, 2]),
        ("(0, 1]", [1e-300, 1], [0, 1 + 1e-15]),
        ("[1, ∞)", [1, 1e308], [1 - 1e-15, -np.inf]),
        ("(-∞, ∞)", [-1e308, 0, 1e308], []),
        ("[-360, 360]", [-360, 360], [-361, 361]),
    ],
)
def test_round_brackets_exclude_the_end_and_square_ones_include_it(interval, legal, illegal):
    assert inside(np.array(legal, float), interval).all()
    assert not inside(np.array(illegal, float), interval).any()


@given(st.floats(0, 1, exclude_max=True))
def test_a_legal_number_comes_back_as_the_same_float(value):
    assert MOMENTUM.check(value) == value
    assert type(MOMENTUM.check(np.float64(value))) is float


def test_arrays_keep_their_shape_and_their_precision_and_integers_become_floats():
    assert MOMENTUM.check(np.full((3, 1), 0.5, np.float32)).dtype == np.float32
    assert MOMENTUM.check(np.full((3, 1), 0.5)).shape == (3, 1)
    assert RATE.check([1, 2]).dtype == float
    assert type(RATE.check(1)) is float


@pytest.mark.parametrize("value", [-0.1, 1.0, 1.2, np.nan, np.inf, -np.inf])
def test_an_illegal_number_is_named_with_its_symbol_and_the_allowed_range(value):
    assert message(MOMENTUM, value) == f"momentum γ must be in [0, 1), got {value:g}"
    assert message(MOMENTUM, [0.5, value]) == f"momentum γ must be in [0, 1), got {value:g}"


@pytest.mark.parametrize("value", ["0.1", "fast", None, 1j, True, [], {}, [0.1, "a"], [[1], [2, 3]], np.array([True])])
def test_what_is_no_number_is_shown_with_its_symbol_and_the_allowed_range(value):
    assert message(RATE, value) == f"learning rate η must be a number in [0, ∞), got {value!r}"


@pytest.mark.parametrize(
    "value",
    [np.array(["a"] * 1000), np.full((90, 90), 1j), object(), lambda k: 0.1, 10**400],
    ids=["many words", "many complex numbers", "object", "function", "huge integer"],
)
def test_even_a_monstrous_value_gets_one_short_line(value):
    text = message(MOMENTUM, value)
    assert text.startswith("momentum γ must be a number in [0, 1), got ")
    assert "\n" not in text
    assert len(text) < 120


def test_knobs_of_a_dataclass_are_its_knobs_in_order_with_their_defaults():
    @dataclass
    class Owner:
        lr: float = knob(0.1, "η", "learning rate", low=1e-4, high=1.0, log=True)
        label: str = "not a knob"
        gamma: float = knob(0.9, "γ", "momentum", low=0.0, high=0.99, allowed="[0, 1)", count=100)

    assert list(knobs_of(Owner).items()) == [("lr", RATE), ("gamma", MOMENTUM)]
    assert knobs_of(Owner(gamma=0.5)) == knobs_of(Owner)
    assert (Owner().lr, Owner().gamma) == (0.1, 0.9)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.05, "0.05"), (1.23456e-5, "1.23e-05"), (3e10, "3e+10"), ([[0.1], [0.2], [0.9]], "0.1…0.9"), (abs, "abs")],
)
def test_labels_have_three_significant_digits(value, text):
    assert short(value) == text
