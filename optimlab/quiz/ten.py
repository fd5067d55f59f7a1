"""Ten ideas of the course, asked twice: before notebook 01 and after notebook 06, with other numbers each time.

The i-th questions of both sets are about the same idea, so what has been learned can be seen idea by idea. Those of the
first set need derivatives, vectors and a little Python, and nothing of the course. The wrong choices are what people
often believe, as in the force concept inventory (Hestenes, Wells & Swackhamer 1992), from which the form is taken.
"""

from functools import partial

import numpy as np

from ..descent import descend, sweep
from ..noise import Noisy
from ..optimizers import Adam, GradientDescent, Momentum
from ..predictions.prediction import Question
from ..problems import LinearRegression
from ..schedules import constant, linear_decay
from ..surfaces import Surface, bowl, parabola, ravine

# 1 · The way downhill


def steepest(kappa, place):
    """Of 3600 directions, the one in which ½(x² + κy²) falls most."""
    loss, turn = ravine(kappa=kappa), np.radians(np.arange(0, 360, 0.1))
    around = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return {"way": around[np.argmin(loss.value(np.array(place) + 1e-4 * around))]}


@np.errstate(all="ignore")
def which_way(places, way):
    """The letter of the direction that is less than 3 degrees off, of {letter: direction}."""
    for letter, place in places.items():
        if np.dot(way, place) > np.cos(np.radians(3)) * np.linalg.norm(place) * np.linalg.norm(way):
            return letter
    return None


# 2 · The limit of η


def twelve_steps(curvature, lr):
    """Gradient descent on ½·curvature·w², from w = 1."""
    return {"w": descend(parabola(0, curvature), GradientDescent(lr), start=(1.0,), steps=12).theta[:, 0]}


@np.errstate(all="ignore")
def nearer_or_farther(letters, w):
    """The letter for: from one side, farther each time, nearer each time, to and fro for ever."""
    w = np.asarray(w, float)
    far = np.abs(w)
    if (w[1:] * w[:-1] > 0).all() and (far[1:] < far[:-1]).all():
        return letters[0]
    if not (w[1:] * w[:-1] < 0).all():
        return None
    if np.allclose(far, far[0], rtol=1e-6):
        return letters[3]
    return letters[1] if (far[1:] > far[:-1]).all() else letters[2] if (far[1:] < far[:-1]).all() else None


# 3 · The condition number


def valley(a, b):
    """½(ax² + by²)."""
    return Surface(
        name="valley",
        formula=rf"\tfrac12 ({a:g} x^2 + {b:g} y^2)",
        of=lambda x, y: 0.5 * (a * x**2 + b * y**2),
        slope=lambda x, y: (a * x, b * y),
        minima=((0.0, 0.0),),
        start=(1.0, 1.0),
        view=((-1.6, 1.6), (-1.15, 1.15)),
        eigenvalues=(min(a, b), max(a, b)),
    )


def fewest_steps(a, b):
    """The fewest steps, of 61 learning rates around the best, that come a hundred times nearer on ½(ax² + by²)."""
    rates = np.linspace(0.7, 1.3, 61) * 2 / (a + b)
    distance = np.linalg.norm(sweep(valley(a, b), GradientDescent(), "lr", rates, steps=250).theta, axis=-1)
    there = distance <= 0.01 * distance[0]
    return float(np.where(there.any(axis=0), there.argmax(axis=0), np.inf).min())


def two_valleys(first, second):
    """The fewest steps in each of two valleys, given as (a, b)."""
    return {"first": fewest_steps(*first), "second": fewest_steps(*second)}


@np.errstate(all="ignore")
def more_steps(letters, first, second):
    """The letter for: as many, the first more, the second about twice as many, the second over fifty times as many."""
    times = second / first if first > 0 and np.isfinite(first) else np.nan
    where = (0.9 < times < 1.1, times <= 0.9, 1.5 < times < 3, times > 50)
    return next((letter for letter, there in zip(letters, where) if there), None)


# 4 · What momentum remembers


