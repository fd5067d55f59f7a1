"""What notebook 04 asks before it shows: learning rates that are too large, too small, constant, and scheduled."""

import numpy as np

from .prediction import Amount, Choice


def far_too_small(start, loss, settled):
    """04.1: from L − min L at the start and the end, and the step of arrival: how far a tiny η has come."""
    return "a" if settled is not None else "b" if loss < start / 2 else "c"


def swings(path):
    """Whether most of the first steps go against the step before."""
    step = np.diff(path, axis=0)[:30]
    return np.mean(np.sum(step[1:] * step[:-1], axis=1) < 0) > 0.5


def widens(path):
    """Whether a step grows from the first to the last."""
    step = np.linalg.norm(np.diff(path, axis=0), axis=1)
    return not step[-1] <= 1.01 * step[0]


def best_and_limit(best, large):
    """04.2: from the paths with the best η and above the limit, whether they swing, and how."""
    if not swings(large) or widens(best):
        return None
    return {(False, True): "a", (True, False): "b", (True, True): "c"}.get((bool(swings(best)), widens(large)))


def two_constants(rest, deep):
    """04.3: the shares at rest, and at rest in the deep well, for a small and for a large constant η."""
    if rest[0] < 0.5:
        return None
    large = "nowhere" if rest[1] < 0.5 else "deep" if deep[1] > rest[1] / 2 else "shallow"
    small = "deep" if deep[0] > rest[0] / 2 else "shallow"
    return {("shallow", "nowhere"): "a", ("shallow", "deep"): "b", ("deep", "deep"): "c"}.get((small, large))


def large_then_small(rest, deep):
    """04.4: the same shares for the η that falls."""
    return "c" if rest < 0.5 else "a" if deep < 0.05 * rest else "b" if deep > 0.95 * rest else "d"


def ball_and_start(small, large):
    """04.5: the mean loss after 30 steps and in the long run, for the smallest and the largest η."""
    shrinks, slower = small[1] < large[1] / 1.5, small[0] > 1.5 * large[0]
    return {(True, False): "a", (True, True): "b", (False, True): "c"}.get((bool(shrinks), bool(slower)))


def eighth_epoch(rates):
    """04.6: η of the eighth epoch."""
    known = {"a": 0.1 * 0.5**2, "b": 0.1 * 0.5 ** (7 / 3), "c": 0.1 * 0.5**3, "d": 0.1 * 0.5**7}
    return next((letter for letter, rate in known.items() if np.isclose(rates[7], rate, rtol=0.01)), None)


def effective_rate(first, last):
    """04.7: Adam's effective learning rate at the first step and at the last."""
    return "a" if last < first / 1.5 else "c" if last > 1.5 * first else "b"


def per_cent(one):
    """04.8: the share of η that is left after one epoch, in per cent."""
    return 100 * float(one)


def after_ten(ten):
    """04.9: the share of η that is left after ten epochs."""
    return "a" if ten < 1e-6 else "b" if 0.001 < ten < 0.1 else "c" if ten > 0.5 else None


def highest(loss):
    """04.10: from {name: losses, of shape (steps + 1, η₀)}, the schedule that ends highest with the first η₀."""
    letters = {"exponential": "a", "constant": "b", "cosine": "c", "stable": "d"}
    return letters.get(max(loss, key=lambda name: loss[name][-1][0]))


def sixty_and_eighty(loss):
    """04.11: the loss with warm-up, stable, decay against that with exponential decay, at steps 60 and 80."""
    at60, at80 = (loss["stable"][k][0] / loss["exponential"][k][0] for k in (60, 80))
    if at60 < 1:
        return "a" if at80 < 1 else None
    return "b" if at80 > 2 else "c" if at80 > 1 / 2 else "d"


def smaller_start(loss):
    """04.12: whose loss at the end is lower with the second, smaller η₀ than with the first."""
    gains = {name: bool(each[-1][1] < each[-1][0]) for name, each in loss.items()}
    constant, falling = gains.pop("constant"), np.mean([*gains.values()])
    if 0.25 < falling < 0.75:
        return None
    return {(True, True): "a", (False, True): "b", (False, False): "c", (True, False): "d"}[constant, falling >= 0.75]


