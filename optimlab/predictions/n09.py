"""What notebook 09 asks before it shows: signs, layers, Newton–Schulz, small modes, axes, averages, the fair race."""

import numpy as np

from .n02 import near
from .prediction import Choice


def compared(one, other):
    """Whether one (mean, spread) is higher than another, the same within the larger spread, or lower."""
    gap, spread = one[0] - other[0], max(one[1], other[1])
    return "a" if gap > spread else "c" if gap < -spread else "b"


def sign_against_adam(sign, adam):
    """09.1: E[x²] of sign descent and of Adam with the same η."""
    ratio = sign / adam
    return "a" if ratio < 0.9 else "b" if ratio < 1.6 else "c"


def ten_times_the_noise(little, much):
    """09.2: E[x²] of sign descent with σ and with 10σ."""
    return near(much / little, {"a": 1, "b": 10, "c": 100}, 0.2)


def rate_of_signs(Adam, Signum, Lion):
    """09.3: the best η of Adam against those of Signum and Lion, under a cosine."""
    ratio = Adam / np.mean([Signum, Lion])
    return "a" if ratio < 1 / 1.6 else "b" if ratio < 1.6 else "c" if ratio < 15 else "d"


def factor_of_a_layer(first, last):
    """09.4: |W|/|u| of both layers at the first and at the last step."""
    growth = np.min(np.divide(last, first))
    return "a" if growth < 0.5 else "b" if growth < 3 else "c"


def price_of_the_copy(adam, factored):
    """09.5: (mean, spread) of the training losses."""
    return compared(factored, adam)


def a_hundredth(small):
    """09.6: what becomes of a singular value of 0.01 in five iterations."""
    return "a" if small < 0.2 else "b" if abs(small - 1) > 0.01 else "c"


def more_iterations(five, twenty):
    """09.7: the largest distance from 1 after five and after twenty iterations."""
    return "b" if twenty < 0.1 * five else "c" if twenty > 3 * five else "a"


def which_mode(large, small):
    """09.8: the half-times of the largest and of the smallest mode with Muon."""
    ratio = large / small
    return "a" if ratio < 0.7 else "c" if ratio > 1.4 else "b"


def the_rarest(first, last):
    """09.9: the steps at which Muon has learned the most common fact and the rarest."""
    ratio = (last + 1) / (first + 1)
    return "a" if ratio > 30 else "b" if ratio > 2 else "c"


def who_is_turned(adam, soap):
    """09.10: log₁₀ of L/L₀ along the coordinates and turned, of Adam and of SOAP."""
    loses = tuple(turned - along > 1.5 for along, turned in (adam, soap))
    return {(True, True): "a", (True, False): "b", (False, False): "c"}.get(loses)


def average_or_cosine(cosine, EMA):
    """09.11: (mean, spread) of the training losses at the end."""
    return compared(EMA, cosine)


def first_place(first):
    """09.12: who has the first place, counted in steps."""
    return "d" if " and " in first else {"Adam": "a", "Muon": "b", "SOAP": "c"}.get(first)


def by_seconds(soap, nesterov):
    """09.13: the seconds to the target of SOAP and of Nesterov."""
    return "a" if soap < nesterov else "b"