def after_a_long_slope(slope, steps):
    """Momentum's next steps, after 300 with the slope 1; positive where they go on as before."""
    optimizer, w = Momentum(lr=0.1, gamma=0.9), np.zeros(1)
    state, path = optimizer.init(w), []
    for k in range(300 + steps):
        w, state = optimizer.step(w, partial(np.full_like, fill_value=1.0 if k < 300 else slope), state, k)
        path.append(w[0])
    step = -np.diff(path[298:])
    on = int(np.argmax(step[1:] <= 0)) if (step[1:] <= 0).any() else steps
    return {"last": step[0], "after": step[1:], "far": step[1:].sum() / step[0], "on": on}


@np.errstate(all="ignore")
def when_the_slope_ends(last, after, far, on):
    """before.4: it stops, goes on in shorter steps, goes on in equal ones, or turns back."""
    after = np.asarray(after, float) / (last if last else np.nan)
    if (np.abs(after) < 0.01).all():
        return "a"
    if np.allclose(after, 1, atol=0.05):
        return "c"
    if after[0] < 0:
        return "d"
    return "b" if (after > 0).all() and (np.diff(after) < 0).all() and after[-1] < 0.05 else None


@np.errstate(all="ignore")
def when_the_slope_turns(last, after, far, on):
    """after.4: it turns at once, stands still, never turns, or goes on for some steps."""
    after = np.asarray(after, float) / (last if last else np.nan)
    if np.isnan(after).any():
        return None
    if (np.abs(after) < 0.01).all():
        return "b"
    return "a" if after[0] < 0 else "c" if (after > 0).all() else "d" if 2 <= on < len(after) else None


# 5 · Noise and a constant η


def trembling():
    """before.5: the mean loss of 100 noisy descents on ½w², early and late, with a large η and with a small one."""
    noisy, rates = Noisy(parabola(0, 1), 0.5, copies=100), np.array([0.2, 0.05]).reshape(2, 1, 1)
    loss = descend(noisy, GradientDescent(rates), np.ones((2, 100, 1)), steps=300).loss.mean(axis=-1)
    return {"early": loss[100:160].mean(axis=0), "late": loss[240:].mean(axis=0)}


@np.errstate(all="ignore")
def in_the_long_run(early, late):
    """before.5: it comes to rest, wanders off, trembles less with the smaller η, or as much."""
    longer, smaller = np.divide(late, early).max(), late[1] / late[0]
    if longer < 0.1:
        return "a"
    if longer > 2:
        return "b"
    return "c" if smaller < 0.7 else "d" if 0.8 < smaller < 1.25 else None


def three_remedies():
    """after.5: the mean loss of 64 noisy descents: as it is, with a tenth of η, after ten times the steps, with γ."""
    noisy, lr, gamma = Noisy(bowl(), 0.5, copies=64), np.array([0.1, 0.01, 0.1]), np.array([0.0, 0.0, 0.9])
    optimizer = Momentum(lr.reshape(3, 1, 1), gamma.reshape(3, 1, 1))  # without γ it is gradient descent
    loss = descend(noisy, optimizer, np.tile([1.0, -0.5], (3, 64, 1)), steps=400).loss.mean(axis=-1)
    (longer, smaller, momentum), now = loss[320:].mean(axis=0), loss[35:46, 0].mean()
    return {"now": now, "smaller": smaller, "longer": longer, "momentum": momentum}


def what_helps(now, smaller, longer, momentum):
    """after.5: which of them alone brings the loss down to less than a third."""
    helps = [letter for letter, loss in (("a", smaller), ("b", longer), ("c", momentum)) if loss < now / 3]
    return helps[0] if len(helps) == 1 else None


# 6 · Adam's scale


def first_steps(slopes, lr):
    """Adam's first step from (0, 0), with this η and with a tenth of it."""
    steps = []
    for rate in (lr, lr / 10):
        optimizer, theta = Adam(lr=rate), np.zeros(2)
        moved, _ = optimizer.step(theta, lambda _: np.array(slopes), optimizer.init(theta), 0)
        steps.append(moved)
    return {"step": steps[0], "tenth": steps[1]}


