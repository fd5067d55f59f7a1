"""What notebook 10 asks before it shows: planes, paths, lines between solutions, the catapult, the edge, the river."""

import numpy as np

from .n02 import near
from .prediction import Choice


def other_weights(one, eight):
    """10.1: the rise of the loss along random directions, for c = 1 and c = 8."""
    ratio = eight / one
    return "a" if ratio < 1.5 else "b" if ratio < 10 else "c"


def what_stays(one, eight):
    """10.2: for c = 1 and 8, the rise without and with filter normalization, and the sharpness."""
    _, filters, top = (bool(abs(after / before - 1) < 0.01) for before, after in zip(one, eight))
    return {(False, True): "a", (True, False): "b", (True, True): "c", (False, False): "d"}[filters, top]


def share_in_a_plane(inside):
    """10.3: the largest share of a path that lies in a plane of two random directions."""
    return "c" if inside > 0.2 else "b" if inside > 0.02 else "a"


def share_of_a_walk(first, second):
    """10.4: the shares of variance of the first two components of a random walk."""
    return near(first + second, {"a": 2 / 4810, "b": 0.2, "c": 0.76}, 0.1)


def renamed(barriers):
    """10.5: the barrier before and after units are matched."""
    ratio = barriers[1] / barriers[0]
    return "c" if ratio > 0.9 else "b" if ratio > 0.3 else "a"


def wider(narrow, wide):
    """10.6: the barriers of the narrowest and of the widest network, before and after units are matched."""
    ratio = wide[1] / narrow[1]
    return "a" if ratio < 0.7 else "b" if ratio < 1.4 else "c"


def one_start(apart, shared):
    """10.7: the barrier with two starts, and with one start and other batches from the first step on."""
    ratio = shared / apart
    return "c" if ratio > 0.7 else "b" if ratio > 0.2 else "a"


def beyond_two(largest, last):
    """10.8: the largest loss of a run in units of the first, and the last one."""
    return "a" if not np.isfinite(last) else "b" if last > 0.01 else "c" if largest > 2 else "d"


