"""What notebook 02 asks before it shows: one step, the learning rate, units, batches, their noise, a saddle."""

import numpy as np

from .prediction import Choice


def near(numbers, places, within=0.05):
    """The letter of the place where the numbers lie, or None."""
    return next((letter for letter, place in places.items() if np.allclose(numbers, place, rtol=within)), None)


def one_step(w):
    """02.1: by which factor one step multiplies the distance to 3."""
    far = np.abs(np.subtract(w, 3))
    factors = far[1:] / far[:-1]
    if np.ptp(factors) > 0.01:
        return "c" if factors[-1] > factors[0] else None
    return near(factors[0], {"a": 0.9, "b": 0.8, "d": 0.2}, 0.01)


def at_once(after_one):
    """02.2: where one step ends, for each η; with which it ends on 3."""
    landed = [lr for lr, w in after_one.items() if abs(w - 3) < 1e-6]
    if not {0.5, 1.0} <= after_one.keys():
        return None
    return {(1.0,): "a", (): "b", (0.5,): "c"}.get(tuple(landed))


def for_ever(w):
    """02.3: whether the path jumps back and forth, comes to rest on 3, or flies off."""
    far = np.abs(np.subtract(w, 3))
    if far[-1] < 0.01 * far[0]:
        return "b"
    if far[-1] > 2 * far[0]:
        return "c"
    return "a" if np.allclose(w[2:], w[:-2]) and not np.allclose(w[1:], w[:-1]) else None


def limit_and_best(limit, best):
    """02.4: the learning rate up to which the path comes closer, and that with which it comes closest."""
    return near((limit, best), {"a": (0.1, 0.05), "b": (0.1, 2 / 21), "c": (2, 2 / 21)}, 0.03)


def thrown_out(before, after):
    """02.5: the distances along the valley and across it, before and after."""
    grown = tuple(bool(grows) for grows in np.greater(after, before))
    return {(True, True): "a", (True, False): "b", (False, True): "c"}.get(grown)


def twice_as_long(before, after):
    """02.6: the best learning rate for κ and for 2κ."""
    return near(after / before, {"a": 0.5, "b": 2, "c": 1}, 0.15)


def fewest(raw, units, standard):
    """02.7: with which units gradient descent needs the fewest steps."""
    steps = {"a": raw, "b": units, "c": standard}
    alike = max(steps.values()) < 1.1 * min(steps.values())
    return "d" if alike else min(steps, key=steps.get)


def times_as_many(raw, units):
    """02.8: how many times as many steps the raw data need."""
    times = raw / units
    return "a" if times > 1000 else "b" if 20 < times < 125 else "c" if 1 < times < 5 else None


def by_the_step(full, mini, single):
    """02.9: the mean of L − min L in the second half of the steps, for each batch size."""
    if single < min(full, mini):
        return "c"
    low, high = sorted((full, mini))
    if high < 1.5 * low:
        return "b" if single > 1.5 * high else None
    return "a" if full < mini else None


def by_the_cost(full, mini, single):
    """02.10: L − min L after equally many gradients of single examples, for each batch size."""
    left = {"a": full, "b": mini, "c": single}
    alike = max(left.values()) < 1.2 * min(left.values())
    return "d" if alike else min(left, key=left.get)


def half_the_rate(before, after):
    """02.11: the noise ball and the steps to get there, before and after η is halved."""
    ratios = np.divide(after, before)
    return near(ratios, {"a": (0.5, 1), "b": (0.25, 2), "c": (0.5, 0.5), "d": (0.5, 2)}, 0.25)


def twice_the_batch(before, after):
    """02.12: the noise ball and the steps to get there, before and after B is doubled."""
    ball, steps = np.divide(after, before)
    half, root = abs(ball - 0.5) < 0.1, abs(ball - 0.71) < 0.1
    if half and 1.6 < steps < 2.4:
        return "b"
    return None if abs(steps - 1) > 0.25 else "a" if half else "c" if root else None


def footing(single, full):
    """02.13: the limits of η for single samples and for the full batch."""
    return "a" if np.isclose(single, full, rtol=0.02) else "b" if single < full else "c"


def end_of_the_rule(held, limit):
    """02.14: for each η of the rule, whether its noise ball held; and 2/λmax."""
    if all(held.values()):
        return "a"
    rates = sorted(held)
    broken = next(i for i, lr in enumerate(rates) if not held[lr])
    last, first = (rates[broken - 1] if broken else 0.0), rates[broken]
    return "c" if last < limit <= first else "b" if last <= 1 < first else None


def from_the_ridge(start, end):
    """02.15: where the path from the ridge ends."""
    places = {"a": ((0, 1), (0, -1)), "b": ((0, 0),), "c": (start,)}
    near_one = (k for k, those in places.items() if any(np.linalg.norm(np.subtract(end, p)) < 0.1 for p in those))
    return next(near_one, None)


def off_the_ridge(off, end):
    """02.16: how far off the ridge the path starts, and where it ends."""
    y = abs(end[1])
    return "a" if y > 0.5 else "c" if y < off / 2 else "b" if y < 20 * off else None


