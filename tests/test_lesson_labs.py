"""What the labs of notebooks 04 to 06 show is what theory, or a computation of another kind, says."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from optimlab import (
    Adam,
    GradientDescent,
    Momentum,
    Network,
    Noisy,
    bowl,
    cliff,
    clip_lab,
    clip_norm,
    depth_lab,
    descend,
    digits,
    live_curves,
    live_layers,
    overfit_lab,
    parabola,
    range_lab,
    ravine,
    saddle,
    saddle_lab,
    schedule_lab,
    train,
    training,
    training_lab,
)
from optimlab.labs.depth import histogram, signals
from optimlab.labs.lab import WIDGET
from optimlab.labs.schedule import AVERAGED, SCHEDULES
from optimlab.schedules import ReduceOnPlateau, cosine_decay


def rows(lab, source, **moved):
    """A source of a lab, with some controls moved."""
    return lab.stage._sources[source].compute(lab.values | moved)


# Schedules


@pytest.fixture(scope="module")
def schedules():
    return schedule_lab(Noisy(ravine(kappa=20, angle=30), 0.5))


def run_of(lab, name):
    return f"run{[run.id for run in lab.scene.runs].index(name)}"


def test_every_schedule_is_in_the_lab_and_is_what_its_rule_says(schedules):
    assert [run.id for run in schedules.scene.runs] == list(SCHEDULES)
    shown = rows(schedules, run_of(schedules, "cosine"))[:, 3]
    np.testing.assert_allclose(shown, cosine_decay(0.08, 80)(np.arange(121)))


def test_the_loss_is_the_mean_over_the_noises_and_the_path_that_of_the_first(schedules):
    loss = Noisy(ravine(kappa=20, angle=30), 0.5, copies=32)
    walk = descend(loss, GradientDescent(), np.tile([-1.0, 0.53], (32, 1)), 120, schedule=cosine_decay(0.08, 80))
    shown = rows(schedules, run_of(schedules, "cosine"))
    np.testing.assert_allclose(shown[:, :2], walk.theta[:, 0])
    np.testing.assert_allclose(shown[:, 2], walk.loss.mean(axis=1))


def test_the_horizon_moves_the_end_of_warm_up_stable_decay_and_the_whole_of_cosine(schedules):
    for name, same in (("warm-up, stable, decay", 62), ("cosine", 2), (AVERAGED, 121), ("constant", 121)):
        near, far = (rows(schedules, run_of(schedules, name), horizon=T)[:, 0] for T in (80, 110))
        assert np.argmin(np.append(near == far, False)) == same, name


def test_the_average_is_that_of_the_second_half_of_the_steps():
    lab = schedule_lab(Noisy(bowl(), 0.3), names=["constant", AVERAGED], steps=40, copies=1)
    path, average = rows(lab, "run0")[:, :2], rows(lab, "run1")[:, :2]
    for k in (0, 1, 2, 7, 40):
        np.testing.assert_allclose(average[k], path[(k + 1) // 2 : k + 1].mean(axis=0))


def test_reduce_on_plateau_shows_the_rate_it_walked_with():
    lab = schedule_lab(Noisy(bowl(), 0.5), names=["reduce on plateau"], steps=60, copies=1)
    shown, plateau = rows(lab, "run0"), ReduceOnPlateau(0.08, 0.7, patience=5)
    start = np.array([bowl().start])
    walk = descend(Noisy(bowl(), 0.5, copies=1), GradientDescent(), start, 60, schedule=plateau)
    steps = np.diff(walk.theta[:, 0], axis=0)
    noise = np.array([Noisy(bowl(), 0.5, copies=1).noise(k)[0] for k in range(60)])
    np.testing.assert_allclose(-steps / (walk.theta[:-1, 0] + 0.5 * noise), shown[:-1, [3, 3]], rtol=1e-9)
    assert shown[-1, 3] < 0.08


def test_schedules_that_need_no_horizon_have_a_lab_too():
    lab = schedule_lab(Noisy(bowl(), 0.3), names=["constant", "reduce on plateau"], steps=40)
    assert "horizon" not in lab.sliders
    assert "reduce on plateau" in repr(lab)


def test_a_schedule_that_the_lab_does_not_know_is_named():
    with pytest.raises(ValueError, match="there is no schedule 'sine' in the lab; there are constant, step decay"):
        schedule_lab(bowl(), names=["sine"])


def test_the_range_lab_shows_real_trainings_for_each_learning_rate():
    network, data = Network((64, 8, 10)), digits(120)
    lab = range_lab(network, data, Momentum(), lr=0.05, epochs=3)
    for lr in (0.05, 0.5):
        loss = train(network, data, Momentum(lr), epochs=3, progress=False).loss
        np.testing.assert_allclose(rows(lab, "training", lr=lr)[:, 0], loss)
    test = rows(lab, "test")
    assert np.all(np.diff(test[:, 0]) > 0) and test[0, 0] == pytest.approx(1e-4)


# Challenges


def test_gradient_descent_leaves_the_saddle_after_the_time_that_theory_says():
    """Near the ridge y grows by 1 + η a step, so that it takes about ln(½/y₀)/ln(1 + η) steps."""
    lab = saddle_lab(GradientDescent(0.1), steps=400)
    times = rows(lab, "escape0")
    predicted = np.log(0.5 / times[:, 0]) / np.log(1.1)
    small = times[:, 0] < 1e-2
    np.testing.assert_allclose(times[small, 1], predicted[small], atol=3)
    per_decade = np.diff(times[small, 1]).mean() * 3  # three positions a decade
    assert per_decade == pytest.approx(np.log(10) / np.log(1.1), rel=0.02)


def test_exactly_on_the_ridge_nothing_moves_until_noise_comes():
    lab = saddle_lab(steps=300)
    calm, shaken = rows(lab, "calm"), rows(lab, "shaken")
    assert np.all(calm[:, 2] == 0)
    np.testing.assert_array_equal(shaken[:, 2] > 0, np.arange(301) > 0)
    assert shaken[-1, 2] == pytest.approx(1, abs=0.01)


def test_the_paths_beside_the_ridge_are_those_of_descend():
    lab = saddle_lab([Momentum(0.05, 0.8), Adam(0.1)], distance=1e-4, steps=50)
    walk = descend(saddle(), Momentum(0.05, 0.8), (1.07, 1e-4), steps=50)
    np.testing.assert_allclose(rows(lab, "run0")[:, :2], walk.theta)


def test_without_clipping_the_cliff_throws_the_path_away_and_with_it_no_step_is_longer_than_allowed():
    lab = clip_lab(limit=0.7)
    none, value, norm = (rows(lab, f"run{i}") for i in range(3))
    assert np.abs(none[:, 0]).max() > 15
    steps = np.linalg.norm(np.diff(norm[:, :2], axis=0), axis=1)
    assert steps.max() == pytest.approx(0.7)
    assert np.abs(np.diff(value[:, :2], axis=0)).max() == pytest.approx(0.7)
    np.testing.assert_allclose(none[:, 3], np.linalg.norm(cliff().gradient(none[:, :2]), axis=1))


def test_clipping_has_a_lab_on_surfaces_with_sliders_of_their_own():
    lab = clip_lab(ravine(kappa=20), limit=0.5)
    assert set(lab.sliders) == {"all lr", "limit"}
    assert repr(lab).startswith("clipping on ravine(κ=20, angle=0)")


def test_what_lies_beyond_the_histogram_counts_in_its_outermost_bins():
    shares = histogram(np.array([[1e20, 1e20, -1e20, 0.0]]))
    assert (shares[-1], shares[0], shares[16]) == (0.5, 0.25, 0.25)


def test_clipping_by_norm_keeps_the_direction():
    lab = clip_lab(limit=0.05)
    norm = rows(lab, "run2")[:, :2]
    g, step = cliff().gradient(norm[:-1]), np.diff(norm, axis=0)
    np.testing.assert_allclose(g[:, 0] * step[:, 1], g[:, 1] * step[:, 0], atol=1e-12)


@pytest.mark.parametrize("variance", [0.5, 1.0, 2.0, 4.0])
def test_a_relu_layer_multiplies_the_second_moment_by_half_the_variance(variance):
    """He et al. 2015: E[a²] ← (n·Var w/2) E[a²], forwards and backwards; up to the chance of one draw."""
    outputs, gradients = signals("relu", variance, depth=10, width=400, batch=64)
    factor = (np.mean(outputs[10] ** 2) / np.mean(outputs[0] ** 2)) ** 0.1
    back = (np.mean(gradients[0] ** 2) / np.mean(gradients[10] ** 2)) ** 0.1
    assert factor == pytest.approx(variance / 2, rel=0.06)
    assert back == pytest.approx(variance / 2, rel=0.06)


def test_many_variances_at_once_are_each_of_them_alone():
    together, _ = signals("tanh", np.array([0.5, 2.0]), depth=4, width=12, batch=5)
    for i, variance in enumerate((0.5, 2.0)):
        alone, _ = signals("tanh", variance, depth=4, width=12, batch=5)
        np.testing.assert_allclose(together[-1][i], alone[-1], rtol=1e-12)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_the_backward_signal_is_the_derivative_of_the_outputs(activation):
    """Against central differences: the gradient of Σ (last outputs · last gradients) with respect to one input."""
    outputs, gradients = signals(activation, 1.5, depth=3, width=6, batch=4, seed=3)
    scale, random = np.sqrt(1.5 / 6), np.random.default_rng(3)
    weights, phi = random.normal(size=(3, 6, 6)), {"tanh": np.tanh, "relu": lambda z: np.maximum(z, 0)}
    phi = phi.get(activation, lambda z: 1 / (1 + np.exp(-z)))

    def result(x):
        for W in weights:
            x = phi(scale * (x @ W))
        return np.sum(x * gradients[-1])

    for at in ((0, 0), (2, 5)):
        step = np.zeros((4, 6))
        step[at] = 1e-6
        slope = (result(outputs[0] + step) - result(outputs[0] - step)) / 2e-6
        assert gradients[0][at] == pytest.approx(slope, rel=1e-6)


def test_the_histogram_has_the_spread_of_the_forward_signal():
    lab = depth_lab(variance=2.0, depth=8)
    for run in lab.scene.runs:
        for row in rows(lab, run.id)[1:]:
            shares, centers = row[2:], (np.arange(33) + 0.5) * 4 / 33 - 2
            assert shares.sum() == pytest.approx(1)
            assert np.sqrt(np.sum(shares * centers**2)) == pytest.approx(row[0], abs=0.08)  # the tails are cut off


def test_the_overfitting_lab_shows_real_trainings_and_their_best_epoch():
    network, data = Network((64, 12, 10)), digits(60)
    lab = overfit_lab(network, data, epochs=6)
    ways = {"run0": {}, "run2": {"weight_decay": 1.0}}
    for source, options in ways.items():
        history = train(network, data, Adam(0.003), epochs=6, progress=False, **options)
        np.testing.assert_allclose(rows(lab, source)[:, 1], history.test_loss)
    dropped = train(Network((64, 12, 10), dropout=0.3), data, Adam(0.003), epochs=6, progress=False)
    np.testing.assert_allclose(rows(lab, "run3", dropout=0.3)[:, 0], dropped.loss)
    epoch, lowest = rows(lab, "best0")[0]
    assert lowest == min(rows(lab, "run0")[:, 1]) == rows(lab, "run0")[int(epoch), 1]


# A real network


def test_the_training_lab_trains_with_what_its_sliders_show():
    network, data = Network((64, 8, 10)), digits(150)
    lab = training_lab(network, data, [Momentum(0.05), Adam(0.003)], epochs=3)
    history = train(network, data, Adam(0.01, beta1=0.5), epochs=3, batch_size=64, progress=False)
    moved = {"B": 64.0, "Adam lr": 0.01, "Adam beta1": 0.5}
    np.testing.assert_allclose(rows(lab, "run1", **moved)[:, 0], history.loss)
    np.testing.assert_allclose(rows(lab, "run1", **moved)[:, 1], 1 - np.array(history.test_accuracy))


def test_a_training_that_diverges_is_shown_and_does_not_raise():
    network, data = Network((64, 8, 10), "tanh"), digits(150)
    for lab in (
        training_lab(network, data, GradientDescent(1e305), epochs=3),
        overfit_lab(network, data, GradientDescent(1e305), epochs=3),
        range_lab(network, data, GradientDescent(), lr=1e29, high=1e30, epochs=2),
    ):
        source = "training" if "training" in lab.stage.layout_of_sources else "run0"
        assert not np.isfinite(rows(lab, source)[1:, 0]).all() or rows(lab, source)[1:, 0].max() > 1e20
        assert "image/png" in lab._repr_mimebundle_()[0]


@pytest.mark.parametrize("lab", [overfit_lab, range_lab, training_lab])
def test_an_interrupted_training_is_neither_shown_nor_kept(lab, monkeypatch):
    network, data = Network((64, 8, 10)), digits(60)
    make = (
        (lambda: overfit_lab(network, data, epochs=3))
        if lab is overfit_lab
        else (lambda: lab(network, data, Adam(0.01), lr=0.01, epochs=3))
        if lab is range_lab
        else (lambda: lab(network, data, Adam(0.01), epochs=3))
    )
    count, real = [0], training.Examples.measured

    def pressed(*arguments):
        count[0] += 1
        if count[0] == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(training.Examples, "measured", pressed)
    with pytest.raises(KeyboardInterrupt):
        make()


def test_after_an_interrupt_while_a_slider_moves_the_lab_goes_on(monkeypatch):
    lab = training_lab(Network((64, 8, 10)), digits(60), Adam(0.01), epochs=3)
    real, moved = training.Examples.measured, lab.values | {"Adam lr": 0.1}
    monkeypatch.setattr(training.Examples, "measured", lambda *arguments: [][0] if arguments is None else press())

    def press():
        raise KeyboardInterrupt

    lab.stage.request = {"seq": 1, "values": moved, "rest": False}
    assert lab.stage.answered == 1
    assert "interrupted" in lab.stage.problem
    monkeypatch.setattr(training.Examples, "measured", real)
    lab.stage.request = {"seq": 2, "values": moved, "rest": False}
    assert lab.stage.problem == ""
    assert lab.stage.current_run0["base"]["Adam lr"] == 0.1


def test_live_curves_follow_the_history_epoch_by_epoch():
    curves = live_curves(["Momentum", "Adam"], epochs=3)
    assert "Adam: no epochs yet" in repr(curves)
    lengths = []

    def follow(history):
        curves["Adam"](history)
        lengths.append(curves.stage.current_run1["shape"])

    history = train(Network((64, 8, 10)), digits(100), Adam(), epochs=3, progress=False, on_epoch=follow)
    assert lengths == [[1, 2], [2, 2], [3, 2], [4, 2]]
    sent = np.frombuffer(curves.stage.current_run1["bytes"], "<f4").reshape(4, 2)
    np.testing.assert_allclose(sent[:, 0], history.loss, rtol=1e-6)
    assert f"Adam: {history!r}" in repr(curves)
    assert curves.stage.current_run0["shape"] == [0, 2]


def test_one_live_curve_needs_no_name():
    curves = live_curves(epochs=2)
    train(Network((64, 8, 10)), digits(100), Adam(), epochs=2, progress=False, on_epoch=curves)
    assert curves.stage.current_run0["shape"] == [3, 2]


def test_live_layers_show_what_each_step_did_to_each_layer():
    network, data = Network((64, 8, 6, 10)), digits(100)
    layers = live_layers(network, epochs=2)
    assert "no epochs yet" in repr(layers)
    history = train(network, data, Adam(0.01), epochs=2, progress=False, on_epoch=layers, watch_layers=True)
    loss, optimizer = network.on(data, 32), Adam(0.01)
    theta, seen = loss.start, []
    state = optimizer.init(theta)
    for k in range(2 * loss.batches_per_epoch):  # the same by hand
        g, before = loss.gradient_at(k)(theta), theta
        theta, state = optimizer.step(theta, lambda _, g=g: g, state, k)
        parts = [[W for W, _ in network.layers(flat)] for flat in (g, theta - before, before)]
        g, moved, size = np.array([[np.linalg.norm(W) for W in part] for part in parts])
        seen.append([g, moved / size])
    expected = [seen[0], *np.reshape(seen, (2, -1, 2, 3)).mean(axis=1)]
    np.testing.assert_allclose(history.per_layer, expected, rtol=1e-12)
    shown = [np.frombuffer(layers.stage.get_state()[f"current_run{i}"]["bytes"], "<f4") for i in range(3)]
    np.testing.assert_allclose([part.reshape(3, 2) for part in shown], np.moveaxis(expected, 2, 0), rtol=1e-6)
    assert f"W3  |∇W|={expected[-1][0][2]:.2g}" in repr(layers)


def test_watching_the_layers_changes_no_training():
    plain, watched = (
        train(NETWORK, FEW, Adam(0.01), epochs=2, progress=False, watch_layers=watch) for watch in (False, True)
    )
    np.testing.assert_array_equal(plain.theta, watched.theta)
    assert plain.loss == watched.loss and plain.gradients == watched.gradients
    assert not plain.per_layer and len(watched.per_layer) == 3


class Spoiling(GradientDescent):
    """A rule that goes on with the gradient's own array."""

    def step(self, theta, grad, state, k):
        g = grad(theta)
        there = theta - self.rate(k) * g
        g *= 0
        return there, state


