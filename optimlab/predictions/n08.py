"""What notebook 08 asks before it shows: Adam's first steps, noise, axes, memory, decay, spikes, rare classes."""

import numpy as np

from .n02 import near
from .prediction import Choice


def first_steps(factors):
    """08.1: how many times as long the steps are without the correction, β₁ = 0.9, β₂ = 0.999."""
    first = factors[:10]
    return "a" if max(first) < 0.9 else "c" if min(first) > 1.1 else "b"


def first_step_of_equals(first):
    """08.2: the first of these factors with β₁ = β₂ = 0.95."""
    return near(first, {"a": 0.05, "b": 0.224, "c": 1.0, "d": 4.47}, 0.05)


def mean_in_noise(mean):
    """08.3: the mean step, in units of η, where the noise is as large as the mean gradient."""
    return near(mean, {"a": 1.0, "b": 0.707, "c": 0.5, "d": 0.1}, 0.08)


def twice_the_noise(narrow, wide):
    """08.4: E[x²] in the long run with σ and with 2σ."""
    return near(wide / narrow, {"a": 1, "b": 2, "c": 4, "d": 0.5}, 0.12)


def turned_ravine(along, turned):
    """08.5: the steps of the best η along the axes, and turned by 45°."""
    return "a" if turned < 1.5 * along else "b" if turned < 4 * along else "c"


def turned_network(plain, turned):
    """08.6: the training losses of several seeds, each with the best η."""
    gap, spread = np.mean(turned) - np.mean(plain), max(np.std(plain), np.std(turned))
    return "b" if abs(gap) < spread else "a" if gap > 0 else "c"


def end_of_the_cycle(adam):
    """08.7: where Adam ends on the cycle of one gradient 4 and two of −1."""
    return "a" if adam < -0.9 else "b" if adam > 0.9 else "c"


def with_the_defaults(often, rare):
    """08.8: where Adam ends with its defaults when every third gradient is a giant, and when every 5001st is."""
    return "c" if often > 0 else "b" if rare > 0 else "a"


def who_decays(noisy, quiet):
    """08.9: what is left of the two weights."""
    return near(noisy / quiet, {"a": 1.0}, 0.2) or ("b" if noisy < quiet else "c")


def after_the_rest(peak, before):
    """08.10: the largest |x| later, and |x| at the step at which it was about 10⁻²⁰."""
    return "c" if not np.isfinite(peak) else "b" if peak > 1e-3 else "a" if before < 1e-15 else None


def centred(raw, centred):
    """08.11: gradient descent's loss with the inputs as they are, and centred."""
    return "c" if centred < 0.02 * raw else "b" if centred < 0.8 * raw else "a"


def what_momentum_closes(plain, heavy, adam):
    """08.12: the share of the gap between gradient descent and Adam that momentum closes."""
    share = (plain - heavy) / (plain - adam)
    return "a" if share < 0.25 else "b" if share < 0.75 else "c"