def own_steps(joined, hasty):
    """04.13: η at the steps 10, 20 and 30, of two schedules in a row."""
    early, late, mixed = (0.05, 0, 0), (0.1, 0.05, 0), (0.05, 0.025, 0)
    for letter, first, second in (("a", late, late), ("b", early, late), ("c", late, early), ("d", late, mixed)):
        if np.allclose(joined, first, atol=1e-3) and np.allclose(hasty, second, atol=1e-3):
            return letter
    return None


def where_it_helps(seen):
    """04.14: from {(start, "with" or "without", η₀): accuracy}, at which start a warm-up gains more than 0.01."""
    gains = {"calm start": [], "steep start": []}
    for start, _, lr in seen:
        gains[start].append(seen[start, "with", lr] - seen[start, "without", lr])
    calm, steep = (bool(max(each) > 0.01) for each in gains.values())
    return {(True, False): "a", (False, True): "b", (True, True): "c", (False, False): "d"}[calm, steep]


def best_rate(losses):
    """04.15: the losses with a third of the range test's lowest point, with it, and with three times as much."""
    return "abc"[int(np.argmin(losses))]


def smoothing_moves(lagging, centred):
    """04.16: the lowest points by an average that lags, and by one that does not."""
    moved = np.exp(np.mean(np.log(lagging) - np.log(centred)))
    return "a" if moved < 1 / 1.1 else "c" if moved > 1.1 else "b"


def with_another_end(cosine, stable):
    """04.17: whether the first 80 steps stay the same when T changes."""
    return {(False, True): "a", (True, True): "b", (False, False): "c"}.get((bool(cosine), bool(stable)))


def schedule_for_adam(factors):
    """04.18: how many times lower Adam ends with a schedule, for some lengths."""
    mean = np.exp(np.mean(np.log(factors)))
    return "a" if mean < 1.03 else "b" if mean < 1.4 else "c" if mean < 5 else "d"


def longer_trainings(factors):
    """04.19: what has become of that factor in the longest training."""
    return "a" if factors[-1] < 1.3 else "b" if factors[-1] < 5 * factors[0] else "c"


def plateau_and_noise(end):
    """04.20: from {(σ, rule): loss at the end}, what a patience of 5 does without noise and with it."""
    if not np.isclose(end[0.0, "patience 5"], end[0.0, "constant"], rtol=1e-6):
        return "c"
    ratio = end[0.5, "patience 5"] / end[0.5, "constant"]
    return "a" if ratio > 1.2 else "b" if ratio < 1 / 1.2 else None


def line_against_cosine(cosine, drawn):
    """04.21: where the best of each ends."""
    ratio = drawn / cosine
    return "a" if 0.9 < ratio <= 1 else "c" if 0.55 < ratio < 0.8 else "b" if 0 < ratio < 0.1 else None