def test_the_gradient_of_a_layer_is_the_one_the_step_was_given():
    plain, spoiling, clipped = (
        train(NETWORK, FEW, rule, epochs=1, progress=False, watch_layers=True, clip=clip).per_layer[1][0]
        for rule, clip in ((GradientDescent(0.1), None), (Spoiling(0.1), None), (GradientDescent(0.1), clip_norm(1e-3)))
    )
    np.testing.assert_array_equal(plain, spoiling)
    assert np.linalg.norm(clipped) < 1.01e-3 < np.linalg.norm(plain)  # after clipping


def test_layers_that_are_not_watched_are_asked_for():
    with pytest.raises(ValueError, match=r"needs a training that watches its layers: train\(…, watch_layers=True\)"):
        train(NETWORK, FEW, Adam(), epochs=1, progress=False, on_epoch=live_layers(NETWORK))
    other = live_layers(Network((64, 10)))
    with pytest.raises(ValueError, match="a network with 1 matrices of weights, and this one has 2"):
        train(NETWORK, FEW, Adam(), epochs=1, progress=False, on_epoch=other, watch_layers=True)


def test_curves_that_are_not_there_are_named():
    with pytest.raises(ValueError, match="there is no curve 'SGD'; there are Adam"):
        live_curves("Adam")["SGD"]


