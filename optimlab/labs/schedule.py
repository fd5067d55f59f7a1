"""All schedules, and the descent that each of them drives."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..checks import check_whole, told
from ..descent import descend
from ..knobs import Knob
from ..noise import Noisy
from ..optimizers import GradientDescent
from ..optimizers.base import check_optimizer
from ..palette import role, role_style
from ..schedules import (
    ReduceOnPlateau,
    constant,
    cosine_decay,
    cosine_restarts,
    exponential_decay,
    inverse_sqrt,
    linear_decay,
    one_cycle,
    polynomial_decay,
    step_decay,
    warmup,
    warmup_stable_decay,
)
from ..stage.marks import VLine
from ..stage.scene import Panel, Run, Scene
from ..stage.widget import Source
from .inputs import fixed, plane, start_on
from .lab import Control, Lab
from .panels import loss_panel, rate_panel, surface_panel
from .sources import field_source, floor_of, rows_of, trailing

__all__ = ["SCHEDULES", "schedule_lab"]

EPOCH = 10  # steps
COOL = 20  # steps of the last part of warmup_stable_decay
WARMEST = 30
SHORTEST = COOL + WARMEST  # the least T for every position of the warm-up slider
AVERAGED = "constant, averaged"


@dataclass(frozen=True)
class Choice:
    """One line of the lab: how the sliders make its schedule, which of them it needs, whether it is shown at first."""

    make: object
    needs: tuple
    shown: bool = False


SCHEDULES = {
    "constant": Choice(constant, ("lr",), shown=True),
    "step decay": Choice(
        lambda lr, alpha, period: step_decay(lr, alpha, step_size=period),
        ("lr", "alpha", "period"), shown=True,
    ),
    "exponential": Choice(
        lambda lr, alpha: exponential_decay(lr, alpha, steps_per_epoch=EPOCH),
        ("lr", "alpha"), shown=True,
    ),
    "polynomial": Choice(polynomial_decay, ("lr", "horizon")),
    "linear": Choice(linear_decay, ("lr", "horizon")),
    "cosine": Choice(cosine_decay, ("lr", "horizon"), shown=True),
    "warm restarts": Choice(cosine_restarts, ("lr", "period")),
    "warm-up + cosine": Choice(
        lambda lr, warm, horizon: warmup(cosine_decay(lr, horizon - warm), warm),
        ("lr", "warm", "horizon"), shown=True,
    ),
    "one-cycle": Choice(one_cycle, ("lr", "horizon")),
    "warm-up, stable, decay": Choice(
        lambda lr, warm, horizon: warmup_stable_decay(lr, horizon, warm, COOL),
        ("lr", "warm", "horizon"), shown=True,
    ),
    "inverse square root": Choice(inverse_sqrt, ("lr", "warm")),
    "reduce on plateau": Choice(
        lambda lr, alpha: ReduceOnPlateau(lr, alpha, patience=5), ("lr", "alpha")
    ),
    AVERAGED: Choice(constant, ("lr",)),
}  # fmt: skip
"""What the lab can show, in the order of its legend."""

LOSS, RATE = 2, 3


def schedule_lab(
    surface, optimizer=None, names=None, lr: float = 0.08, alpha: float = 0.7, period: int = 30, warm: int = 10,
    horizon: int | None = None, steps: int = 120, start=None, copies: int = 32,
) -> Lab:  # fmt: skip
    """Schedules side by side: η against the step, and the descent that each of them drives.

    The paths are those of one noise; the losses are means over many noises, for one alone would be luck.

    Parameters
    ----------
    surface : a `Noisy` surface, or a `Surface` (without noise)
    optimizer : whose learning rate is scheduled, plain gradient descent if None
    names : which of `SCHEDULES` are there; all of them if None, with the rarer ones switched off at first
    lr : η₀
    alpha : α, the factor of the decaying ones: of step decay every `period` steps, of exponential decay every epoch
        (10 steps), of reduce-on-plateau after more than 5 steps without a better loss
    period : steps between two drops of step decay, and between two warm restarts
    warm : steps of warm-up
    horizon : T, when the training was planned to end, two thirds of `steps` if None; it goes on to `steps`
    copies : how many noises the losses are means over
    """
    optimizer = GradientDescent() if optimizer is None else check_optimizer(optimizer)
    names = list(SCHEDULES) if names is None else [names] if isinstance(names, str) else names
    if not isinstance(names, list | tuple):
        raise ValueError(f"the names must be a list of schedules, got {told(names)}")
    if unknown := [name for name in names if not isinstance(name, str) or name not in SCHEDULES]:
        raise ValueError(f"there is no schedule {told(unknown[0])} in the lab; there are {', '.join(SCHEDULES)}")
    if not names:
        raise ValueError("schedule_lab needs at least one schedule, got none")
    check_whole("steps", steps, 1)
    check_whole("copies", copies, 1, 200)
    check_whole("the warm-up", warm, 1, WARMEST)
    horizon = max(2 * steps // 3, SHORTEST) if horizon is None else check_whole("the horizon", horizon, SHORTEST)
    lr = Knob("η₀", "learning rate", 0, 1, allowed="(0, ∞)").check_one(lr)
    chosen = {name: replace(SCHEDULES[name], shown=SCHEDULES[name].shown or len(names) < 7) for name in names}
    surface = plane("schedule_lab", surface)
    start = start_on(surface, start)
    noisy = surface if isinstance(surface, Noisy) else Noisy(surface, 0.0)
    calm = fixed(noisy.surface)  # here schedules are compared, on one surface
    loss = Noisy(calm, noisy.sigma, noisy.seed, copies)
    last, floor = max(steps, horizon, SHORTEST + 5), floor_of(calm)
    knobs = {
        "lr": (Knob("η₀", "learning rate", lr / 16, 2.5 * lr, log=True, count=25), lr),
        "alpha": (Knob("α", "decay factor", 0.3, 0.95, allowed="(0, 1]", count=14), alpha),
        "period": (Knob("period", "length of the", EPOCH, 6 * EPOCH, allowed="[1, ∞)", count=6), period),
        "warm": (Knob("warm-up", "length of the", 2, WARMEST, allowed="[1, ∞)", count=15), warm),
        "horizon": (
            Knob("T", "planned number of steps", SHORTEST, last, allowed="[1, ∞)", count=(last - SHORTEST) // 5 + 1),
            horizon,
        ),
        "sigma": (loss.knobs["sigma"], float(noisy.sigma)),
    }
    used = {"lr", "sigma"}.union(*(choice.needs for choice in chosen.values()))
    controls = [
        Control(name, knob, knob.check_one(value), "all") for name, (knob, value) in knobs.items() if name in used
    ]
    runs = [
        Run(name, heard(name, c, knobs), *role_style(name), (f"run{i}", LOSS), floor, shown=c.shown, reads="mean L")
        for i, (name, c) in enumerate(chosen.items())
    ]
    sources = [
        schedule_source(f"run{i}", loss, optimizer, name, choice, steps)
        for i, (name, choice) in enumerate(chosen.items())
    ]
    panels = [
        rate_panel(sources, runs, steps, RATE, 2.6 * lr),
        surface_panel(calm, sources, runs),
        mean_panel(loss_panel(calm, sources, runs, steps, float(calm.value(np.array(start)))), copies),
    ]
    if "horizon" in used:
        planned = VLine(control="horizon", label="T", dash=(2, 2), **role("theory"))
        panels = [panels[0].with_marks(planned), panels[1], panels[2].with_marks(planned)]

    def summary(values):
        horizon = round(float(values.get("horizon", steps)))
        for source, name in zip(sources, chosen, strict=True):
            excess = source.compute(values)[:, LOSS]
            planned = f"{excess[horizon]:.2e} at step {horizon}, " if horizon < steps else ""
            yield f"{name:22}  mean L − min L {planned}{excess[-1]:.2e} at step {steps}"

    title = f"schedules of {optimizer.name} on {noisy!r}, {copies} noises, {steps} steps"
    return Lab(Scene(panels, runs, steps), [*sources, field_source(calm)], controls, {"start": start}, summary, title)


def heard(name, choice, knobs) -> str:
    """A schedule's name, and the sliders that it hears besides η₀, which all of them do."""
    symbols = [knobs[need][0].symbol for need in choice.needs if need != "lr"]
    return f"{name} · {', '.join(symbols)}" if symbols else name


