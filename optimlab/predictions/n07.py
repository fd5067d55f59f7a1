"""What notebook 07 asks before it shows: the spring, its phases, the bill, cycles, noise, the order of steps."""

import numpy as np

from .n02 import near
from .prediction import Choice


def rate_of_a_swing(rate):
    """07.1: what a step multiplies the error by, in the long run, at γ = 0.81 and ηλ = 0.5."""
    return near(rate, {"a": 0.9, "b": 0.81, "c": 0.5, "d": 0.405}, 0.02)


def with_half_the_rate(before, after):
    """07.2: the rates at ηλ = 0.5 and at 0.25."""
    if abs(after - before) < 0.01:
        return "b"
    return "a" if after > before else "c"


def room_for_eta(plain, heavy):
    """07.3: the largest ηλ at which it does not diverge, with γ = 0 and with 0.9."""
    return near(heavy / plain, {"a": 10, "b": 1.9, "c": 1, "d": 0.1}, 0.05)


def first_steps(peak, rate):
    """07.4: the largest steep error, with 1 at the start, and the rate that the error falls by in the long run."""
    if peak <= 1:
        return "a" if rate < 1 else None
    return "b" if peak < 1.5 else "c" if rate < 1 else None


def best_on_data(momenta, steps):
    """07.5: the steps on the diabetes data, each γ with its best η."""
    return {0.0: "a", 0.5: "b", 0.9: "c", 0.99: "d"}.get(momenta[int(np.argmin(steps))])


def on_every_function(largest, last):
    """07.6: the largest distance from the minimum, and the last one, of heavy ball on that function."""
    if last < 1e-3:
        return "a"
    return "b" if last > 1e3 else "c" if largest < 10 else None


def ball_of(plain, heavy):
    """07.7: the variance around the minimum with γ = 0 and with 0.9, and the same η."""
    return near(heavy / plain, {"a": 0.1, "b": 1, "c": 3.16, "d": 10}, 0.15)


def where_it_saves(saved):
    """07.8: how many times fewer steps momentum takes with batches of 4, of 32 and with all examples."""
    few, some, whole = saved
    if max(saved) < 1.3:
        return "d"
    if few > 1.3 * whole:
        return "c"
    return "a" if whole > 1.3 * max(few, some) else "b"


def one_long_step(above, last, constant):
    """07.9: how many of the steps are above 2/λmax, and the error after all of them, and with the best constant η."""
    if above < 1:
        return None
    return "a" if last > 1 else "b" if last < 0.1 * constant else "c"


def orders(big_first, fractal):
    """07.10: the last error with the big steps first, and in the fractal order."""
    ratio = np.maximum(big_first, fractal) / np.minimum(big_first, fractal)
    return "a" if ratio < 1.001 else "b" if ratio < 100 else "d" if big_first > fractal else "c"