PREDICTIONS = {
    "08.1": Choice(
        "Adam with β₁ = 0.9, β₂ = 0.999 but without its bias correction: its first ten steps are …",
        ("shorter than with it", "just as long", "longer than with it"),
        first_steps,
        "The first is {factors[0]:.2f} times as long, the tenth {factors[9]:.2f} times: at t = 1 m is "
        "0.1 of what it should be, and √v only √0.001 = 0.032: so the quotient is too large.",
        {
            "a": "m does begin too small. But so does v, which the step is divided by, and √v is smaller still.",
            "b": "That would be so if (1 − β₁ᵗ) and √(1 − β₂ᵗ) were the same.",
        },
    ),
    "08.2": Choice(
        "And with β₁ = β₂ = 0.95, again without the correction: how long is the first step?",
        ("0.05 η", "about 0.22 η", "η", "about 4.5 η"),
        first_step_of_equals,
        "It is {first:.3f} η: m is 0.05 g, and √v is √0.05 |g|.",
        {
            "a": "So it is with m alone. But it is divided by √v = √0.05 |g|.",
            "c": "With the correction it is. Without it, m and √v are too small by different factors.",
            "d": "That is 1/√0.05; there is the factor 0.05 of m besides.",
        },
    ),
    "08.3": Choice(
        "The noise of the gradient is as large as its mean. How long is Adam's mean step?",
        ("η", "0.71 η", "0.5 η", "0.1 η"),
        mean_in_noise,
        "Measured: {mean:.3f} η. The mean gradient is μ, but √v̂ is √(μ² + σ²).",
        {
            "a": "That is without noise. √v̂ is made of the noise too.",
            "c": "μ² and σ² are added, then the root is taken: 1/√2, not 1/2.",
            "d": "So it is when the noise is ten times as large as the mean.",
        },
    ),
    "08.4": Choice(
        "Adam on a parabola, a small constant η, noise σ in the gradient. With 2σ, the mean of x² in the long run is …",
        ("the same", "twice as large", "four times as large", "half as large"),
        twice_the_noise,
        "{wide:.4f} against {narrow:.4f}. Adam's steps are as long as before, whatever σ is; but the pull back to the "
        "minimum is divided by σ.",
        {
            "a": "The steps are as long as before, but the pull back to the minimum is divided by twice as much.",
            "c": "That is gradient descent, whose steps grow with the noise.",
            "d": "More noise never makes the ball smaller.",
        },
    ),
    "08.5": Choice(
        "A ravine with κ = 100, turned by 45°. Adam with the best η takes, against along the axes …",
        ("up to 1.5 times as many", "1.5 to 4 times as many", "more than 4 times as many"),
        turned_ravine,
        "{along:.0f} along the axes, {turned:.0f} turned. So it is with κ = 100; the next cell has another κ.",
        {
            "b": "A scale per coordinate is of no use where the coordinates are not those of the ravine. But Adam is "
            "more than that.",
            "c": "So it nearly is without momentum, and with a larger κ.",
        },
    ),
    "08.6": Choice(
        "All weights of a network are turned by one random rotation, and Adam learns in the new coordinates, with the "
        "best η. Its training loss is …",
        ("clearly higher", "about the same", "clearly lower"),
        turned_network,
        "The means differ by less than what one seed differs from another.",
        {
            "a": "Adam's scale does need coordinates; but on this network six seeds show no difference.",
            "c": "A random basis is no better.",
        },
    ),
    "08.7": Choice(
        "Gradients 4, −1, −1, and again. Their sum says: go down, to −1. Where does Adam end, with β₁ = 0, β₂ = 0.1?",
        ("at −1, the right end", "at +1, the wrong end", "in between"),
        end_of_the_cycle,
        "It ends at {adam:.2f}. The giant makes its own v large, and is forgotten when the small ones come.",
        {
            "a": "Gradient descent does. Adam divides the giant by about 4, and then the small ones by about 1.",
            "c": "Each cycle carries it on in the same direction, until there is a wall.",
        },
    ),
    "08.8": Choice(
        "And with Adam's defaults, β₁ = 0.9, β₂ = 0.999: can such gradients lead it to the wrong side?",
        ("no", "yes, if the giants are rare enough", "yes, these do already"),
        with_the_defaults,
        "With a giant every third step it ends at {often:.2f}; with one every 5001 steps at {rare:+.2f}. It depends on "
        "the memory, 1/(1−β₂) steps, and on how large the giants are.",
        {
            "a": "β₂ = 0.999 remembers a thousand steps. What comes more rarely can be forgotten too.",
            "c": "A giant every third step is well remembered by β₂ = 0.999.",
        },
    ),
    "08.9": Choice(
        "Two weights see nothing but noise, with σ = 1 and with σ = 0.01, and both have the same L2 penalty. "
        "Adam lets …",
        ("both decay alike", "the one in much noise decay more", "the one in little noise decay more"),
        who_decays,
        "Of the noisy one {noisy:.3f} is left, of the quiet one {quiet:.3f}: the gradient of the penalty is divided by "
        "√v̂ ≈ σ too.",
        {
            "a": "So it is with decoupled decay (AdamW). An L2 penalty is a part of the gradient.",
            "b": "Its √v̂ is large, and the penalty is divided by it.",
        },
    ),
    "08.10": Choice(
        "A parabola, no noise, η = 0.1, β₂ = 0.99. At step 888 |x| is below 10⁻²⁰. And in the next hundred steps?",
        ("it stays as small", "it comes back, to above 0.001", "it grows without end"),
        after_the_rest,
        "It comes to {peak:.3f}. While nothing happened, v decayed, and so the steps grew, until they were too long.",
        {
            "a": "The gradient is next to nothing; but v, which it is divided by, has become even less.",
            "c": "It grows until the gradient is large enough to fill v again.",
        },
    ),
    "08.11": Choice(
        "Rare classes, inputs from 0 to 1. Gradient descent is far behind Adam. Now ½ is subtracted from every input: "
        "its loss is …",
        ("as before", "somewhat lower", "nearly zero"),
        centred,
        "{raw:.2f} before, {centred:.1e} after. The steepest curvature came from the mean of the inputs, times "
        "the frequency of the largest classes; it had kept η small.",
        {
            "a": "The classes are as rare as before; but it took two obstacles to hold gradient descent back.",
            "b": "Much more than that.",
        },
    ),
    "08.12": Choice(
        "Inputs as they were. How much of the gap between gradient descent and Adam does momentum (γ = 0.9) close, "
        "in this problem?",
        ("hardly any", "about half", "nearly all"),
        what_momentum_closes,
        "Gradient descent ends at {plain:.2f}, with momentum at {heavy:.3f}, Adam at {adam:.3f}.",
        {
            "a": "Rare classes need a large step, and momentum makes it ten times as large, η/(1−γ).",
            "b": "More than that, in this problem.",
        },
    ),
}