def how_long(step, tenth):
    """before.6: η times the slope, η, in the ratio of the slopes, or the same for each η."""
    size = np.abs(step)
    if np.allclose(step, tenth, rtol=0.05, atol=0):
        return "d"
    places = {"a": (10, 0.001), "b": (0.1, 0.1), "c": (0.1, 0.00001)}
    return next((letter for letter, place in places.items() if np.allclose(size, place, rtol=0.05, atol=0)), None)


def which_change(step, tenth):
    """after.6: η times the slope, in the ratio of the slopes, almost nothing, or η."""
    places = {"a": (30, -0.0002), "b": (0.01, -0.01 * 0.02 / 3000), "d": (0.01, -0.01)}
    found = (letter for letter, place in places.items() if np.allclose(step, place, rtol=0.05, atol=0))
    return next(found, "c" if (np.abs(step) < 0.002).all() else None)


# 7 · A learning rate that falls


def three_kinds(optimizer, rates, loss, steps):
    """The mean loss at the end of 64 noisy descents, each kind of η with the best size for it."""
    noisy, sizes = Noisy(loss, 0.5, copies=64), np.reshape(rates, (-1, 1, 1))
    same, falling = constant(sizes), linear_decay(sizes, steps)
    starts = np.tile(noisy.start, (3, len(sizes), 64, 1))
    walk = descend(
        noisy, optimizer, starts, steps, schedule=lambda k: np.stack([same(k), falling(k), falling(steps - k)])
    )
    return dict(zip(("same", "falling", "rising"), np.nanmin(walk.loss[-1].mean(axis=-1), axis=1)))


@np.errstate(all="ignore")
def lowest_kind(letters, same, falling, rising):
    """The letter for: the constant, the falling, the rising one is lowest, or all within 20 %."""
    ends = np.array([same, falling, rising], float)
    if not np.isfinite(ends).all():
        return None
    low, high = np.sort(ends)[:2]
    return letters[3] if ends.max() < 1.2 * low else letters[int(ends.argmin())] if high > 1.2 * low else None


# 8 · Where all slopes are zero


def minima_among(of, values, n):
    """How many of the places with each coordinate in `values` are lower than what was tried close by; of how many."""
    places = np.stack(np.meshgrid(*[values] * n), axis=-1).reshape(-1, n)
    around = np.concatenate([np.eye(n), -np.eye(n), np.random.default_rng(0).normal(size=(500, n))])
    around *= 1e-2 / np.linalg.norm(around, axis=1, keepdims=True)
    lower = (of(places[:, None] + around) < of(places)[:, None]).any(axis=1)
    return {"minima": int(np.sum(~lower)), "places": len(places)}


def count_of(counts, minima, places):
    """The letter of this number of minima."""
    return next((letter for letter, count in counts.items() if minima == count), None)


# 9 · A fair comparison


def same_rate(optimizers, rates):
    """The losses of two methods after 100 steps on ½(x² + 20y²), with one η for both and then with another."""
    ends = [sweep(ravine(kappa=20), optimizer, "lr", rates).loss[-1] for optimizer in optimizers]
    return dict(zip(("before", "after"), np.transpose(ends)))


@np.errstate(all="ignore")
def who_is_lower(letters, before, after):
    """The letter for: the one that was ahead, the other one, both alike; None where none was ahead before."""
    ratio = np.divide(after[0], after[1]), np.divide(before[0], before[1])
    now, then = ratio if ratio[1] < 1 else np.divide(1, ratio)
    if not (then < 0.8 and now >= 0):
        return None
    return letters[0] if now < 0.8 else letters[1] if now > 1.25 else letters[2]


# 10 · Training loss and test loss


def powers(x, degree):
    """x, x², …, as inputs of a linear regression."""
    return np.stack([x ** (i + 1) for i in range(degree)], axis=1)