PREDICTIONS = {
    "02.1": Choice(
        "By which factor does one step at η = 0.1 multiply the distance to 3?",
        ("0.9, which is 1 − η", "0.8, which is 1 − 2η", "0.8 at first, then ever closer to 1", "0.2, which is 2η"),
        one_step,
        "w goes from {w[0]:.0f} to {w[1]:.2f}, {w[2]:.2f}, {w[3]:.3f}, …: the slope is twice the distance, so a step "
        "takes 2η of the distance away, and 1 − 2η of it stays.",
        {
            "a": "The slope is not the distance, but twice the distance: the square brings a 2 with it.",
            "c": "The steps do get shorter, but so does the distance: one is always the same part of the other.",
            "d": "That is the part which a step takes away; the distance is multiplied by what stays.",
        },
    ),
    "02.2": Choice(
        "For which η does a single step land on 3?",
        ("for η = 1", "for none: it only ever comes closer", "for η = 0.5"),
        at_once,
        "A step takes 2η of the distance away, and with η = 0.5 that is all of it.",
        {
            "a": "η is not the part of the way that you go: the slope is twice the distance, so the step is too long.",
            "b": "So it is with η = 0.1. A larger η takes a larger part of the distance away, and one takes all of it.",
        },
    ),
    "02.3": Choice(
        "What happens at η = 1?",
        ("it jumps back and forth for ever", "it comes to rest on 3, only faster", "it flies off, farther each time"),
        for_ever,
        "w goes from {w[0]:.0f} to {w[1]:.0f} and back to {w[2]:.0f}: the step is twice the distance, and the factor "
        "1 − 2η is −1.",
        {
            "b": "A larger η is faster only as long as the step does not jump too far over the minimum.",
            "c": "It jumps over the minimum, but lands just as far on the other side, where the slope is as large.",
        },
    ),
    "02.4": Choice(
        "For κ = 20: where is the limit 2/λmax, and where is the best rate?",
        (
            "the limit is 0.1, the best rate half of it, 0.05",
            "the limit is 0.1, the best rate 0.095",
            "the limit is 2, the best rate 0.095",
        ),
        limit_and_best,
        "The path comes closer up to η = {limit:.4f}, and closest with {best:.4f}. The limit is 2/20, and the best "
        "rate 2/21, for the flat direction needs nearly all that the steep one allows.",
        {
            "a": "With a single curvature half of the limit was best; here the flat direction would be too slow.",
            "c": "2 is the limit for the curvature 1 alone; the largest curvature, 20, allows the least.",
        },
    ),
    "02.5": Choice(
        "Just above the limit, in which direction does the path fly off?",
        ("in both directions at once", "along the valley", "across the valley"),
        thrown_out,
        "Along the valley the distance goes from {before[0]:.2f} to {after[0]:.2f}, across it from {before[1]:.2f} to "
        "{after[1]:.0f}: across it the curvature is the largest, λmax.",
        {
            "a": "Each direction has a limit of its own, 2/λ; just above the smallest of them, the others still hold.",
            "b": "The valley is long and open that way, but it is flat there: the steps are too small, not too large.",
        },
    ),
    "02.6": Choice(
        "If you double κ, what happens to the best rate?",
        ("it becomes about half as large", "it becomes about twice as large", "it hardly changes"),
        twice_as_long,
        "It goes from {before:.4f} to {after:.4f}: it is about 2/(1 + κ), for the steeper walls must still hold.",
        {
            "b": "A longer valley would like larger steps, but its steeper walls allow only smaller ones.",
            "c": "The curvature along the valley stays 1, but across it, it doubles, and that sets the limit.",
        },
    ),
    "02.7": Choice(
        "Which of them is easiest for gradient descent, each at its own best η?",
        ("raw", "units", "standard", "all three alike, for the line is the same"),
        fewest,
        "Steps needed: raw {raw:,.0f}, units {units:,.0f}, standard {standard:,.0f}. With mean 0 and variance 1 the "
        "valley is round, κ = 1.",
        {
            "a": "The raw numbers are as they were measured, but they are large and far from 0: that makes κ large.",
            "b": "These are good; but their mean is not 0 and their variance not 1, and so κ is not 1.",
            "d": "The best line is the same in all units; the valley in which it lies is not.",
        },
    ),
    "02.8": Choice(
        "How many times as many steps does raw need as units?",
        ("more than 1000 times", "about 50 times", "about twice"),
        times_as_many,
        "It is {raw:,.0f} steps against {units:,.0f}: the steps grow like κ, and κ holds the squares of the numbers.",
        {
            "b": "The numbers are ten times as large, but they enter κ as squares, and 20 is no longer subtracted.",
            "c": "The patients and the line are the same; but κ decides, and it holds squares of the numbers.",
        },
    ),
    "02.9": Choice(
        "Loss against step: which one wins?",
        (
            "the full batch, well ahead of the mini-batch",
            "full batch and mini-batch, side by side",
            "the single sample",
        ),
        by_the_step,
        "Mean L − min L in the second half: full batch {full:.4f}, mini-batch {mini:.4f}, single sample {single:.4f}. "
        "η is the same for all three, and the mean of 16 patients shows nearly the right way.",
        {
            "a": "Its gradient is exact, but its steps are as long, and 16 patients show nearly the same way.",
            "c": "Its steps are cheap, not better: each follows one patient alone. The price does not show here.",
        },
    ),
    "02.10": Choice(
        "For the price of 200 gradients of single examples: whose loss is lowest?",
        ("the full batch", "the mini-batch", "the single sample", "all alike: each gradient teaches as much"),
        by_the_cost,
        "L − min L for the price of 200 gradients: full batch {full:.3f}, mini-batch {mini:.3f}, single sample "
        "{single:.3f}. For this price, the single sample takes 200 steps, and the full batch not one.",
        {
            "a": "Its gradient is the best one, but the full batch pays for 442 before it moves at all.",
            "b": "It is a good balance in practice; but for each of its steps the single sample takes 16.",
            "d": "The gradients of a batch are taken at one place and make one step; one by one they make many.",
        },
    ),
    "02.11": Choice(
        "You halve η. What happens to the ball, the mean of L − min L, and to the steps to get there?",
        (
            "half the ball, as many steps",
            "a quarter of the ball, twice as many steps",
            "half the ball, half as many steps",
            "half the ball, twice as many steps",
        ),
        half_the_rate,
        "The ball goes from {before[0]:.4f} to {after[0]:.4f}, the steps from {before[1]:.0f} to {after[1]:.0f}: each "
        "step goes half as far, so the noise moves it less, but the way takes longer.",
        {
            "a": "The ball does shrink; but each step goes half as far, so the way takes longer.",
            "b": "One step's noise does fall to a quarter in L, but the pull that calms it is only half as strong.",
            "c": "The path trembles less, but each step goes half as far: it does not get there sooner.",
        },
    ),
    "02.12": Choice(
        "You double B instead. What happens to the ball and to the steps?",
        (
            "half the ball, as many steps",
            "half the ball, twice as many steps",
            "the ball divided by √2, as many steps",
        ),
        twice_the_batch,
        "The ball goes from {before[0]:.4f} to {after[0]:.4f}, the steps from {before[1]:.0f} to {after[1]:.0f}. The "
        "mean of two patients has half the variance, and on average it is the same gradient. But each step costs two.",
        {
            "b": "That is the price of a smaller η. A larger B leaves the steps as long; it costs gradients instead.",
            "c": "√2 is right for the distance from the minimum; L − min L goes with its square.",
        },
    ),
    "02.13": Choice(
        "The full batch's limit is 1.36. Where do single samples stop having a noise ball?",
        ("at the same η", "at a smaller η", "at a larger η"),
        footing,
        "Single samples have their limit at {single:.3f}, the full batch at {full:.2f}: the patients differ in "
        "steepness, and that scatter makes the mean square grow sooner.",
        {
            "a": "On average their gradient is the same; but it scatters, and with a large η the scatter grows sooner.",
            "c": "A smaller batch is cheaper, but no safer: alone, a steep patient has its full weight.",
        },
    ),
    "02.14": Choice(
        "The rule leads from (B = 8, η = 0.2) to (16, 0.4), (32, 0.8), … Where does it end?",
        (
            "not before all the data, at B = 442",
            "when η goes past 1, at B = 40",
            "when η reaches 2/λmax, at about B = 54",
        ),
        end_of_the_rule,
        "2/λmax is {limit:.2f} here. Beyond it the error in the steepest direction grows from step to step, however "
        "many patients a step reads: a larger batch takes away noise, not curvature.",
        {
            "a": "The noise would allow it; but even the full batch, without any noise, has a limit for η.",
            "b": "1 is no limit for η: the curvature sets the limit, and with it the units of the data.",
        },
    ),
    "02.15": Choice(
        "From (0.5, 0), exactly on the ridge: where does gradient descent end?",
        ("in one of the two valleys", "at the saddle point (0, 0)", "where it starts: it cannot move"),
        from_the_ridge,
        "It ends at x = {end[0]:.3f}, y = {end[1]:.3f}: along the ridge it goes down to the pass, and nothing pushes "
        "it to the side.",
        {
            "a": "The valleys lie lower, but on the ridge the gradient has no part in y: no step leads there.",
            "c": "There the gradient has no part in y, but it has one in x: it leads along the ridge to the pass.",
        },
    ),
    "02.16": Choice(
        "You drag the start off the ridge by a hair. Where does it end now?",
        ("in the valley on that side", "a hair beside the saddle point", "at the saddle point: it draws the path in"),
        off_the_ridge,
        "From y = {off:g} it ends at y = {end[1]:.3f}: next to the ridge y grows by a factor in each step, so a hair "
        "is enough.",
        {
            "b": "A hair does little at first; but y grows by a factor in each step, and 300 steps are many.",
            "c": "It draws the path in along x only; along y the slope leads away from it.",
        },
    ),
}