PREDICTIONS = {
    "07.1": Choice(
        "γ = 0.81 and ηλ = 0.5: by which factor does a step shrink the error, in the long run?",
        ("0.9, that is √γ", "0.81, that is γ", "0.5, that is 1 − ηλ", "0.405, that is γ(1 − ηλ)"),
        rate_of_a_swing,
        "Measured: {rate:.3f}. The two roots are a pair of complex numbers of one size, and their product is γ.",
        {
            "c": "That is gradient descent's factor. Here the velocity goes on pushing after it should have stopped.",
            "b": "γ is the product of both roots. Each of them has the size √γ.",
            "d": "The error is not multiplied by both at once: the two parts of a step are added, not multiplied.",
        },
    ),
    "07.2": Choice(
        "The same γ = 0.81, and half of the η. In the long run the error shrinks …",
        ("more slowly", "just as fast", "faster"),
        with_half_the_rate,
        "{before:.3f} a step before, {after:.3f} after: where it swings, η sets how often it swings, not how fast "
        "that dies out.",
        {
            "a": "So it is with gradient descent. Where heavy ball swings, the rate is √γ, and η is not in it.",
            "c": "A smaller η makes it swing more slowly; each swing loses more, but there are fewer of them.",
        },
    ),
    "07.3": Choice(
        "With γ = 0.9 in place of 0: how large may η be before it diverges?",
        ("10 times as large", "1.9 times as large", "just as large", "a tenth as large"),
        room_for_eta,
        "Measured: {heavy:.2f}/λ against {plain:.2f}/λ. The limit is 2(1+γ)/λ.",
        {
            "a": "What grows tenfold is η/(1−γ), how far a steady slope carries it. The limit grows to 2(1+γ)/λ only.",
            "c": "The velocity of the step before points back when it has overshot, so there is a little more room.",
            "d": "That keeps η/(1−γ) as it was. But divergence comes from swinging to and fro, where velocities "
            "cancel.",
        },
    ),
    "07.4": Choice(
        "κ = 100, with the best η and γ: how does the error along the steep direction begin?",
        (
            "it shrinks from the first step on",
            "it stays about as large for a while, and then shrinks",
            "it grows to several times its size, and then shrinks",
            "it swings at its full size for about 69 steps, and then shrinks",
        ),
        first_steps,
        "It grows to {peak:.2f} times its size. Both roots are the same there, and a double root brings a factor k "
        "along: (1 + (1+ρ)k) ρᵏ.",
        {
            "a": "The rate tells how it shrinks in the long run. How it begins, the rate does not say.",
            "b": "It is more than that: a double root multiplies by something like k first.",
            "d": "Each step has its part in ρᵏ from the first one on; but another factor works against it.",
        },
    ),
    "07.5": Choice(
        "The diabetes data, ten inputs, κ = 470, and the best η for each γ: which γ takes the fewest steps?",
        ("γ = 0", "γ = 0.5", "γ = 0.9", "γ = 0.99"),
        best_on_data,
        "It takes {steps[0]}, {steps[1]}, {steps[2]} and {steps[3]} steps. Polyak's γ for this κ is 0.83, and 0.9 is "
        "the nearest of the four.",
        {
            "a": "Without momentum the flattest direction sets the pace, and it is 470 times flatter than the "
            "steepest.",
            "b": "That is a beginning, but still far below Polyak's γ for κ = 470.",
            "d": "Where it swings, no η makes it faster than √γ a step, and √0.99 is 0.995.",
        },
    ),
    "07.6": Choice(
        "For Polyak's η and γ somebody makes a function with curvatures in the same range that is no quadratic. From "
        "a suitable start, on that function, heavy ball …",
        (
            "comes to the minimum, only more slowly",
            "runs away to infinity",
            "never comes nearer, and never runs away",
        ),
        on_every_function,
        "After the last step its distance is {last:.3f}. The function was made so that each step leads to the next "
        "corner of a triangle.",
        {
            "a": "So it is near enough to the minimum, where the function is a quadratic. From afar, nothing "
            "promises it.",
            "b": "It stays near; but it does not come any nearer.",
        },
    ),
    "07.7": Choice(
        "Noisy gradients, the same η, and γ = 0.9 in place of 0: how large is the variance around the minimum?",
        ("10 times smaller", "the same", "about 3 times larger", "10 times larger"),
        ball_of,
        "{heavy:.3f} against {plain:.3f}: it grows like 1/(1−γ), just as with so much larger an η.",
        {
            "a": "The velocity does average the gradients. But it also takes ten steps in the direction of each of "
            "them.",
            "b": "So it is when η/(1−γ) is kept the same, not η.",
            "c": "The distance grows about threefold; the variance is its square.",
        },
    ),
    "07.8": Choice(
        "γ = 0.9 against none, each with the best η: where does momentum save the most steps?",
        (
            "with all examples in each gradient",
            "about the same with batches of 4, of 32 and with all examples",
            "with batches of 4",
            "nowhere: it is as good without",
        ),
        where_it_saves,
        "Without momentum it takes {saved[0]:.1f}, {saved[1]:.1f} and {saved[2]:.1f} times as many steps (batches of "
        "4, of 32, all). With small batches the noise limits the steps, and against noise momentum does nothing that "
        "a larger η would not do.",
        {
            "b": "Against noise it brings nothing; against curvature it does, and that counts where there is no noise.",
            "c": "It averages, but each gradient stays for longer. With the same η/(1−γ) the two cancel.",
            "d": "With small batches that is nearly true, not without noise.",
        },
    ),
    "07.9": Choice(
        "Gradient descent with 64 different step sizes, half of them above 2/λmax and one 49 times as large. What "
        "happens, if the order is a good one?",
        (
            "it diverges",
            "it ends far nearer than with any constant η",
            "it ends about as near as with the best constant η",
        ),
        one_long_step,
        "{above} of the steps are above the limit, and the error ends at {last:.1e} of what it was, in place of "
        "{constant:.2f} with the best constant η. A step too long for the steep directions is just right for a flat "
        "one, and shorter steps repair the steep ones.",
        {
            "a": "A constant η above the limit diverges. One such step enlarges the steep errors once.",
            "c": "The long steps are those that bring the flat directions home.",
        },
    ),
    "07.10": Choice(
        "The same 64 steps, the big ones first, or in the fractal order. After the last of them, on a computer …",
        (
            "the two are at the same place",
            "the two are a few times apart",
            "fractal has ended more than a hundred times farther away",
            "big first has ended more than a hundred times farther away",
        ),
        orders,
        "Big first ends more than a million times farther away than it began, fractal at {fractal:.1e}. On paper both "
        "are one product; but numbers of 16 digits that have grown by 10²⁶ on the way have lost what was small.",
        {
            "a": "So it is in exact arithmetic. Rounding errors are enlarged on the way, too.",
            "b": "More than that: on the way the error becomes larger than 10¹⁶, and then no digit of it is left.",
            "c": "In the fractal order each big step is followed by small ones that repair it.",
        },
    ),
}
