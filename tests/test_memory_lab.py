"""The lab of the memory: V and its copy against a training in plain numpy, the gigabytes against arithmetic."""

import numpy as np
import pytest

from optimlab.data import digits
from optimlab.labs.memory import memory_lab, rank_one, transformer
from optimlab.networks import Network
from optimlab.palette import PALETTE

NAMES = ["GradientDescent", "Adafactor", "Momentum", "Lion", "Muon", "Shampoo", "Adam", "SOAP"]


@pytest.fixture(scope="module")
def lab():
    return memory_lab(steps=60)


def rows(lab, source, **moved):
    return lab.stage._sources[source].compute(lab.values | moved)


@pytest.fixture(scope="module")
def squares():
    """v̂ of both weight matrices at each step, and the copies of one who remembers means of rows and columns only."""
    data, network = digits(), Network((64, 64, 10))
    theta, rng = network.init(0), np.random.default_rng([0, 1])
    m, v, told = np.zeros(theta.size), np.zeros(theta.size), []
    places = {1: (0, 64, 64), 2: (64 * 64 + 64, 64, 10)}
    R, C = ({i: 0.0 for i in places} for _ in "RC")
    for t in range(1, 61):
        if t % 41 == 1:
            batches = np.array_split(rng.permutation(len(data.X)), 41)
        rows = batches[(t - 1) % 41]
        g = network.gradient(theta, data.X[rows], data.y[rows])
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        theta = theta - 0.01 * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        entry = {}
        for i, (begin, n_in, n_out) in places.items():
            G = g[begin : begin + n_in * n_out].reshape(n_in, n_out)
            R[i] = 0.999 * R[i] + 0.001 * (G**2).mean(axis=1)
            C[i] = 0.999 * C[i] + 0.001 * (G**2).mean(axis=0)
            V = v[begin : begin + n_in * n_out].reshape(n_in, n_out) / (1 - 0.999**t)
            entry[i] = V, R[i][:, None] * C[i][None] / R[i].mean() / (1 - 0.999**t)
        told.append(entry)
    return told


@pytest.mark.parametrize(("layer", "t"), [(1, 1), (1, 37), (1, 60), (2, 60)])
def test_v_is_that_of_a_plain_loop_and_the_copy_that_of_running_means(lab, squares, layer, t):
    V, copy = squares[t - 1][layer]
    for source, wanted in (("full", V), ("copy", copy)):
        shown = rows(lab, source, layer=layer, t=t)
        assert shown.shape == wanted.shape
        np.testing.assert_array_equal(np.isnan(shown), wanted == 0)
        np.testing.assert_allclose(np.nan_to_num(shown), 100 * wanted / V.mean(), rtol=2e-4)
    found = rows(lab, "fit", layer=layer, t=t)[0]
    error = np.sqrt(((copy - V) ** 2).sum() / (V**2).sum())
    ratios = np.sort(np.sqrt(copy[V > 0] / V[V > 0]))
    at = [ratios[round(share * (len(ratios) - 1))] for share in (0.1, 0.5, 0.9)]
    np.testing.assert_allclose(found[:4], [error, *at], rtol=0.03)
    assert tuple(found[4:]) == ((4096, 128) if layer == 1 else (640, 74))


def test_the_copy_gets_better_with_time_and_is_never_exact(lab):
    errors = [rows(lab, "fit", t=t)[0, 0] for t in (1, 10, 60)]
    assert errors[0] > 0.4 > errors[1] > errors[2] > 0.1


def test_pixels_that_are_always_blank_are_grey(lab):
    blank = (digits().X == 0).all(axis=0)
    assert blank.any()
    assert np.isnan(rows(lab, "full")[blank]).all() and np.isnan(rows(lab, "copy")[blank]).all()


def test_the_copy_keeps_the_means_and_is_the_nearest_of_its_kind():
    V = np.random.default_rng(0).gamma(0.3, size=(6, 9))
    best = rank_one(V)
    np.testing.assert_allclose(best.mean(axis=0), V.mean(axis=0))
    np.testing.assert_allclose(best.mean(axis=1), V.mean(axis=1))
    assert np.linalg.matrix_rank(best) == 1 and not rank_one(np.zeros((2, 3))).any()

    def apart(W):
        return (V * np.log(V / W) - V + W).sum()

    for seed in range(20):
        rng = np.random.default_rng(seed)
        other = best * np.exp(0.05 * rng.normal(size=(6, 1))) * np.exp(0.05 * rng.normal(size=9))
        assert apart(other) > apart(best)


