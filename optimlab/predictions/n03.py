"""What notebook 03 asks before it shows: the ravine, memory, a scale for each parameter, fair races, dialects."""

import numpy as np

from .prediction import Amount, Choice


def way_to_the_star(back, turns, way, straight):
    """03.1: in how many of its turns the path goes back, and its length against the straight way."""
    if not np.isfinite(way):
        return None
    return "a" if way < 1.05 * straight else "c" if back > turns / 2 else "b"


def grown(v, lr):
    """03.2: the velocity in steps of gradient descent, where the gradient is 1."""
    return v / lr


def row_and_map(row, best):
    """03.3: (η, steps) of the best cell of a row, and of the best cell of the map."""
    if not np.isfinite([*row, *best]).all():
        return None
    smaller, slower = row[0] < best[0], row[1] > 2 * best[1]
    return {(True, False): "a", (True, True): "b", (False, False): "c", (False, True): "d"}[bool(smaller), bool(slower)]


def wider(Momentum, Nesterov):
    """03.4: how far each swings out on the other side of the floor."""
    if not np.isfinite([Momentum, Nesterov]).all():
        return None
    if abs(Momentum - Nesterov) <= 0.05 * max(Momentum, Nesterov):
        return "c"
    return "a" if Momentum > Nesterov else "b"


def taller(x, y):
    """03.5: the scales of the two coordinates."""
    return "c" if abs(x - y) <= 0.1 * max(x, y) else "b" if x > y else "a"


def at_the_minimum(rates, hops):
    """03.6: how long the last steps are, in learning rates."""
    ratio = np.divide(hops, rates)
    return "a" if (ratio < 0.01).all() else "b" if (ratio > 2).all() else "c" if (abs(ratio - 1) < 0.5).all() else None


def first_step(lr, steps, gradients):
    """03.7: what a first step is as long as."""
    steps, lengths = np.abs(steps), np.linalg.norm(steps, axis=-1)
    if np.allclose(steps, lr, rtol=0.05):
        return "a"
    if np.allclose(lengths, lr, rtol=0.05):
        return "b"
    if np.allclose(steps, lr * np.abs(gradients), rtol=0.05):
        return "c"
    return "d" if (steps < lr / 5).all() else None


def first_there(settled):
    """03.8: {name: the step at which it settles, or None}; who is first?"""
    arrived = {name: step for name, step in settled.items() if step is not None}
    first = min(arrived, key=arrived.get, default=None)
    return {"Adam": "a", "Momentum": "b", "RMSprop": "c", "Nesterov": "d"}.get(first)


def first_to_leave(left):
    """03.9: {name: the step at which it is outside the picture, or None}; what do the first have in common?"""
    gone = {name: step for name, step in left.items() if step is not None}
    first = {name for name, step in gone.items() if step == min(gone.values())}
    if not first:
        return "c"
    by_size, times_eta = {"AdaGrad", "Adadelta", "RMSprop", "Adam"}, {"GradientDescent", "Momentum", "Nesterov"}
    return "a" if first <= by_size else "b" if first <= times_eta else None


def with_one_rate(winners):
    """03.10: the winner with each learning rate."""
    different = set(winners.split(", "))
    return "a" if len(different) > 1 else "b" if different == {"Adam"} else "c"


def everywhere(winners):
    """03.11: the winner on each surface."""
    different = set(winners.split(", "))
    return "c" if len(different) > 1 else {"Adam": "a", "Nesterov": "b"}.get(different.pop())


def gains_most(GradientDescent, Momentum, Nesterov, AdaGrad, RMSprop, Adam):
    """03.12: how many times as fast each becomes with its second knob tuned."""
    gains = {None: max(GradientDescent, AdaGrad, 1), "a": Nesterov, "b": Momentum, "c": RMSprop, "d": Adam}
    return None if np.isnan([*gains.values()]).any() else max(gains, key=lambda letter: gains[letter])


def what_scales_bring(ends):
    """03.13: how far above the minimum the methods with scales end, against those without, on each kind of inputs."""

    def much(inputs):
        without = min(ends[f"{inputs} GradientDescent"], ends[f"{inputs} Momentum"])
        return bool(without > 1.5 * min(ends[f"{inputs} AdaGrad"], ends[f"{inputs} Adam"]))

    came = much("rare words"), much("unequal sizes"), much("common words")
    letters = {(True, False, False): "a", (True, True, False): "b", (True, True, True): "c", (False,) * 3: "d"}
    return letters.get(came)


def two_readings(gap, inside, outside):
    """03.14: how far apart the two end, and how long their ways are."""
    return "a" if gap < 1e-6 else "b" if outside > inside else "c"


def two_places(large, small):
    """03.15: how far apart the two paths are with a large ε and with a small one."""
    return "a" if small > 2 * large else "b" if small > large / 2 else "c" if small < large / 100 else None