PREDICTIONS = {
    "09.1": Choice(
        "Sign descent (β = 0) and Adam with one η at the minimum of ½x², in normal noise that is much larger than η. "
        "The mean of x² of sign descent is …",
        ("smaller than Adam's", "up to 1.6 times as large", "more than 1.6 times as large"),
        sign_against_adam,
        "{sign:.4f} against {adam:.4f}, a factor √(π/2) = 1.25 in theory.",
        {
            "a": "Outliers count no more than others, but that is no gain in normal noise: the sign also says less.",
            "c": "The sign of one gradient says little, but its mean still tells how large the gradient is.",
        },
    ),
    "09.2": Choice(
        "Now the noise is ten times as large. The mean of x² of sign descent becomes …",
        ("no larger: a sign has no size", "10 times as large", "100 times as large"),
        ten_times_the_noise,
        "{much:.4f} against {little:.4f}. The steps stay as long, but fewer signs are right.",
        {
            "a": "The steps stay as long. But the noise turns more signs around, and the way back takes longer.",
            "c": "That is gradient descent, whose steps grow with the noise too.",
        },
    ),
    "09.3": Choice(
        "On the digits, with a cosine: the best η of Signum and of Lion is, against Adam's …",
        ("larger", "the same, within a factor of 1.6", "1.6 to 15 times smaller", "more than 15 times smaller"),
        rate_of_signs,
        "Adam's is {Adam:.3f}, Signum's {Signum:.3f}, Lion's {Lion:.3f}.",
        {
            "a": "A step of a sign is η in every coordinate; Adam's mean step is shorter than that.",
            "b": "It would be so if Adam's steps were η. Where gradients disagree they are much shorter.",
            "d": "Adam's mean step is below η, but not that far.",
        },
    ),
    "09.4": Choice(
        "From the first step to step 400, LAMB's factor |W|/|u| …",
        ("falls by half or more", "stays within a factor of 3", "grows more than threefold"),
        factor_of_a_layer,
        "From {first[0]:.2f} to {last[0]:.2f} in the first layer, from {first[1]:.2f} to {last[1]:.2f} in the second.",
        {
            "a": "|W| grows in a training, and |u| falls: both make it larger.",
            "b": "|W| alone would do that. But |u| falls too, since later gradients disagree.",
        },
    ),
    "09.5": Choice(
        "The training loss with Adafactor, which keeps a row and a column in place of V, and no m, is …",
        ("higher than Adam's", "the same, within the spread of the seeds", "lower"),
        price_of_the_copy,
        "{factored[0]:.3f} ± {factored[1]:.3f} against {adam[0]:.3f} ± {adam[1]:.3f}.",
        {
            "a": "What it forgets did not matter here.",
            "b": "Nearly. Its steps follow the size of the layer, which seems to suit so short a training.",
        },
    ),
    "09.6": Choice(
        "After five iterations of Muon's polynomial, what has σ = 0.01 become?",
        ("less than 0.2", "something near 1, but not within 0.01", "1, within 0.01"),
        a_hundredth,
        "{small:.3f}. The polynomial is so steep at 0 that small values grow 3.4-fold in each iteration.",
        {
            "a": "It grows by the factor a = 3.44 in an iteration, as long as it is small: in five by nearly 500.",
            "c": "It is not made to come to rest: a + b + c is 0.70, so that 1 itself is moved.",
        },
    ),
    "09.7": Choice(
        "And with twenty iterations in place of five, the values from 0.01 on are …",
        ("as far from 1 as before", "much closer to 1", "farther from 1"),
        more_iterations,
        "The largest distance from 1 is {five:.3f} after five, {twenty:.3f} after twenty.",
        {
            "b": "So it is with the cubic and the quintic. This polynomial has no fixed point at 1.",
            "c": "They stay in a band.",
        },
    ),
    "09.8": Choice(
        "And Muon? Of s = 4 and s = ⅛, which is half learned first?",
        ("s = 4, as with gradient descent", "both at about the same step", "s = ⅛"),
        which_mode,
        "s = ⅛ at step {small}, s = 4 at step {large}: all modes move at one speed, and small ones have a shorter way.",
        {
            "a": "Gradient descent moves faster where s is large. Muon takes this difference away.",
            "b": "They move at the same speed. But not the same distance.",
        },
    ),
    "09.9": Choice(
        "When has exact Muon, without momentum, learned the hundredth fact, against the first, whose weight is a "
        "hundred times as large?",
        ("about a hundred times as late", "several times as late", "at about the same step"),
        the_rarest,
        "The first at step {first:.0f}, the hundredth at step {last:.0f}.",
        {
            "a": "That is gradient descent, whose step is in proportion to the weight.",
            "b": "Adam is slower than that, in mixed coordinates. Muon lifts all directions alike.",
        },
    ),
    "09.10": Choice(
        "The axes of rows and columns are turned at random. Who loses by that?",
        ("Adam and SOAP", "Adam alone", "neither"),
        who_is_turned,
        "Adam's L/L₀ rises from 10^{adam[0]:.0f} or less to 10^{adam[1]:.0f}; SOAP's stays below 10^{soap[1]:.0f}.",
        {
            "a": "SOAP is Adam, but in axes that it finds in its gradients.",
            "c": "A scale for each coordinate is of no use when each coordinate is a mixture of all directions.",
        },
    ),
    "09.11": Choice(
        "Adam with a constant η and an EMA of its weights, against Adam with a cosine that knows the end, each with "
        "its best η. At the end the average's training loss is …",
        ("higher", "the same, within the spread of the seeds", "lower"),
        average_or_cosine,
        "{EMA[0]:.3f} ± {EMA[1]:.3f} against {cosine[0]:.3f} ± {cosine[1]:.3f}.",
        {
            "a": "The weights wander as far as ever. But their mean does not.",
            "b": "Nearly; with other seeds and a finer choice of η it may well be so.",
        },
    ),
    "09.12": Choice(
        "Eight optimizers, six η each, counted in steps. The first place has …",
        ("Adam, alone", "Muon, alone", "SOAP, alone", "two or more that the seeds cannot tell apart"),
        first_place,
        "The first place: {first}. Two tie if their difference is less than two standard errors.",
        {
            "a": "Adam is what all others are compared with; it is often not tuned as they are.",
            "b": "Not on this small network.",
            "c": "It is among the first, but not clearly ahead of another one.",
        },
    ),
    "09.13": Choice(
        "And counted in seconds, in NumPy on this machine: SOAP is …",
        ("ahead of Nesterov's method", "behind Nesterov's method"),
        by_seconds,
        "A step of SOAP takes two to four times as long, and saves less than that in steps.",
        {"a": "Its steps bring more, but each needs several products of matrices beside the gradient."},
    ),
}