@pytest.mark.parametrize("billions", [0.1, 7.0, 70.0])
def test_gigabytes_by_hand(lab, billions):
    found = rows(lab, "state", parameters=billions, bytes=2)[0]
    d = round((128 * billions * 1e9 / 12) ** (1 / 3))
    blocks = billions * 1e9 / (12 * d * d)
    squares = 4 * (d**2 + d**2) + 2 * (d**2 + (4 * d) ** 2)  # of the sides of all six matrices
    each = 12 * d * d
    numbers = [0, 4 * 2 * d + 2 * 5 * d, each, each, each, 2 * squares, 2 * each, 2 * each + 2 * squares]
    np.testing.assert_allclose(found[:8], np.array(numbers) * blocks * 2 / 1e9)
    np.testing.assert_allclose(found[8:], [d, blocks, 2 * billions])
    assert blocks == pytest.approx(d / 128, rel=0.01)
    np.testing.assert_allclose(rows(lab, "state", parameters=billions, bytes=4)[0, :8], 2 * found[:8])


def test_every_bar_has_its_optimizer_and_is_seen_at_the_ends(lab):
    (bars,) = (mark for mark in lab.scene.panels[2].marks if mark.kind == "bars")
    assert bars.channels == list(range(8)) and len(bars.labels) == len(NAMES)
    assert bars.colors == [PALETTE[name][0] for name in NAMES]
    low, high = lab.scene.panels[2].y
    for billions, each in ((0.1, 1), (70, 4)):
        found = rows(lab, "state", parameters=billions, bytes=each)[0, bars.channels]
        assert found[0] == 0 and (found[1:] > low).all() and (found < high).all()


def test_every_readout_is_a_channel_that_a_browser_finds(lab):
    shown = {read.label: (rows(lab, read.source).shape[-1], read.channel) for read in lab.scene.readouts}
    assert all(0 <= channel < channels for channels, channel in shown.values())
    assert {shown["weights (GB)"][1], shown["Adam (GB)"][1]} == {10, 6}


def test_transformers_are_about_as_wide_as_real_ones():
    for parameters, d, blocks in ((175e9, 12288, 96), (6.5e9, 4096, 32)):  # GPT-3; LLaMA 7B without its embeddings
        width, found, block = transformer(parameters)
        assert width == pytest.approx(d, rel=0.02) and found == pytest.approx(blocks, rel=0.02)
        assert sum(layer.size for layer in block) == 12 * width**2


def test_it_says_its_numbers(lab):
    text = repr(lab)
    error, low, median, high = rows(lab, "fit")[0, :4]
    assert "layer 1, 64 × 64, step 60: V has 4096 numbers" in text
    assert f"R and C have 128, and tell V with an error of {error:.0%}" in text
    assert f"median {median:.2f}, 10–90 % {low:.2f}–{high:.2f}" in text
    assert "7 billion parameters, 33 blocks of width 4211, in GB:" in text
    assert (
        "weights 14, GradientDescent 0, Adafactor 0.005, Momentum 14, Lion 14, Muon 14, Shampoo 98, Adam 28, SOAP 126"
        in text
    )
    second = memory_lab(layer=2, steps=60)
    assert "layer 2, 64 × 10, step 60: V has 640 numbers" in repr(second) and "R and C have 74" in repr(second)


def test_python_sends_it_with_the_sweep_along_the_steps_and_less_than_a_megabyte(lab):
    assert not any(travels is True for travels in lab.travels.values())
    steps = lab.stage._grids["t"]
    assert steps[0] == 1 and steps[-1] == 60
    sizes = 0
    for source in ("full", "copy", "fit"):
        sweep = rows(lab, source, t=steps)
        for i in (0, 12, len(steps) - 1):
            np.testing.assert_array_equal(sweep[i], rows(lab, source, t=steps[i]))
        sizes += 4 * sweep.size
    assert sizes < 1e6
    sweep = rows(lab, "state", bytes=lab.stage._grids["bytes"])
    np.testing.assert_allclose(sweep[:, 0, :8] / sweep[:1, 0, :8].clip(1e-9), np.outer([1, 2, 4], [0] + 7 * [1]))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: memory_lab(layer=3), r"number of the layer must be a whole number in \[1, 2\], got 3"),
        (lambda: memory_lab(layer=1.5), "must be a whole number in"),
        (lambda: memory_lab(parameters=100), r"billions of parameters N must be in \[0.1, 70\], got 100"),
        (lambda: memory_lab(parameters="7B"), "billions of parameters N must be a number"),
        (lambda: memory_lab(bytes_each=8), r"number of bytes must be a whole number in \[1, 4\], got 8"),
        (lambda: memory_lab(steps=29), "steps must be a whole number"),
        (lambda: memory_lab(seed=-1), "the seed must be a whole number ≥ 0, got -1"),
        (lambda: transformer(7), r"number of parameters N must be in \[1000000, ∞\), got 7"),
        (lambda: transformer("7B"), "number of parameters N must be a number"),
    ],
)
def test_what_cannot_be_is_one_sentence(call, text):
    with pytest.raises(ValueError, match=text):
        call()