def schedule_source(name, loss, optimizer, title, choice, steps) -> Source:
    """θ of the first noise, the mean of L − min L over all noises, and η."""
    floor = floor_of(loss)

    def compute(values):
        many = np.broadcast_shapes(*(np.shape(values[n]) for n in [*choice.needs, "sigma"]))
        schedule = choice.make(*(trailing(values[n], 2) for n in choice.needs))  # n descents, each under many noises
        start = np.broadcast_to(np.asarray(values["start"], float), (*many, loss.copies, loss.dim))
        here = loss.replace(sigma=np.asarray(values["sigma"], float)[..., None])
        walk = descend(here, optimizer, start, steps, schedule=schedule)
        theta, excess = walk.theta, walk.loss - floor
        if title == AVERAGED:
            theta = second_half(theta)
            excess = loss.value(theta) - floor
        return rows_of(theta[..., 0, 0], theta[..., 0, 1], excess.mean(axis=-1), rates(schedule, walk, many))

    return Source(name, ("start", "sigma", *choice.needs), compute, sweeps=choice.needs)


def second_half(theta):
    """The mean of the points k/2 … k, for every k: what averaging would give if the training ended there."""
    total = np.cumsum(theta, axis=0)
    first = (np.arange(len(theta)) + 1) // 2
    before = np.where(first.reshape(-1, *[1] * (theta.ndim - 1)) > 0, total[first - 1], 0)
    return (total - before) / (np.arange(len(theta)) + 1 - first).reshape(-1, *[1] * (theta.ndim - 1))


def rates(schedule, walk, many):
    """η of each step, shape (T+1, ...): of a schedule that watches the loss, the mean over the noises."""
    if not isinstance(schedule, ReduceOnPlateau):
        each = [np.asarray(schedule(k)) for k in range(walk.steps + 1)]
        return np.array([np.broadcast_to(eta[..., 0, 0] if eta.ndim else eta, many) for eta in each])
    each, memory = [], schedule.init()
    for loss in walk.loss:
        lr, memory = schedule.step(loss[..., None], memory)
        each.append(lr[..., 0].mean(axis=-1))
    return np.array(each)


def mean_panel(panel, copies) -> Panel:
    """The loss panel for means over noises, which settle nowhere."""
    return replace(panel, title=f"loss, mean over {copies} noises", y=(1e-4, panel.y[1] / 10))