def ever_flatter(found):
    """10.9: the final sharpness for learning rates that grow."""
    up = np.diff(found) > 0.01
    return "b" if up[: len(up) // 2].any() else "c" if up.any() else "a"


def where_to(first, last, edge):
    """10.10: the sharpness at the start and at the end, and 2/η."""
    if last < 0.5 * first:
        return "a"
    return "c" if abs(last / edge - 1) < 0.05 else "b" if abs(last / first - 1) < 0.05 else "d"


def after_the_change(before, after):
    """10.11: the sharpness when η is made smaller, and a thousand steps later."""
    ratio = after / before
    return "c" if ratio < 0.9 else "b" if ratio < 1.1 else "a"


def centred_inputs(plain, centred):
    """10.12: the sharpness at the start, with inputs as they are and centred."""
    ratio = plain / centred
    return "a" if ratio < 0.8 else "b" if ratio < 1.25 else "c" if ratio < 4 else "d"


def decay_tells(before, after):
    """10.13: the loss at step 1800, and at the end of a decay of 200 steps."""
    ratio = after / before
    return "c" if ratio > 0.9 else "b" if ratio > 0.6 else "a"


def along_the_steep(SGD, Dom, Bulk):
    """10.14: how much the loss falls with all of the step, with its part along ten directions, and with the rest."""
    ratio = Dom / SGD
    return "a" if ratio > 0.7 else "b" if ratio > 0.1 else "c"


PREDICTIONS = {
    "10.1": Choice(
        "W₁ and b₁ of a ReLU network times 8, W₂ divided by 8: the same function. Go along random "
        "directions, as far as with the old weights (half the length of those). The loss now rises …",
        ("as much as before: it is the same function", "up to 10 times as much", "more than 10 times as much"),
        other_weights,
        "By {eight:.0f} in place of {one:.2f}, on the average of ten directions.",
        {
            "a": "The function is the same, but the directions are not: W₂ is small now, and they are as long as W₁.",
            "b": "More: the disturbance is as large as W₁, and W₂ is eight times smaller than before.",
        },
    ),
    "10.2": Choice(
        "Of two measures of how sharp the minimum is, the largest eigenvalue of the Hessian, and the rise along "
        "directions with filter normalization, which stays the same when c goes from 1 to 8?",
        ("the eigenvalue only", "the rise with filter normalization only", "both", "neither"),
        what_stays,
        "The eigenvalue goes from {one[2]:.0f} to {eight[2]:.0f}, the rise from {one[1]:.3f} to {eight[1]:.3f}.",
        {
            "a": "A Hessian depends on the units in which weights are counted; c changes these units.",
            "c": "Only what is measured in units of the weights themselves can stay.",
            "d": "Directions with filter normalization are scaled with the weights, so c drops out.",
        },
    ),
    "10.3": Choice(
        "Which share of such a path (its squared distances from the end) lies in a plane of two random directions?",
        ("less than 2 %", "2 to 20 %", "more than 20 %"),
        share_in_a_plane,
        "{inside:.2%} at most. On average it is 2 of 4810 dimensions, 0.04 %.",
        {
            "c": "A picture can suggest it. But two directions of 4810 are nearly at right angles to everything.",
            "b": "Less. Each of two random directions holds 1/4810 on average.",
        },
    ),
    "10.4": Choice(
        "And a random walk in 4810 dimensions, which goes nowhere: its first two principal directions hold …",
        ("2/4810 of its variance", "about 20 %", "about 75 %"),
        share_of_a_walk,
        "{first:.0%} and {second:.0%}: 6/π² and 6/(4π²), in any large dimension.",
        {
            "a": "So it would be for separate points. But those of a walk hang together: neighbours are alike.",
            "b": "More. The walk's own directions are chosen for the walk, after it was made.",
        },
    ),
    "10.5": Choice(
        "Width 64. Now the units of one network are renamed so that they agree with those of the other. It stays the "
        "same function. The barrier …",
        ("falls below a third", "falls, to a third of it or more", "stays as high"),
        renamed,
        "From {barriers[0]:.2f} to {barriers[1]:.3f}, the mean of three pairs.",
        {
            "c": "Its ends are the same functions, but the straight line between them is another one.",
            "b": "More. Most of the barrier was a matter of names.",
        },
    ),
    "10.6": Choice(
        "And with 256 units in place of 16, the barrier that is left after matching is …",
        ("lower", "about the same", "higher: there is more to be matched"),
        wider,
        "{narrow[1]:.3f} with 16 units, {wide[1]:.3f} with 256.",
        {
            "b": "Wide networks find units that are alike more easily.",
            "c": "There is more to match, but also more choice: to each unit there is one that is quite alike.",
        },
    ),
    "10.7": Choice(
        "One initialization, but other batches from the first step on. The barrier between the two results is, against "
        "that of two initializations without matching, …",
        ("below a fifth", "lower, but a fifth of it or more", "about as high"),
        one_start,
        "{shared:.3f} against {apart:.2f}, the means of three pairs.",
        {
            "c": "On this task the noise of batches does not send them to different valleys.",
            "b": "Even less: here the start decides.",
        },
    ),
    "10.8": Choice(
        "η = 0.2, which is between 2/λ₀ = 0.124 and 4/λ₀ = 0.248. The loss …",
        (
            "grows without end",
            "stays up and jumps to and fro",
            "rises, then falls to 0 elsewhere",
            "falls to 0 without rising",
        ),
        beyond_two,
        "It rises to {largest:.0f} times its first value, and ends at 0.",
        {
            "a": "So it would be on a parabola. Here the curvature changes on the way.",
            "b": "It does so for a while, and at the same time moves to where the valley is wider.",
            "d": "Where it starts η is too large for the curvature, so it must rise first.",
        },
    ),
    "10.9": Choice(
        "Twelve η from 0.12 to 0.248. As η grows, the sharpness of the minimum that is found …",
        ("falls with each of them", "goes up and down from the first ones on", "falls at first, then goes up and down"),
        ever_flatter,
        "It falls up to η = 0.21, then goes up and down. Only the bound 2/η falls steadily.",
        {
            "a": "Where it lands depends on the last jump. Certain is only that a minimum above 2/η can't hold it.",
            "b": "A little beyond 2/λ₀ the jumps are short, and more is flatter. Long jumps go too far.",
        },
    ),
    "10.10": Choice(
        "Gradient descent with η = 0.5 on the network; the sharpness begins at about 3.5, and 2/η is 4. After 2500 "
        "steps the sharpness …",
        ("has fallen to half or less", "is where it was", "is at 2/η, within 5 %", "is somewhere else"),
        where_to,
        "It has come from {first:.1f} to {edge:.0f}, and stays there; measured are the last 1000 steps.",
        {
            "a": "After a little fall at first it rises while the network trains, with a small step too.",
            "b": "It is not a constant: it rises while the network trains, until something holds it.",
            "d": "Above 2/η the steps jump across the valley, and that drives the sharpness down again.",
        },
    ),
    "10.11": Choice(
        "After 1000 steps with η = 0.8 it becomes 0.5. In the next 1000 steps the sharpness …",
        ("rises", "stays where it is", "falls"),
        after_the_change,
        "From {before:.1f} to {after:.1f}; 2/η went from 2.5 to 4.",
        {
            "c": "Smaller steps don't find flatter places. They are held less.",
            "b": "It would stay if the place were a minimum. But the sharpness rises wherever nothing holds it.",
        },
    ),
    "10.12": Choice(
        "Without the subtraction of the mean image from the inputs the sharpness at the start is …",
        ("lower", "the same", "up to 4 times as high", "more than 4 times as high"),
        centred_inputs,
        "{plain:.1f} against {centred:.1f}, the means of three starts: centring allows an η that much larger.",
        {
            "a": "Inputs that are all positive have one large direction in common, and there the loss is steep.",
            "b": "The network can undo a shift of its inputs, but its Hessian is another one.",
            "c": "More. The mean image is the largest direction that the inputs have.",
        },
    ),
    "10.13": Choice(
        "From step 800 to step 1800 the loss has fallen by a fifth only. Now η falls to 0 within 200 steps. The loss "
        "is then, against that at step 1800, …",
        ("less than 60 % of it", "more than 60 %, but less than 90 % of it", "more than 90 % of it"),
        decay_tells,
        "{before:.2f} in the hundred steps before, {after:.2f} at the end.",
        {
            "b": "It falls by more. Most of the loss was hill.",
            "c": "What is high there is not the river, but how far one bounces up its sides; that goes away with η.",
        },
    ),
    "10.14": Choice(
        "About four tenths of |g|² of a batch lie in the ten steepest directions. With steps along these ten only, the "
        "loss falls, against that with all of each step, …",
        ("by more than 70 % of it", "by 10 to 70 % of it", "by less than a tenth of it"),
        along_the_steep,
        "By {Dom:.4f} in place of {SGD:.4f}; without the ten directions by {Bulk:.4f}.",
        {
            "a": "That is what happens with the other directions only, when the ten are left out.",
            "b": "A share of |g|² is not a share of what is gained.",
        },
    ),
}