PREDICTIONS = {
    "04.1": Choice(
        "Where is the path with η = 0.001 after 300 steps?",
        ("at the minimum, it only took longer", "down in the valley, still on its way", "still near its start"),
        far_too_small,
        "L − min L is {loss:.3f}, of {start:.1f} at the start: down in the valley, but far from the end of its floor.",
        {
            "a": "A tenth of η needs about ten times as many steps, and with 0.01 it already takes 259.",
            "c": "Down the steep side even small steps are quick; it is the flat floor that takes so long.",
        },
    ),
    "04.2": Choice(
        "How does the path look at the mark best, and how a notch above the mark limit?",
        (
            "best: without swings; above the limit: ever wider swings",
            "best: ever smaller swings; above the limit: swings of one width",
            "best: ever smaller swings; above the limit: ever wider ones",
        ),
        best_and_limit,
        "To be quick along the flat floor, η must be so large that each step across the valley goes too far. "
        "Below the limit the swings shrink, above it they grow.",
        {
            "a": "Fastest does not mean smoothest: an η without swings across is too small for the floor.",
            "b": "Swings of one width belong to the limit itself; above it each is a little wider than the last.",
        },
    ),
    "04.3": Choice(
        "Where do the paths come to rest with each of the two constant η?",
        (
            "0.01: in the shallow well; 0.25: nowhere",
            "0.01: in the shallow well; 0.25: in the deep one",
            "0.01 and 0.25: both in the deep well, 0.01 only later",
        ),
        two_constants,
        "With 0.01, {rest[0]:.0%} are at rest, {deep[0]:.0%} in the deep well; with 0.25, {rest[1]:.0%} are at rest.",
        {
            "b": "Here, steps long enough to leave the shallow well are too long for the deep one too: it is steeper.",
            "c": "Time does not help a small η: on its way down it comes to rest in the first hole.",
        },
    ),
    "04.4": Choice(
        "Where do they come to rest with 0.25, then a tenth of it every 20 steps?",
        ("all in the shallow well", "all in the deep well", "nowhere", "some in each of the two wells"),
        large_then_small,
        "{rest:.0%} are at rest, {deep:.0%} in the deep well: a large η makes them jump, the small one lets them rest.",
        {
            "a": "For 20 steps the large η carries the paths far around, and some land in the other well.",
            "b": "Where a long jump lands is luck; a deeper well does not call.",
            "c": "After two cuts η is a hundredth of 0.25, and no path jumps any more.",
        },
    ),
    "04.5": Choice(
        "With η = 0.005 in place of 0.08, what becomes of the ball, and of the first 30 steps?",
        (
            "the ball shrinks; the first 30 steps get at least as far",
            "the ball shrinks; the first 30 steps get less far",
            "the ball stays, for σ stays; the first 30 steps get less far",
        ),
        ball_and_start,
        "In the long run the mean loss is {small[1]:.4f} with 0.005 and {large[1]:.4f} with 0.08; "
        "after 30 steps it is {small[0]:.3f} and {large[0]:.3f}.",
        {
            "a": "They are calmer, that is true; but steps a sixteenth as long come less far in 30 steps.",
            "c": "The noise in the gradient stays, but η multiplies it, too, before it moves the path.",
        },
    ),
    "04.6": Choice(
        "With η₀ = 0.1, α = 0.5 and s = 3: which η has the eighth epoch (t = 7)?",
        ("0.025", "0.0198", "0.0125", "0.00078"),
        eighth_epoch,
        "⌊7/3⌋ = 2, so η has been halved twice: {rates[7]:.4g}.",
        {
            "b": "The brackets ⌊ ⌋ round down: between two drops η stays where it is.",
            "c": "The third halving comes at t = 9; three epochs have the exponent 0, for t begins with 0.",
            "d": "That would be a halving in every epoch; here it is one every three epochs.",
        },
    ),
    "04.7": Choice(
        "What does Adam's effective learning rate do on a descent into a noise ball?",
        ("it falls, as AdaGrad's does", "it stays about the same", "it rises"),
        effective_rate,
        "From {first:.3f} at the first step to {last:.3f} at the last: the gradients shrink, and Adam divides by less.",
        {
            "a": "AdaGrad's G is a sum and only grows; Adam's mean of squares can fall, and does.",
            "b": "It is Adam's step that keeps about one size; the factor η/√v changes as the gradients do.",
        },
    ),
    "04.8": Amount(
        "With a factor of 0.95 in each of the 41 steps: how much of η is left after the first epoch?",
        "per cent",
        per_cent,
        "41 factors of 0.95 make {one:.3f}.",
        "It is little, but not that little: 14 factors of 0.95 make about a half, and an epoch has three times 14.",
        "The factor acts 41 times in an epoch, not once or a few times: 14 of them make about a half.",
        1.6,
    ),
    "04.9": Choice(
        "With the same factor of 0.95 in each step: how much of η is left after ten epochs?",
        ("less than a millionth", "about a hundredth", "more than a half"),
        after_ten,
        "410 factors of 0.95 make {ten:.1e}: what is left after one epoch, to the tenth power.",
        {
            "b": "Each epoch multiplies by the same small factor again: ten epochs make its tenth power, not a tenth.",
            "c": "That is what ten factors of 0.95 would leave; ten epochs have 410.",
        },
    ),
    "04.10": Choice(
        "With η₀ = 0.08, which line ends highest?",
        ("exponential decay", "constant", "cosine", "warm-up, stable, decay"),
        highest,
        "The constant η ends at {loss[constant][120][0]:.4f}, cosine at {loss[cosine][120][0]:.4f}: "
        "who keeps a large η stays in a large noise ball.",
        {
            "a": "It falls early; but from an η₀ as large as 0.08 the descent has arrived before η is small.",
            "c": "It stands still from step 80 on; but that is no loss where the descent has arrived.",
            "d": "Until step 60 its η is large; then it falls to zero, and the ball shrinks with it.",
        },
    ),
    "04.11": Choice(
        "Exponential decay, or warm-up–stable–decay: which one is lower at step 60, which at 80?",
        (
            "warm-up–stable–decay at both",
            "exponential at both, by far",
            "exponential by far at 60; at 80 within a factor of 2",
            "exponential at 60; at 80 the other, by far",
        ),
        sixty_and_eighty,
        "At step 60 exponential decay is at {loss[exponential][60][0]:.4f} and the other at {loss[stable][60][0]:.4f}, "
        "at step 80 at {loss[exponential][80][0]:.4f} and {loss[stable][80][0]:.4f}: the loss falls when η falls.",
        {
            "a": "Until step 60 it has a large η, and so a large noise ball.",
            "b": "A noise ball needs few steps to shrink: twenty steps of decay bring it near.",
            "d": "It comes near in twenty steps; but the other has not stood still either.",
        },
    ),
    "04.12": Choice(
        "You drag η₀ from 0.08 down to 0.02. Who ends lower than before, who higher?",
        (
            "all lower: each ball shrinks",
            "the constant higher, those that fall lower",
            "all higher: 0.02 is too slow for each",
            "the constant lower, those that fall higher",
        ),
        smaller_start,
        "The constant goes from {loss[constant][120][0]:.4f} to {loss[constant][120][1]:.4f}, "
        "exponential decay from {loss[exponential][120][0]:.4f} to {loss[exponential][120][1]:.4f}: "
        "what begins small and falls as well does not arrive.",
        {
            "a": "A smaller ball helps only those who arrive there; a small η that falls as well runs dry on the way.",
            "b": "It is the constant whose ball was large; and the others had small η at the end already.",
            "c": "With a constant 0.02, 120 steps are enough to arrive; it is the falling ones that are too slow.",
        },
    ),
    "04.13": Choice(
        "Which η have the steps 10, 20 and 30: joined, where the cosine counts from the boundary, and hasty?",
        (
            "joined: 0.1, 0.05, 0; hasty: 0.1, 0.05, 0, too",
            "joined: 0.05, 0, 0; hasty: 0.1, 0.05, 0",
            "joined: 0.1, 0.05, 0; hasty: 0.05, 0, 0",
            "joined: 0.1, 0.05, 0; hasty: 0.05, 0.025, 0",
        ),
        own_steps,
        "In hasty the cosine is asked for its step 10, 20 and 30, and it is over at its step 20.",
        {
            "a": "Nobody tells the cosine when its turn began: it takes the k that it gets.",
            "b": "It is the other way round: from the boundary on, the cosine's own step is 0, 10 and 20.",
            "d": "It jumps to 0.05, that is true; but it does not begin anew from there: at k = 20 it is over.",
        },
    ),
    "04.14": Choice(
        "Where does the warm-up, with one of three η₀ at least, raise the accuracy by more than 0.01?",
        ("at the calm start", "at the steep start", "at both", "at neither"),
        where_it_helps,
        "At the calm start it changes next to nothing with any of the three; at the steep one it gains more.",
        {
            "a": "The usual start is made so that the first steps are not too steep: there is little to protect.",
            "c": "At the calm start there is little to protect: the usual η is not too large there.",
            "d": "It costs 80 steps with a small η; but a bad beginning can cost more than that.",
        },
    ),
    "04.15": Choice(
        "The smoothed loss is lowest at η ≈ 0.62. The constant η that trains best is …",
        ("smaller", "about the same", "larger"),
        best_rate,
        "With a third of it the training ends lower than with it, or with three times as much.",
        {
            "b": "Where the curve is lowest, it is about to explode.",
            "c": "Right of the lowest point the loss rises: there η is too large already.",
        },
    ),
    "04.16": Choice(
        "Gradient descent has no memory. Does the lagging average move its lowest point?",
        ("yes, to a smaller η", "no: only momentum and Adam lag", "yes, to a larger η"),
        smoothing_moves,
        "In 200 steps the lagging average is lowest at η = {lagging[0]:.2g}, {lagging[1]:.2g} and {lagging[2]:.2g}, "
        "the centred one at {centred[0]:.2g}, {centred[1]:.2g} and {centred[2]:.2g}: "
        "the average has a memory of its own.",
        {
            "a": "The average shows late that the loss rises again; by then η has grown.",
            "b": "It is not the optimizer that lags here, but the average of the losses.",
        },
    ),
    "04.17": Choice(
        "You drag T from 100 to 150. Which paths change in the first 80 steps?",
        (
            "only that of cosine",
            "none: T matters only at the end",
            "those of cosine and of warm-up–stable–decay",
        ),
        with_another_end,
        "Cosine needs T in each of its steps. Warm-up–stable–decay needs it only when the decay begins.",
        {
            "b": "A longer cosine falls more slowly, and so it differs from its second step on.",
            "c": "Warm-up–stable–decay is told T as well, but until its decay begins it does nothing with it.",
        },
    ),
    "04.18": Choice(
        "Adam, cosine against constant, each with its own best η: how much does the schedule help?",
        ("not at all", "by about 10 %", "by a factor of 2 or 3", "by a factor of 10"),
        schedule_for_adam,
        "The loss is {factors[0]:.1f}, {factors[1]:.1f} and {factors[2]:.1f} times lower with it: "
        "Adam adapts to the size of the gradients, but it does not come to rest.",
        {
            "a": "Near the minimum Adam's effective rate does not fall by itself, so there is a ball to shrink.",
            "b": "The constant must choose between speed and calm; the schedule gets both, and that is worth more.",
            "d": "The constant may choose its own best η, a small one, and that takes away much of the difference.",
        },
    ),
    "04.19": Choice(
        "With 1000 steps instead of 100: what has become of the lead of cosine?",
        ("it is gone: given time, the constant arrives too", "it is still there", "it is ten times as large"),
        longer_trainings,
        "With 100, 300 and 1000 steps the factors are {factors[0]:.1f}, {factors[1]:.1f} and {factors[2]:.1f}. Three "
        "lengths show no trend, but the lead does not go away.",
        {
            "a": "The constant may be smaller in a longer training, but it still has to choose between speed and calm.",
            "c": "The constant may be smaller in a longer training, and that keeps the lead from growing so much.",
        },
    ),
    "04.20": Choice(
        "Reduce on plateau, patience 5: what does it do without noise, and what with noise?",
        (
            "without: nothing; with: it cuts too early, and ends higher",
            "without: nothing; with: it cuts in the ball, and ends lower",
            "it cuts in both: the loss falls more and more slowly",
        ),
        plateau_and_noise,
        "With noise the loss of the best step is not beaten for a while, though the descent goes on: noise makes the "
        "rule impatient.",
        {
            "b": "A lucky step sets a best loss that is hard to beat, long before the path is in its ball.",
            "c": "It falls by less and less, but each time by more than 0.01 % of the best, and that counts as better.",
        },
    ),
    "04.21": Choice(
        "No η is above 2/λmax. Against the best cosine, how low does the best line of twelve knots end after 60 steps?",
        (
            "hardly lower, by less than a tenth",
            "more than ten times lower",
            "lower by about a third",
        ),
        line_against_cosine,
        "The best cosine ends at {cosine:.5f}, the best line that was found at {drawn:.5f}.",
        {
            "a": "The cosine begins to fall at once, while the start is far from forgotten; a free line can wait.",
            "b": "Each step adds noise of its own, so in 60 steps no schedule gets far below a good one.",
        },
    ),
}