NETWORK, FEW = Network((64, 8, 10)), digits(60)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: schedule_lab(ravine), "the loss must have value(theta) and gradient(theta), got the function ravine"),
        (lambda: schedule_lab(parabola()), "schedule_lab needs a surface of two parameters, got parabola with 1"),
        (lambda: schedule_lab(bowl(), lr=-1), "learning rate η₀ must be in (0, ∞), got -1"),
        (lambda: schedule_lab(bowl(), lr="a"), "learning rate η₀ must be a number in (0, ∞), got 'a'"),
        (lambda: schedule_lab(bowl(), alpha=2), "decay factor α must be in (0, 1], got 2"),
        (lambda: schedule_lab(bowl(), names=[]), "schedule_lab needs at least one schedule, got none"),
        (lambda: schedule_lab(bowl(), warm=-3), "the warm-up must be a whole number in [1, 30], got -3"),
        (lambda: schedule_lab(bowl(), horizon=20), "the horizon must be a whole number ≥ 50, got 20"),
        (lambda: schedule_lab(bowl(), steps=0), "steps must be a whole number ≥ 1, got 0"),
        (lambda: range_lab(NETWORK, FEW, Adam(), lr=0), "η must be above 0 on its logarithmic slider, got 0"),
        (lambda: range_lab(NETWORK, FEW, Adam(), epochs=0), "epochs must be a whole number ≥ 1, got 0"),
        (lambda: saddle_lab(distance=0), "distance from the ridge y₀ must be in (0, ∞), got 0"),
        (lambda: saddle_lab([]), "the saddle lab needs at least one optimizer, got none"),
        (lambda: clip_lab(parabola()), "clip_lab needs a surface of two parameters, got parabola with 1"),
        (lambda: clip_lab(limit=0), "clipping limit must be in (0, ∞), got 0"),
        (lambda: clip_lab(limit="a"), "clipping limit must be a number in (0, ∞), got 'a'"),
        (lambda: clip_lab(Noisy(bowl())), "clip_lab needs a surface without noise, got bowl with noise σ=0.1"),
        (lambda: schedule_lab(bowl(), names=5), "the names must be a list of schedules, got 5"),
        (lambda: signals("gelu", 1.0), "the activation must be one of tanh, sigmoid, relu, got 'gelu'"),
        (lambda: depth_lab(depth=0), "depth must be a whole number ≥ 1, got 0"),
        (lambda: depth_lab(seed=-1), "the seed must be a whole number ≥ 0, got -1"),
        (lambda: overfit_lab(NETWORK, FEW, dropout=1), "dropout share p must be in [0, 1), got 1"),
        (lambda: overfit_lab(NETWORK, FEW, epochs=0), "epochs must be a whole number ≥ 1, got 0"),
        (lambda: training_lab(NETWORK, FEW, []), "training_lab needs at least one optimizer, got none"),
        (lambda: training_lab(NETWORK, FEW, Adam(), names=["a", "b"]), "1 optimizers need 1 names, got ['a', 'b']"),
        (
            lambda: training_lab(NETWORK, FEW, Adam(), batch_size=61),
            "the batch size B must be a whole number in [1, 60], got 61",
        ),
        (lambda: training_lab(Network((5, 3)), FEW, Adam()), "the network takes rows of 5 inputs, got X of shape (60"),
        (lambda: live_curves([]), "live_curves needs a name, or a list of names, got []"),
        (lambda: live_curves(5), "live_curves needs a name, or a list of names, got 5"),
        (lambda: live_curves(epochs=-1), "epochs must be a whole number ≥ 1, got -1"),
        (lambda: live_layers((64, 10)), "live_layers needs a Network, such as Network((64, 64, 10)), got (64, 10)"),
    ],
)
def test_a_lab_that_cannot_be_says_why(make, text):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value).startswith(text)


