"""The labs of notebook 08: what keys and the mouse make of them, against loops in NumPy."""

import numpy as np
import pytest

from optimlab.rare import class_sizes

from .moves import after, drag, shows

CELLS = {
    "bias": "from optimlab import bias_lab\nbias_lab(steps=40)",
    "signal": "from optimlab import signal_lab\nsignal_lab(snr=0.5, chains=100)",
    "giant": "from optimlab import giant_lab\ngiant_lab(period=20, beta2=0.8, excess=2, steps=900)",
    "decay": "from optimlab import decay_lab\ndecay_lab(steps=600, copies=200)",
    "spike": "from optimlab import spike_lab\nspike_lab(steps=1200)",
    "rare": "from optimlab import rare_lab\nrare_lab(steps=30)",
}
show = shows("adam.ipynb", CELLS)


def moments(gradients, beta1, beta2):
    """m and v after each gradient, and t."""
    m = v = 0.0
    for t, g in enumerate(gradients, start=1):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        yield t, m, v


def on_a_parabola(eta, beta1, beta2, steps, corrected=True):
    """x and λ/√v̂ of each step of Adam on ½x² from 1."""
    x, m, v, path, felt = 1.0, 0.0, 0.0, [1.0], []
    for t in range(1, steps + 1):
        m, v = beta1 * m + (1 - beta1) * x, beta2 * v + (1 - beta2) * x * x
        first, second = (1 - beta1**t, 1 - beta2**t) if corrected else (1.0, 1.0)
        felt.append((second / v) ** 0.5)
        x -= eta * m / first * felt[-1]
        path.append(x)
    return np.array(path), np.array(felt)


def test_bias(show):
    stage = show("bias")
    moves = (
        lambda: stage.slider("β₁").press("ArrowLeft"),
        lambda: stage.slider("1−β₂").drag(0.3),
        lambda: stage.slider("η").press("ArrowRight"),
    )
    for values in after(stage, *moves):
        b1, b2 = values["beta1"], 1 - values["1-beta2"]
        for name, corrected in (("with", True), ("without", False)):
            path, _ = on_a_parabola(values["eta"], b1, b2, 40, corrected)
            assert stage.last(name) == pytest.approx([path[-1]], rel=1e-5, abs=1e-9)
        factors = [
            m / v**0.5 / (m / (1 - b1**t) / (v / (1 - b2**t)) ** 0.5) for t, m, v in moments([1.0] * 400, b1, b2)
        ]
        told = stage.last("peak")
        assert told[2:5] == pytest.approx([max(factors), np.argmax(factors) + 1, factors[0]], rel=1e-6)


def test_signal(show):
    stage = show("signal")
    moves = (
        lambda: stage.slider("SNR").press("ArrowRight"),
        lambda: stage.slider("β₁").drag(-0.3),
        lambda: stage.slider("s").press("Home"),
    )
    for values in after(stage, *moves):
        snr, scale, random = values["snr"], values["scale"], np.random.default_rng(5)
        gradients = scale * random.normal(snr, 1.0, (2500, 200))
        steps = [
            m / (1 - values["beta1"] ** t) / ((v / (1 - (1 - values["1-beta2"]) ** t)) ** 0.5 + 1e-8)
            for t, m, v in moments(gradients, values["beta1"], 1 - values["1-beta2"])
        ]
        mean = np.mean(steps[1000:])
        assert stage.last("measured")[:2] == pytest.approx([snr, mean], abs=0.02, rel=0.05)
        assert stage.last("predicted")[1] == pytest.approx(mean, abs=0.02, rel=0.05)


def test_giant(show):
    stage = show("giant")
    moves = (
        lambda: stage.handle.press("ArrowUp"),
        lambda: drag(stage, stage.handle, 15, -20),
        lambda: stage.slider("C/(N−1)").press("ArrowRight"),
        lambda: stage.slider("η").press("ArrowLeft"),
    )
    for values in after(stage, *moves):
        period, memory = round(values["dot"][0]), values["dot"][1]
        giant, beta2, v, largest = values["excess"] * (period - 1), 1 - 1 / memory, 0.0, 0.0
        x = np.zeros(2)
        for k in range(900):
            g = giant if k % period == 0 else -1.0
            v = beta2 * v + (1 - beta2) * g * g
            largest = max(largest, v)
            x = np.clip(x - values["eta"] * g / np.sqrt([v, largest]), -1, 1)
        told = [stage.last(name)[0] for name in ("Adam", "AMSGrad")]
        assert told == pytest.approx(x, rel=1e-6, abs=1e-9)


def test_decay(show):
    stage = show("decay")
    moves = (
        lambda: stage.slider("λ_dec").press("ArrowRight"),
        lambda: stage.slider("η").press("End"),
        lambda: stage.slider("σ₂").press("End"),
    )
    for values in after(stage, *moves):
        random, eta = np.random.default_rng(6), values["eta"]
        for name, sigma in (("decoupled_1", 1.0), ("decoupled_2", values["sigma2"])):
            w, m, v = np.ones(400), 0.0, 0.0
            for t in range(1, 601):
                g = sigma * random.normal(size=400)
                m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
                w = w - eta * values["decay"] * w - eta * m / (1 - 0.9**t) / np.sqrt(v / (1 - 0.999**t))
            told = stage.last(name)
            assert told[0] == 600
            assert told[3:5] == pytest.approx([w.mean(), w.std()], abs=0.35 * w.std() + 1e-3)


def test_spike(show):
    stage = show("spike")
    moves = (lambda: stage.slider("η").press("ArrowRight"), lambda: stage.slider("β₁").press("ArrowLeft"))
    for values in after(stage, *moves):
        b1, b2 = values["beta1"], 1 - values["1-beta2"]
        path, felt = on_a_parabola(values["eta"], b1, b2, 1200)
        limit = (2 + 2 * b1) / ((1 - b1) * values["eta"])
        crossed = np.argmax(felt > limit) + 1
        told = stage.last("found")
        assert told[6] == pytest.approx(limit, rel=1e-9)
        assert abs(told[3] - crossed) <= 1
        assert told[2] == pytest.approx(crossed, abs=6)
        assert told[5] == pytest.approx(np.abs(path[crossed:]).max(), rel=0.05)


def test_rare(show):
    stage = show("rare")
    moves = (
        lambda: stage.slider("a").press("ArrowLeft"),
        lambda: stage.slider("centred").press("End"),
        lambda: stage.slider("η", "Adam").press("ArrowRight"),
    )
    for values in after(stage, *moves):
        sizes = class_sizes(values["exponent"])
        y = np.repeat(np.arange(len(sizes)), sizes)
        X = np.random.default_rng(0).random((len(y), 250)) - 0.5 * values["centred"]
        W = m = v = np.zeros((250, len(sizes)))
        for t in range(1, 31):
            p = np.exp(X @ W)
            p /= p.sum(axis=1, keepdims=True)
            g = X.T @ (p - np.eye(len(sizes))[y]) / len(y)
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            W = W - values["Adam lr"] * m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        out = X @ W
        loss = np.log(np.exp(out).sum(axis=1)) - out[np.arange(len(y)), y]
        assert stage.last("Adam")[0] == pytest.approx(loss.mean(), rel=1e-4)