def fitted(curve, size, degrees):
    """The error at noisy points of a curve and at new ones, for polynomials of some degrees: the median of 11 draws."""
    x, new, errors = np.linspace(-1, 1, size), np.linspace(-0.99, 0.99, 200), []
    for seed in range(11):
        random = np.random.default_rng(seed)
        y, later = (curve(at) + 0.2 * random.normal(size=len(at)) for at in (x, new))
        fits = [LinearRegression(powers(x, degree), y) for degree in degrees]
        tests = [LinearRegression(powers(new, d), later).value(fit.solution) for d, fit in zip(degrees, fits)]
        errors.append([[fit.minimum for fit in fits], tests])
    known, unknown = np.median(errors, axis=0)
    return {"known": known, "new": unknown}


def lowest_errors(letters, known, new):
    """The letter of (which degree is lowest at the known points, which at new ones)."""
    both = np.array([known, new], float)
    return None if np.isnan(both).any() else letters.get(tuple(both.argmin(axis=1).tolist()))


BEFORE = {
    "before.1": Question(
        "On L(x, y) = ½(x² + 10y²) you stand at (5, 1); the minimum is at (0, 0). In which direction does L fall "
        "fastest?",
        (
            "(−5, −1), straight at the minimum",
            "(−1, 0), for x is farther from 0",
            "(−1, −2), more along y than along x",
            "(−2, 1), along the line of equal L",
        ),
        partial(which_way, {"a": (-5, -1), "b": (-1, 0), "c": (-1, -2), "d": (-2, 1)}),
        "Of 3600 directions, L falls most along ({way[0]:.2f}, {way[1]:.2f}). That is the direction of −(5, 10), the "
        "two slopes with a minus: y is nearer to 0, but it is steeper.",
        {
            "a": "The steepest way down depends on the slopes where you stand, not on where the minimum is.",
            "b": "It is not the distance that counts, but the slope: 5 along x, and 10 along y.",
            "d": "Along that line L stays the same; the steepest way down is at a right angle to it.",
        },
        measure=partial(steepest, 10, (5.0, 1.0)),
        about="the way downhill",
    ),
    "before.2": Question(
        "Gradient descent repeats w ← w − η·L′(w); η is the learning rate. On L(w) = 2w², from w = 1 with η = 0.6, how "
        "does w move?",
        (
            "towards 0, from one side: a large η is only faster",
            "from side to side of 0, farther each time",
            "from side to side of 0, nearer each time",
            "to and fro between the same two places",
        ),
        partial(nearer_or_farther, "abcd"),
        "It goes from 1 to {w[1]:.2f}, {w[2]:.2f}, {w[3]:.2f}: the step is 0.6 · 4w, more than twice the distance. So "
        "it is with every η above 0.5.",
        {
            "a": "A larger η is faster only up to a point; then the step goes beyond the minimum.",
            "c": "It does jump over the minimum, but it lands farther away than it was.",
            "d": "So it is with η = 0.5, just at the limit.",
        },
        measure=partial(twelve_steps, 4, 0.6),
        about="the limit of η",
    ),
    "before.3": Question(
        "Gradient descent on ½(x² + y²) and on ½(x² + 100y²), from (1, 1), each with the learning rate that is best "
        "for it. Which one takes more steps to come a hundred times nearer to (0, 0)?",
        (
            "neither: each has its best learning rate",
            "the first: its slopes are smaller",
            "the second, about twice as many",
            "the second, more than fifty times as many",
        ),
        partial(more_steps, "abcd"),
        "The first takes {first:.0f}, the second {second:.0f}. The steep y allows only short steps, and with these the "
        "way along the flat x is long.",
        {
            "a": "The best learning rate for both directions together is a poor one for the flat direction.",
            "b": "Small slopes can have a large learning rate; the second must keep a small one for its steep y.",
            "c": "There are two directions, but they do not share the work: one has to wait for the other.",
        },
        measure=partial(two_valleys, (1, 1), (1, 100)),
        about="the condition number",
    ),
    "before.4": Question(
        "Momentum keeps a velocity v: v ← 0.9v + η·slope, then w ← w − v. The slope was 1 for a long time and is 0 "
        "from now on. What does w do?",
        (
            "it stops at once, for there is no slope",
            "it goes on for a while, in ever shorter steps",
            "it goes on for ever, in equal steps",
            "it turns back to where the slope ended",
        ),
        when_the_slope_ends,
        "Of each step 0.9 is left in the next one. In all it goes {far:.1f} times as far as its last step was.",
        {
            "a": "The slope is gone, but the velocity still holds the old slopes.",
            "c": "Each step keeps only 0.9 of the velocity, and nothing new comes in.",
            "d": "Nothing pulls it back: where the slope is 0, the velocity only fades.",
        },
        measure=partial(after_a_long_slope, 0.0, 60),
        about="what momentum remembers",
    ),
    "before.5": Question(
        "Gradient descent on L(w) = ½w², but each slope it gets has a random error, and the learning rate η is "
        "constant. What does w do in the long run?",
        (
            "it comes to rest at 0: the errors average out",
            "it wanders off, farther and farther",
            "it trembles around 0, less with a smaller η",
            "it trembles around 0, as much with any η",
        ),
        in_the_long_run,
        "The mean loss stays at {late[0]:.4f} with η = 0.2, and at {late[1]:.4f} with 0.05: each step brings in η "
        "times a new error.",
        {
            "a": "In a mean of many places they would; but each step brings in a new error.",
            "b": "The slope leads back to 0 from wherever the errors have led it.",
            "d": "Each error is multiplied by η before it moves w.",
        },
        measure=trembling,
        about="noise and a constant η",
    ),
    "before.6": Question(
        "The optimizer Adam adapts its steps to the slopes. Two parameters have the slopes 100 and 0.01, and the "
        "learning rate is η = 0.1. How long is its first step in each of them?",
        (
            "10 and 0.001: η times the slope",
            "0.1 and 0.1: η, whatever the slope",
            "0.1 and 0.00001: in the ratio of the slopes",
            "as long with any other η: it finds the length itself",
        ),
        how_long,
        "Adam adds {step[0]:.2f} and {step[1]:.2f}, downhill in both: each slope is divided by its own size, and what "
        "is left is η.",
        {
            "a": "So it is with gradient descent; Adam divides by the size of the slope as well.",
            "c": "Each parameter is divided by the size of its own slope, and not all by the same number.",
            "d": "It finds a scale for each parameter, but how long its steps are, η says.",
        },
        measure=partial(first_steps, (100.0, 0.01), 0.1),
        about="Adam's scale",
    ),
    "before.7": Question(
        "In a long valley each slope has a random error, and gradient descent may take 200 steps. Which kind of "
        "learning rate ends at the lowest loss, if each kind gets the size that is best for it?",
        (
            "one that stays the same all the time",
            "one that falls to 0",
            "one that rises from 0",
            "all alike, for each has its best size",
        ),
        partial(lowest_kind, "abcd"),
        "The mean loss at the end is {falling:.4f} with one that falls, {same:.4f} with a constant one and "
        "{rising:.4f} with one that rises: large to get there, small to calm the errors.",
        {
            "a": "A constant one must be small for the calm at the end, and then it is slow; or it stays restless.",
            "c": "At the end, where calm is needed, it is at its largest.",
            "d": "No constant size is good for both, for the way and for the end.",
        },
        measure=partial(three_kinds, GradientDescent(), np.geomspace(0.005, 0.15, 8), ravine(kappa=10), 200),
        about="a falling learning rate",
    ),
    "before.8": Question(
        "L = cos x₁ + cos x₂ + … + cos x₆. There are 64 places where each x is 0 or π; at all of them every slope is "
        "0. How many of them are minima?",
        (
            "64",
            "32",
            "6",
            "1",
        ),
        partial(count_of, {"a": 64, "b": 32, "c": 6, "d": 1}),
        "{minima} of {places}: a minimum must lead up in all six directions. At most of the others some lead up and "
        "some down.",
        {
            "a": "The slope is 0 on a hilltop, too, and on a pass between two hills.",
            "b": "With one parameter it is one half; with six, all six must lead up at once.",
            "c": "Each parameter has one value that is low, and a minimum needs all six of them.",
        },
        measure=partial(minima_among, lambda x: np.cos(x).sum(axis=-1), (0.0, np.pi), 6),
        about="where all slopes are zero",
    ),
    "before.9": Question(
        "Gradient descent and another method, Adam, take 100 steps on ½(x² + 20y²) from (−1, 0.53). With the learning "
        "rate 0.001 for both, gradient descent ends lower. And with 0.01 for both?",
        (
            "Adam ends lower, by more than a fifth",
            "gradient descent ends lower again, by more than a fifth",
            "about alike",
        ),
        partial(who_is_lower, "bac"),
        "With 0.001 they end at {before[0]:.2f} and {before[1]:.2f} (Adam), with 0.01 at {after[0]:.3f} and "
        "{after[1]:.3f}. The same number means another step length in each method.",
        {
            "b": "One race with one learning rate says which method that rate suits, and not which is better.",
            "c": "It helps both, but Adam's steps are about as long as the learning rate, so it gains far more.",
        },
        measure=partial(same_rate, (GradientDescent(), Adam()), (0.001, 0.01)),
        about="a fair comparison",
    ),
    "before.10": Question(
        "Polynomials of degree 1, 3 and 9 are fitted to ten points of the curve sin 3x between −1 and 1, each off by "
        "about 0.2. Which has the smallest error at these points, and which at new points between them?",
        (
            "degree 9 at both: it comes closest to the points",
            "degree 3 at both",
            "degree 9 at these points, degree 3 at new ones",
            "degree 9 at these points, degree 1 at new ones",
        ),
        partial(lowest_errors, {(2, 2): "a", (1, 1): "b", (2, 1): "c", (2, 0): "d"}),
        "At the ten points the errors are {known[0]:.3f}, {known[1]:.3f} and {known[2]:.3f}, at new ones {new[0]:.3f}, "
        "{new[1]:.3f} and {new[2]:.3f}. Degree 9 fits the noise as well.",
        {
            "a": "It passes through all ten points, and so through their noise, which is another one at new points.",
            "b": "Degree 9 can do all that degree 3 can, so it is never worse at the points that it is fitted to.",
            "d": "A line is too stiff for this curve: it misses old points and new ones alike.",
        },
        measure=partial(fitted, lambda x: np.sin(3 * x), 10, (1, 3, 9)),
        about="training loss and test loss",
    ),
}