def test_a_horizon_beyond_the_steps_has_its_picture_too():
    assert "image/png" in schedule_lab(bowl(), horizon=300, steps=60)._repr_mimebundle_()[0]


def test_live_curves_of_nothing_have_their_picture_too():
    bundle = live_curves("Adam")._repr_mimebundle_()[0]
    assert bundle["image/png"].startswith(b"\x89PNG")


def test_on_colab_a_lab_and_live_curves_say_where_the_manager_of_their_widgets_is(monkeypatch):
    manager = SimpleNamespace(_installed_url="https://example.invalid/manager.js")
    colab = SimpleNamespace(enable_custom_widget_manager=lambda: None, _widgets=manager)
    monkeypatch.setitem(sys.modules, "google.colab.output", colab)
    shown = []
    monkeypatch.setattr("optimlab.labs.live.display", lambda *data, **how: shown.append(how["metadata"]))
    monkeypatch.setattr("optimlab.labs.live.get_ipython", object)
    curves = live_curves("Adam", epochs=2)
    train(Network((64, 4, 10)), digits(60), Adam(), epochs=1, progress=False, on_epoch=curves)
    _, finished = curves._repr_mimebundle_()
    for metadata in (*shown, finished):
        assert metadata[WIDGET]["colab"]["custom_widget_manager"]["url"] == manager._installed_url
    assert len(shown) == 1
