"""The race that most tests move, and what `descend` computes, in the test's own process, for what it shows."""

import pytest

from optimlab import GradientDescent, Momentum, descend, ravine

from .jupyter import BUSY, FIVE_SECONDS
from .stage import Stage

STEPS, MANY_STEPS = 60, 200
VIEW = ravine().view
RUNNERS = {"GradientDescent": GradientDescent, "Momentum": Momentum}
SOURCES = {"GradientDescent": "run0", "Momentum": "run1"}
COLORS = {"GradientDescent": "#0072B2", "Momentum": "#D55E00"}
KNOBS = {"η": "lr", "γ": "gamma", "κ": "kappa", "angle": "angle"}
SLIDERS = [("η", "GradientDescent"), ("η", "Momentum"), ("γ", "Momentum"), ("κ", ""), ("angle", "")]
BACK = {"η", "γ"}  # to the right of where they start lies divergence

IMPORTS = "from optimlab import GradientDescent, Momentum, race, ravine\n"
AT_HOME = """class {0}({0}):
    def step(self, theta, grad, state, k):
        return super().step(theta, grad, state, int(k))  # int(k) can't be recorded: Python sends the sweeps
"""
RACE = "race(ravine(kappa=20), [GradientDescent(0.02), Momentum(0.02, 0.8)], steps={})"
CELLS = {
    "race": f"{IMPORTS}lab = {RACE.format(STEPS)}\nlab",
    "again": "lab",
    "long race": IMPORTS + RACE.format(MANY_STEPS),
    "tell the start": 'print(*lab.values["start"])',
    "set gamma": 'lab.sliders["Momentum gamma"].value = 0.72',
    "busy": BUSY,
    "busy for five seconds": FIVE_SECONDS,
    "swept": IMPORTS + AT_HOME.format("GradientDescent") + AT_HOME.format("Momentum") + RACE.format(STEPS),
}
LAB, AGAIN, LONG, TELL, SET, HELD, FIVE, SWEPT = range(len(CELLS))


def open_race(lab, name: str, *more: str, **options):
    """The notebook with the race, and more cells; it stays open from test to test, its kernel too."""
    if lab.name != name:
        lab.server.write(name, *CELLS.values(), *more)
        lab.open(name, **options)
    return lab


def value_of(stage: Stage, symbol: str, row: str) -> float:
    return stage.values()[f"{row} {KNOBS[symbol]}".strip()]


def walk(values: dict, name: str, steps=STEPS):
    """The descent of a runner for what the controls show."""
    knobs = {key.split()[1]: value for key, value in values.items() if key.startswith(f"{name} ")}
    surface = ravine(kappa=values["kappa"], angle=values["angle"])
    return descend(surface, RUNNERS[name](**knobs), values["start"], steps)


def assert_drawn_as_computed(stage: Stage, *names: str, steps=STEPS):
    """What is drawn is current, and ends where `descend` ends for what the controls show."""
    report = stage.report()
    for name in names or RUNNERS:
        drawn, path = report["sources"][SOURCES[name]], walk(report["values"], name, steps)
        assert drawn["fresh"], name
        end = [*path.theta[-1], path.loss[-1] - path.minimum]
        assert drawn["last"] == pytest.approx(end, rel=1e-4, abs=1e-12), name


# The step shown in each of many frames, with the time of the frame in seconds.
FRAMES = """(lab, count) => new Promise(done => {
  const stage = lab.querySelector('.optimlab-stage'), frames = [];
  const look = now => {
    frames.push([now / 1000, stage.optimlab().k]);
    frames.length < count ? requestAnimationFrame(look) : done(frames);
  };
  requestAnimationFrame(look);
})"""
# Write down the step of every frame from now on, whatever the machine does until it is played.
RECORD = """lab => {
  const stage = lab.querySelector('.optimlab-stage'), seen = stage.seen = [];
  const look = () => {
    if (stage.seen !== seen) return;
    seen.push(stage.optimlab().k);
    requestAnimationFrame(look);
  };
  look();
}"""
RECORDED = """lab => {
  const stage = lab.querySelector('.optimlab-stage'), seen = stage.seen;
  seen.push(stage.optimlab().k); // the last one may have had no frame of its own yet
  stage.seen = null;
  return seen;
}"""
UNDER_WAY = "lab => lab.querySelector('.optimlab-stage').optimlab().k > 0"
AT_THE_END = """(lab, steps) => {
  const {k, playing} = lab.querySelector('.optimlab-stage').optimlab();
  return k === steps && !playing;
}"""


def play_to_the_end(stage: Stage):
    """Play the race from the start at four times the speed, and watch the step go forward to the end."""
    stage.button("to the start").click()
    assert stage.report()["k"] == 0
    stage.root.get_by_label("speed").select_option("4")
    stage.root.evaluate(RECORD)
    stage.button("play").click()
    stage.wait(AT_THE_END, STEPS)
    steps = stage.root.evaluate(RECORDED)
    assert steps == sorted(steps) and len(set(steps)) > 3
    assert stage.counter.inner_text() == f"step {STEPS} / {STEPS}"
    assert stage.button("play").is_visible()