AFTER = {
    "after.1": Question(
        "On L(x, y) = ½(x² + 6y²) you stand at (6, −2); the minimum is at (0, 0). In which direction does L fall "
        "fastest?",
        (
            "(−1, 2), more along y than along x",
            "(−3, 1), straight at the minimum",
            "(−1, 0), for x is farther from 0",
            "(2, 1), along the line of equal L",
        ),
        partial(which_way, {"a": (-1, 2), "b": (-3, 1), "c": (-1, 0), "d": (2, 1)}),
        "Of 3600 directions, L falls most along ({way[0]:.2f}, {way[1]:.2f}). That is the direction of −∇L = (−6, 12).",
        {
            "b": "The gradient knows the slopes where you stand, and not where the minimum is.",
            "c": "It is not the distance that counts, but the slope: 6 along x, and −12 along y.",
            "d": "Along a contour line L stays the same; −∇L is at a right angle to it.",
        },
        measure=partial(steepest, 6, (6.0, -2.0)),
        about="the way downhill",
    ),
    "after.2": Question(
        "Gradient descent on L(w) = 3w², from w = 1 with η = 0.3. How does w move?",
        (
            "towards 0, from one side",
            "from side to side of 0, farther each time",
            "from side to side of 0, nearer each time",
            "to and fro between the same two places",
        ),
        partial(nearer_or_farther, "abcd"),
        "It goes from 1 to {w[1]:.2f}, {w[2]:.2f}, {w[3]:.2f}: with λ = 6 the factor 1 − ηλ is −0.8. The limit is 2/6.",
        {
            "a": "So it is up to η = 1/λ = 1/6; above it each step goes beyond the minimum.",
            "b": "So it is above 2/λ = 1/3. Here each step goes too far, but lands nearer than it was.",
            "d": "So it is with η = 1/3, just at the limit.",
        },
        measure=partial(twelve_steps, 6, 0.3),
        about="the limit of η",
    ),
    "after.3": Question(
        "Gradient descent on ½(60x² + 60y²) and on ½(x² + 60y²), from (1, 1), each with its own best η. Which one "
        "takes more steps to come a hundred times nearer to (0, 0)?",
        (
            "the first: it is steep in both directions",
            "the second, more than fifty times as many",
            "the second, about twice as many",
            "neither: each has its best η",
        ),
        partial(more_steps, "dacb"),
        "The first takes {first:.0f}, the second {second:.0f}. Not how steep a valley is decides, but how unequal: κ "
        "is 1 for the first and 60 for the second.",
        {
            "a": "Steep in both directions is easy: one small η suits both.",
            "c": "The steps grow like κ, and that is 60 here.",
            "d": "The best η of the second must be small for the steep y, and then it is too small for x.",
        },
        measure=partial(two_valleys, (60, 60), (1, 60)),
        about="the condition number",
    ),
    "after.4": Question(
        "Momentum: v ← 0.9v + η·slope, then w ← w − v. The slope was 1 for a long time and is −1 from now on, so it "
        "leads back. What does w do?",
        (
            "it turns at once",
            "it stands still",
            "it goes on for ever",
            "it goes on for some steps, then it turns",
        ),
        when_the_slope_turns,
        "It goes on for {on} more steps before it turns. The velocity has ten slopes of 1 in it, and each step takes "
        "away a tenth of them and adds a −1.",
        {
            "a": "The slope has turned, but the velocity still holds the old slopes.",
            "b": "They do cancel, but only in one moment, on the way from one direction to the other.",
            "c": "The old ones fade by 0.9 in each step, and the new ones come in each time.",
        },
        measure=partial(after_a_long_slope, -1.0, 60),
        about="what momentum remembers",
    ),
    "after.5": Question(
        "Noisy gradients on the bowl ½(x² + y²): with η = 0.1 gradient descent has come into its noise ball in 40 "
        "steps. What makes the ball less than a third as high?",
        (
            "a tenth of η, and enough steps",
            "ten times as many steps with the same η",
            "momentum with γ = 0.9 and the same η: it averages the noise",
        ),
        what_helps,
        "The mean loss is {now:.4f} now, {smaller:.4f} with a tenth of η, {longer:.4f} after ten times as many steps, "
        "and {momentum:.4f} with momentum, which adds up the noise as well.",
        {
            "b": "It is in its ball already, and with this η each step brings as much new noise as before.",
            "c": "It averages, but its steps are 1/(1 − γ) times as long: the ball grows.",
        },
        measure=three_remedies,
        about="noise and a constant η",
    ),
    "after.6": Question(
        "Two parameters have the gradients −3000 and 0.02. What does Adam's first step with η = 0.01 add to them?",
        (
            "30 and −0.0002",
            "0.01 and −0.00000007",
            "almost 0 to both",
            "0.01 and −0.01",
        ),
        which_change,
        "Adam adds {step[0]:.3f} and {step[1]:.3f}: divided by its own size, each gradient leaves only its sign, times "
        "η.",
        {
            "a": "So it is with gradient descent; Adam divides by the size of the gradient as well.",
            "b": "Each parameter has a scale of its own, so the ratio of the two gradients does not matter.",
            "c": "They do begin at 0, and m̂ and v̂ correct that.",
        },
        measure=partial(first_steps, (-3000.0, 0.02), 0.01),
        about="Adam's scale",
    ),
    "after.7": Question(
        "Noisy gradients, and 200 steps of Adam in a ravine (κ = 20, σ = 0.5). Which kind of η ends at the lowest "
        "loss, if each kind gets the size that is best for it?",
        (
            "one that falls to 0",
            "a constant one: Adam makes its steps smaller itself",
            "one that rises from 0",
            "all alike, within a fifth, for Adam adapts",
        ),
        partial(lowest_kind, "bacd"),
        "The mean loss at the end is {falling:.4f} with one that falls, {same:.4f} with a constant one and "
        "{rising:.4f} with one that rises: Adam adapts to the scale, and does not know that it is time to come to "
        "rest.",
        {
            "b": "Near the minimum the gradients shrink, and Adam divides by less: its steps do not get small.",
            "c": "At the end, where calm is needed, it is at its largest.",
            "d": "Adam evens out the scales of the parameters, and not the noise.",
        },
        measure=partial(three_kinds, Adam(), np.geomspace(0.01, 0.3, 8), ravine(kappa=20, angle=30), 200),
        about="a falling learning rate",
    ),
    "after.8": Question(
        "L is the sum of xᵢ³ − 3xᵢ over five parameters. There are 32 places where each x is 1 or −1; at all of them "
        "the gradient is 0. How many of them are minima?",
        (
            "32",
            "16",
            "1",
            "5",
        ),
        partial(count_of, {"a": 32, "b": 16, "c": 1, "d": 5}),
        "{minima} of {places}, and one is a maximum; the other 30 are saddles. The more parameters, the rarer it is "
        "that all directions lead up.",
        {
            "a": "On a hilltop and at a saddle the gradient is 0, too.",
            "b": "With one parameter it is one half; with five, all five must lead up at once.",
            "d": "Each parameter has one value that is low, and a minimum needs all five of them.",
        },
        measure=partial(minima_among, lambda x: (x**3 - 3 * x).sum(axis=-1), (-1.0, 1.0), 5),
        about="where all slopes are zero",
    ),
    "after.9": Question(
        "Momentum with γ = 0.9 and gradient descent take 100 steps on ½(x² + 20y²) from (−1, 0.53). With η = 0.005 for "
        "both, momentum ends lower. And with η = 0.09 for both?",
        (
            "momentum ends lower again, by more than a fifth",
            "gradient descent ends lower, by more than a fifth",
            "about alike",
        ),
        partial(who_is_lower, "abc"),
        "With 0.005 they end at {before[0]:.0e} (momentum) and {before[1]:.0e}, with 0.09 at {after[0]:.0e} and "
        "{after[1]:.0e}: one η for all compares the η, not the methods.",
        {
            "a": "With an η and a γ of its own it is ahead in ravines; with this η it swings for long.",
            "c": "0.09 is nearly the best η of gradient descent, and no good one for momentum with γ = 0.9.",
        },
        measure=partial(same_rate, (Momentum(), GradientDescent()), (0.005, 0.09)),
        about="a fair comparison",
    ),
    "after.10": Question(
        "Polynomials of degree 2, 6 and 11 are fitted to twelve points of a parabola, each off by about 0.2. Which has "
        "the lowest training loss, and which the lowest loss at new points between them?",
        (
            "degree 2 has both: the curve is a parabola",
            "degree 11 the training loss, degree 2 the loss at new points",
            "degree 11 has both: it can do all that the others can",
            "degree 11 the training loss, degree 6 the loss at new points",
        ),
        partial(lowest_errors, {(0, 0): "a", (2, 0): "b", (2, 2): "c", (2, 1): "d"}),
        "The training losses are {known[0]:.3f}, {known[1]:.3f} and {known[2]:.3f}, those at new points {new[0]:.3f}, "
        "{new[1]:.3f} and {new[2]:.3f}. Degree 11 fits the noise as well.",
        {
            "a": "Degree 11 can do all that degree 2 can, and bend towards the noise as well.",
            "c": "It can, and it also fits the noise of the twelve points, which is another one at new points.",
            "d": "Between too stiff and too free there is a best degree; here degree 2 is not too stiff.",
        },
        measure=partial(fitted, lambda x: x**2, 12, (2, 6, 11)),
        about="training loss and test loss",
    ),
}