PREDICTIONS = {
    "03.1": Choice(
        "With the best fixed η on the ravine of κ = 50, the path goes …",
        (
            "straight to the star",
            "down to the floor first, then along it",
            "in a zigzag, from one side to the other",
        ),
        way_to_the_star,
        "In {back} of {turns} turns the step goes back against the one before. The path is {way:.1f} long; its two "
        "ends are only {straight:.2f} apart.",
        {
            "a": "Downhill is across the ravine, and the star lies along it.",
            "b": "With a small η it would be so. The best η must be large for the flat direction; across the ravine it "
            "is too large, and the step lands on the other side.",
        },
    ),
    "03.2": Amount(
        "The gradient stays g, and γ = 0.9. To how many times ηg does momentum's step grow?",
        "times ηg",
        grown,
        "Each step adds ηg to γ times the old velocity. The sum 1 + γ + γ² + … comes close to 1/(1 − γ).",
        "The old velocity is carried on in every step, not only once: 1 + γ + γ² + … has many terms.",
        "The sum does not grow for ever: γ is less than 1, so what is older counts less and less.",
        1.25,
    ),
    "03.3": Choice(
        "Momentum, κ = 20: compared with the best cell of the map, the best η on the row γ = 0.9 is …",
        (
            "smaller, and it settles about as fast",
            "smaller, and it settles several times slower",
            "larger, and it settles about as fast",
            "larger, and it settles several times slower",
        ),
        row_and_map,
        "On the row the best is η = {row[0]:.2g} with {row[1]:.0f} steps; the best cell has η = {best[0]:.2g} and "
        "needs {best[1]:.0f}. For this ravine, γ = 0.9 remembers too much.",
        {
            "a": "0.9 is a habit, and habits do not know this ravine: here so much memory costs time.",
            "c": "A larger γ allows a larger η, but what is allowed is not yet what is best.",
            "d": "The limit of η does grow with γ; the best η of the row lies far below it.",
        },
    ),
    "03.4": Choice(
        "With the same η and γ, which of the two swings wider across the ravine?",
        ("Momentum", "Nesterov", "both equally wide"),
        wider,
        "Beyond the floor of the ravine momentum gets {Momentum:.2f} far and Nesterov {Nesterov:.2f}. Nesterov takes "
        "its gradient farther on, where it already points back.",
        {
            "b": "Nesterov does look farther ahead; but what it sees there makes it brake earlier.",
            "c": "η and γ are the same, but the gradients are not: Nesterov's is taken at another place.",
        },
    ),
    "03.5": Choice(
        "The two bars are AdaGrad's factors for x and for y. Which one is taller?",
        ("that of y, the steep direction", "that of x, the flat direction", "both are equally tall"),
        taller,
        "At the last step the factor of x is {x:.3f} and that of y {y:.3f}: the gradients in y were the larger ones, "
        "and each coordinate is divided by its own.",
        {
            "a": "The gradients in y are the larger ones; but AdaGrad divides by their size.",
            "c": "η is one number for both; the sum G is another one in each coordinate.",
        },
    ),
    "03.6": Choice(
        "What does RMSprop do at the minimum, with a constant η?",
        (
            "it comes to rest: the gradient is almost 0 there",
            "it flies away: it divides by almost 0",
            "it hops to and fro by about η",
        ),
        at_the_minimum,
        "The gradient becomes small, and so does the size that it is divided by. What is left is about η: hops of "
        "{hops[0]:.4f} with η = {rates[0]}.",
        {
            "a": "The gradient does become small, but it is divided by its own size.",
            "b": "It divides a small number by a small number, and that is neither small nor large.",
        },
    ),
    "03.7": Choice(
        "How long is Adam's first step?",
        (
            "η in each coordinate, whatever the gradient",
            "η in all, in the direction of −g",
            "η times the gradient",
            "almost 0, for m and v start at 0",
        ),
        first_step,
        "In each coordinate g is divided by √g², its own size: with η = {lr} the first step is {lr} in x and in y, on "
        "all the surfaces.",
        {
            "b": "Each coordinate is divided by its own size, not both by the length of the gradient.",
            "c": "g does stand above the fraction bar; but below it stands its size, and the two cancel.",
            "d": "m and v are small at first, but the hats correct that: m̂ = g and v̂ = g².",
        },
    ),
    "03.8": Choice(
        "From the start at (1, 1), who settles first?",
        ("Adam", "Momentum", "RMSprop", "Nesterov"),
        first_there,
        "Nesterov settles after {settled[Nesterov]} steps, Adam after {settled[Adam]} and momentum after "
        "{settled[Momentum]}.",
        {
            "a": "Adam is the newest and the best known of them; that does not make it the first on every surface.",
            "b": "Momentum gains speed here, too, but it also swings, and that takes time.",
            "c": "RMSprop's steps are about η long, wherever it is: a small η makes it slow, a large one makes it hop.",
        },
    ),
    "03.9": Choice(
        "You drag the start to the upper right, where it is very steep. Who leaves the picture first?",
        (
            "AdaGrad, RMSprop or Adam",
            "gradient descent, momentum or Nesterov",
            "none of them: all find their way down",
        ),
        first_to_leave,
        "Gradient descent is outside after step {left[GradientDescent]}, Nesterov after {left[Nesterov]}, momentum "
        "after {left[Momentum]}: where the gradient is enormous, η times the gradient is enormous, too.",
        {
            "a": "They divide by the gradient's size, so a steeper place does not make their steps longer.",
            "c": "The η were chosen for the start at (1, 1); where it is steeper, η times the gradient is too far.",
        },
    ),
    "03.10": Choice(
        "All get the same η, first 0.001, then 0.01, then 0.1. Who wins?",
        (
            "the winner changes with η",
            "Adam, with each of the three",
            "with each of the three the same one, but not Adam",
        ),
        with_one_rate,
        "The winners are {winners}: each η suits another method.",
        {
            "b": "Adam divides by the gradient's size, but η still says how long its steps are: it must suit, too.",
            "c": "The same η is short for one method and long for another: each has a range of its own.",
        },
    ),
    "03.11": Choice(
        "Each has its own best η now. Does one win on both ravines, Beale's surface and Rosenbrock's valley?",
        ("yes, Adam", "yes, Nesterov", "no"),
        everywhere,
        "The winners on the surfaces, one after the other: {winners}.",
        {
            "a": "Adam is made for parameters with scales of their own; these surfaces have two similar ones.",
            "b": "Nesterov brakes earlier than momentum, and often that helps; on a curved valley it need not.",
        },
    ),
    "03.12": Choice(
        "Now γ and β₁ are tuned as well. Who gains most, on average over the first three of these surfaces?",
        ("Nesterov", "Momentum", "RMSprop", "Adam"),
        gains_most,
        "With the second knob tuned, momentum is {Momentum:.1f} times as fast on average, Adam {Adam:.1f} times, "
        "Nesterov {Nesterov:.1f} and RMSprop {RMSprop:.1f} times.",
        {
            "a": "Nesterov's look-ahead damps the swings of γ = 0.9 already, so there is less to gain.",
            "c": "RMSprop's γ does not say how much of the last steps is kept: with any γ it hops at the minimum.",
            "d": "Adam gains, too; but with β₁ = 0.9 it was not as far from its best.",
        },
    ),
    "03.13": Choice(
        "Where do the scales of AdaGrad and Adam bring much?",
        (
            "with rare words; not with common words, not with unequal sizes",
            "with rare words and unequal sizes; not with common words",
            "with all three: a scale for each parameter always helps",
            "with none, once each method has its own best η",
        ),
        what_scales_bring,
        "AdaGrad against gradient descent, above the minimum: rare words {ends[rare words AdaGrad]:.4f} against "
        "{ends[rare words GradientDescent]:.4f}, unequal sizes {ends[unequal sizes AdaGrad]:.4f} against "
        "{ends[unequal sizes GradientDescent]:.4f}, common words {ends[common words AdaGrad]:.4f} against "
        "{ends[common words GradientDescent]:.4f}.",
        {
            "a": "Rare words are one way to have small gradients in some coordinates; there are others.",
            "c": "Where all coordinates have the same scale, there is nothing to even out.",
            "d": "One η for all coordinates can be best for the large ones or for the small ones, not for both.",
        },
    ),
    "03.14": Choice(
        "η decays. What do the two readings do, η inside the velocity and η outside?",
        (
            "they still walk the same path",
            "two paths; with η outside it is the longer one",
            "two paths; with η inside it is the longer one",
        ),
        two_readings,
        "They end {gap:.4f} apart; the path with η inside is {inside:.2f} long, the other one {outside:.2f}.",
        {
            "a": "The velocity is made of many steps: with η inside, each of them keeps the η of its own time.",
            "b": "With η outside, the small η of now shortens the whole velocity, the old part too.",
        },
    ),
    "03.15": Choice(
        "ε goes from 0.1 down to 10⁻⁸. What happens to the paper's path and Keras'?",
        ("they move farther apart", "they stay as far apart as they were", "they become one"),
        two_places,
        "They are {large:.1e} apart with the large ε, and {small:.1e} with the small one.",
        {
            "a": "ε stands below the fraction bar, but it is added there: next to √v, a tiny ε is nothing.",
            "b": "Its place stays another one; but what is added there becomes too small to matter.",
        },
    ),
}
