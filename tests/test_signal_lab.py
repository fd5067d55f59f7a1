"""What the lab of Adam's steps in noise measures, against a loop that is written out and against theory."""

import math

import numpy as np
import pytest

from optimlab.labs.signal import signal_lab


def rows_of(lab, **moved):
    return {name: np.asarray(row) for name, row in lab.stage.rows(lab.values | moved).items()}


def adam_in_noise(z, snr, beta1, beta2, scale=1.0):
    """The steps m/(√v + 10⁻⁸) of one chain, from the long run's mean of m and of v, without the first 500."""
    m, v, steps = scale * snr, scale * scale * (1 + snr * snr), []
    for noise in z:
        g = scale * snr + scale * noise
        m += (1 - beta1) * (g - m)
        v += (1 - beta2) * (g * g - v)
        steps.append(m / (math.sqrt(v) + 1e-8))
    return steps[500:]


@pytest.mark.parametrize(
    ("snr", "beta1", "beta2", "scale"), [(0.3, 0.9, 0.999, 1.0), (1.5, 0.0, 0.9, 1.0), (0.8, 0.5, 0.9999, 3e-9)]
)
def test_the_lab_measures_what_the_written_out_loop_does(snr, beta1, beta2, scale):
    lab = signal_lab(snr, beta1, beta2, scale, chains=20)
    z = np.random.default_rng(0).normal(size=(3000, 20))
    steps = np.array([adam_in_noise(chain.tolist(), snr, beta1, beta2, scale) for chain in z.T])
    row = rows_of(lab)["measured"][0]
    assert row[0] == snr
    assert row[1] == pytest.approx(steps.mean(), rel=1e-9)
    assert row[2] == pytest.approx(np.mean(steps < 0), abs=1e-12)
    counts = np.array([np.sum((steps >= edge) & (steps < edge + 0.05)) for edge in np.arange(-48, 48) * 0.05])
    np.testing.assert_allclose(row[3:], counts / counts.max(), atol=2 / counts.max())  # on an edge, rounding decides


@pytest.mark.parametrize(("snr", "known"), [(0.1, 0.0995), (0.3, 0.2873), (1.0, 0.7071), (3.0, 0.9487), (10.0, 0.9950)])
def test_the_mean_step_is_what_balles_and_hennig_say(snr, known):
    rows = rows_of(signal_lab(snr))
    assert rows["predicted"][0] == pytest.approx([snr, known], abs=6e-5)
    assert rows["measured"][0, 1] == pytest.approx(known, abs=0.003)


@pytest.mark.parametrize("beta2", [0.99, 0.9999])
def test_the_memory_of_v_does_not_bend_the_measurement(beta2):
    assert rows_of(signal_lab(0.5, beta2=beta2))["measured"][0, 1] == pytest.approx(1 / math.sqrt(5), abs=0.004)


def test_without_much_memory_theory_is_off():
    assert rows_of(signal_lab(0.3, 0.99, 0.7))["measured"][0, 1] > 1.08 * 0.2873


def test_the_size_of_the_gradients_does_not_matter_until_it_comes_to_epsilon():
    lab = signal_lab(1.0, chains=100)
    means = {s: rows_of(lab, scale=s)["measured"][0, 1] for s in (1.0, 1e-4, 1e-8, 1e-10)}
    assert means[1e-4] == pytest.approx(means[1.0], rel=2e-4)
    root = math.sqrt(2)
    assert means[1e-8] == pytest.approx(1 / (root + 1), abs=0.005)
    assert means[1e-10] == pytest.approx(0.01 / (0.01 * root + 1), abs=0.0005)
    for s, mean in means.items():
        assert rows_of(lab, scale=s)["predicted"][0, 1] == pytest.approx(mean, abs=0.005)


@pytest.mark.parametrize(("snr", "beta1", "share"), [(0.1, 0.9, 0.3314), (0.3, 0.0, 0.3821), (0.1, 0.99, 0.0792)])
def test_the_share_that_goes_uphill_is_that_of_a_normal_m(snr, beta1, share):
    """Φ(−SNR·√((1+β₁)/(1−β₁))), from a table."""
    lab = signal_lab(snr, beta1)
    assert rows_of(lab)["measured"][0, 2] == pytest.approx(share, abs=0.006)
    assert f"theory {share:.1%}" in repr(lab)


def test_the_formulas_travel_and_the_draws_do_not():
    lab = signal_lab(chains=20)
    travels = lab.travels
    assert [name for name, how in travels.items() if how is True] == ["predicted", "tick", "curve"]
    assert [s.sweeps for s in lab._sources if s.name == "measured"] == [()]


def test_the_curve_and_the_tick_are_those_of_the_prediction():
    rows = rows_of(signal_lab(2.0, scale=2e-8, chains=20))
    snr, plain, floored = rows["curve"].T
    np.testing.assert_allclose(plain, 1 / np.sqrt(1 + 1 / snr**2))
    np.testing.assert_allclose(floored, 2e-8 * snr / (2e-8 * np.sqrt(1 + snr**2) + 1e-8))
    assert rows["predicted"][0, 1] == pytest.approx(2 * 2 / (2 * math.sqrt(5) + 1))
    assert np.all(rows["tick"][:, 0] == rows["predicted"][0, 1])


def test_at_the_ends_of_the_sliders_everything_is_in_view():
    lab = signal_lab(chains=20)
    grids = {name: lab.stage.grid(name) for name in lab.values}
    left, right = lab.scene.panels
    for name, grid in grids.items():
        for end in (grid[0], grid[-1]):
            snr, mean = rows_of(lab, **{name: end})["measured"][0, :2]
            assert right.x[0] <= snr <= right.x[1] and right.y[0] <= mean <= right.y[1], (name, end)
            assert left.x[0] < mean < left.x[1]


def test_the_slider_of_beta2_reaches_what_is_near_to_one():
    lab = signal_lab(chains=20)
    assert lab.values["1-beta2"] == 0.001
    assert lab.sliders["1-beta2"].description == "1−β₂"
    assert lab.stage.grid("1-beta2")[0] == pytest.approx(1e-4)
    assert "1−β₂=0.001," in repr(lab)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"snr": -1}, r"signal-to-noise ratio SNR must be in \[0.01, 100\], got -1"),
        ({"beta1": 1}, r"first-moment decay β₁ must be in \[0, 0.99\], got 1"),
        ({"beta2": 1}, r"second-moment decay β₂ must be in \[0.7, 1\), got 1"),
        ({"beta2": 0.5}, r"second-moment decay β₂ must be in \[0.7, 1\), got 0.5"),
        ({"scale": 0}, r"size of all gradients s must be in \(0, 1000000\], got 0"),
        ({"chains": 5}, r"chains must be a whole number in \[20, 1000\], got 5"),
        ({"snr": "much"}, "signal-to-noise ratio SNR must be a number in"),
    ],
)
def test_what_cannot_be_is_one_sentence(wrong, text):
    with pytest.raises(ValueError, match=text):
        signal_lab(**wrong)
