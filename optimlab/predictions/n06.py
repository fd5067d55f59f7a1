"""What notebook 06 asks before it shows: a network for digits, fair comparisons, what to do when it does not train."""

import numpy as np

from .prediction import Amount, Choice


def equal_probabilities(loss):
    """06.1: the loss where all classes get the same probability; which number it is nearest to, within a tenth."""
    near = [letter for letter, number in zip("abcd", (0.1, 0.9, 2.3, 10)) if abs(loss / number - 1) < 0.1]
    return near[0] if near else None


def smaller_h(usual, tiny):
    """06.2: the largest error of the central difference, with the usual h and with a tiny one."""
    return "a" if tiny < usual / 2 else "c" if tiny > 2 * usual else "b"


def falls_to_the_end(loss_pauses, error_pauses, epochs):
    """06.3: which curve falls in nine of ten epochs, or more, from the number of those in which it does not."""
    falls = bool(loss_pauses <= epochs / 10), bool(error_pauses <= epochs / 10)
    return {(True, False): "a", (False, True): "b", (True, True): "c", (False, False): "d"}[falls]


def larger_batch(at32, at512):
    """06.4: the test accuracy with B = 32 and with B = 512, at the same η."""
    return "a" if at512 > at32 + 0.01 else "b" if at512 < at32 - 0.01 else "c"


def more_momentum(at90, at99):
    """06.5: the test accuracy with γ = 0.9 and with γ = 0.99, at the same η."""
    return "a" if at99 > at90 + 0.01 else "c" if at99 < at90 - 0.01 else "b"


def other_betas(usual, beta1, beta2):
    """06.6: the accuracies of the seeds with Adam's usual β, with β₁ = 0 and with β₂ = 0.9."""

    def clear(changed):
        unsure = np.sqrt(np.var(usual, ddof=1) / len(usual) + np.var(changed, ddof=1) / len(changed))
        return bool(abs(np.mean(changed) - np.mean(usual)) > 2 * unsure)

    return {(False, False): "a", (True, False): "b", (False, True): "c", (True, True): "d"}[clear(beta1), clear(beta2)]


def rates_that_do_well(good, best):
    """06.7: for each optimizer the η with a small loss; how many they are, and whether one of them is good for all."""
    good = np.array(good)
    many, shared = bool(np.median(good.sum(axis=1)) >= 5), bool(good.all(axis=0).any())
    return {(True, True): "a", (True, False): "b", (False, True): "c", (False, False): "d"}[many, shared]


def optimizer_or_seed(apart, seeds):
    """06.8: how far the means of the optimizers are apart, and two trainings of one of them."""
    return "a" if apart > 1.2 * seeds else "b" if seeds > 1.2 * apart else "c"


def cosine_ahead(constant, cosine):
    """06.9: from which of the four looks on cosine is ahead by more than 0.005."""
    ahead = [bool(b > a + 0.005) for a, b in zip(constant, cosine)]
    since = next((i for i in range(len(ahead)) if all(ahead[i:])), None)
    return "d" if since is None else "abcc"[min(since, 3)]


def after_forty_epochs(constant, cosine):
    """06.10: the (mean, uncertainty) of each optimizer with a constant η and with cosine: the lead, if it is clear."""
    leads = [(b[0] - a[0]) / np.hypot(a[1], b[1]) for a, b in zip(constant, cosine)]
    if all(lead > 2 for lead in leads):
        return "a"
    if all(lead < -2 for lead in leads):
        return "b"
    return "c"


def spread_of_splits(splits, seeds):
    """06.11: the spread over the splits of the data, against that over the seeds."""
    return "b" if splits > 3 * seeds else "c" if splits < seeds / 3 else "a"


def at_the_minimum(constant, small):
    """06.12: the mean loss at the end with a constant η, and with one that is a tenth of it."""
    if max(constant, small) < 1e-8:
        return "a"
    return "c" if small < constant / 2 else "b" if small < 2 * constant else None


def clear_winner(accuracies):
    """06.13: which optimizer is ahead of all others by more than five digits of 500."""
    first, second = sorted(accuracies, key=accuracies.get, reverse=True)[:2]
    if accuracies[first] - accuracies[second] <= 0.01:
        return "d"
    return {"Adam": "a", "SignMomentum": "b"}.get(first, "c")


def by_heart(digits, lost):
    """06.14: the last training loss with the digits, and without their pictures."""
    return {(True, True): "a", (True, False): "b", (False, False): "c"}.get((digits < 0.1, lost < 0.1))


def first_losses(first):
    """06.15: the first losses from 0 to 1, from 0 to 255, and standardized: which are far above ln 10."""
    far = tuple(bool(loss > 3 * np.log(10)) for loss in first)
    return {(False, False, False): "a", (False, False, True): "b", (False, True, False): "c"}.get(far)


def units_above(above):
    """06.16: whether the accuracy is above 0.95, from 0 to 1, from 0 to 255, and standardized."""
    return {(True, True, True): "a", (True, False, True): "b", (False, False, True): "c"}.get(tuple(map(bool, above)))


def nearest_to_a_thousandth(ratio):
    """06.17: |ΔW| / |W| for each of the three η: which is nearest to 0.001, by its factor."""
    return "abc"[int(np.argmin(np.abs(np.log(np.array(ratio) / 0.001))))]


def first_layer_hears(times):
    """06.18: the gradient of the last layer, in those of the first one."""
    return times


def steps_follow(step):
    """06.19: the last layer's step, in those of the first one, relative to the weights."""
    return "a" if step > 3 else "c" if step < 1 / 3 else "b"


def catches_up(adam, descent, relu):
    """06.20: the best accuracies of the sigmoid network with Adam and with gradient descent, and that of ReLU."""
    return {(True, True): "a", (True, False): "b", (False, True): "c", (False, False): "d"}[
        bool(adam > relu - 0.02), bool(descent > relu - 0.02)
    ]


def healthy(test):
    """06.21: the picture whose test loss is lowest at the end."""
    return {"B": "a", "C": "b", "D": "c", "F": "d"}.get(min(test, key=test.get))


def labels_shuffled(pictures):
    """06.22: the pictures whose training labels were shuffled."""
    return {"A": "a", "B": "b", "E": "c", "F": "d"}.get("".join(pictures))


def other_units(pictures):
    """06.23: the pictures whose test set got other units."""
    return {"A": "a", "B": "b", "C": "c", "D": "d"}.get("".join(pictures))


PREDICTIONS = {
    "06.1": Choice(
        "If all ten classes get the same probability, the loss is about …",
        ("0.1", "0.9", "2.3", "10"),
        equal_probabilities,
        "The right class has the probability 1/10, and −log(1/10) = ln 10: the network's loss is {loss:.3f}.",
        {
            "a": "0.1 is the probability of the right class; the loss is its negative logarithm.",
            "b": "0.9 is the share of wrong answers; this loss counts no answers, it takes a logarithm.",
            "d": "1/0.1 is 10, but the loss takes the logarithm of it.",
        },
    ),
    "06.2": Choice(
        "With h = 10⁻¹² instead of 10⁻⁵, the error of the central difference is …",
        (
            "smaller: the smaller h, the nearer to the slope",
            "as small: both agree in all digits",
            "larger: rounding spoils the difference",
        ),
        smaller_h,
        "The computer knows L to about 16 digits. For a tiny h the two losses agree in most of them, and what is left "
        "is divided by a tiny 2h.",
        {
            "a": "That is so with exact numbers; the computer's numbers are rounded.",
            "b": "They would, if the difference of two nearly equal losses kept its digits.",
        },
    ),
    "06.3": Choice(
        "Which goes on falling to the end, epoch by epoch?",
        ("the training loss only", "the test error only", "both, one like the other", "neither of the two"),
        falls_to_the_end,
        "Of {epochs} epochs, the training loss did not fall in {loss_pauses}, the test error in {error_pauses}: the "
        "steps are made for the loss of the training digits, and nothing makes the test error follow each of them.",
        {
            "b": "The steps are made for the training digits; their loss is what falls most surely.",
            "c": "The network never sees the test digits; most of them are soon right, and the rest come and go.",
            "d": "One of the two is what the optimizer works on, in every step.",
        },
    ),
    "06.4": Choice(
        "Momentum, η = 0.05, B = 512 instead of 32: after ten epochs the error is …",
        (
            "smaller: a large batch has the better gradient",
            "larger: there are fewer steps",
            "the same: the digits seen are as many",
        ),
        larger_batch,
        "Ten epochs are 410 steps with B = 32, and 30 with B = 512. The test accuracy is {at32:.3f} with B = 32 and "
        "{at512:.3f} with B = 512.",
        {
            "a": "The gradient is better, but with the same η that makes no step longer, and there are fewer of them.",
            "c": "Both see each digit ten times, but the network changes only with each step, not with each digit.",
        },
    ),
    "06.5": Choice(
        "γ = 0.99 instead of 0.9, both with η = 0.05: after ten epochs the test accuracy is …",
        (
            "higher: momentum walks ten times as fast",
            "the same: η alone says how long a step is",
            "lower: the steps are too long",
        ),
        more_momentum,
        "The test accuracy is {at90:.3f} with γ = 0.9, and {at99:.3f} with γ = 0.99, whose steps grow to ten times the "
        "length: η/(1 − γ).",
        {
            "a": "Faster is better only while the steps are not too long.",
            "b": "On a steady slope the steps grow to η/(1 − γ): who changes γ changes them as well.",
        },
    ),
    "06.6": Choice(
        "Adam, η = 0.003: what do β₁ = 0, or β₂ = 0.9, change in the test accuracy?",
        (
            "neither changes more than the seed does",
            "β₁ = 0 changes it clearly, β₂ = 0.9 does not",
            "β₂ = 0.9 changes it clearly, β₁ = 0 does not",
            "both change it clearly",
        ),
        other_betas,
        "The seeds of the usual β alone give {usual[0]:.3f}, {usual[1]:.3f} and {usual[2]:.3f}; the means of the "
        "others stay too close to theirs for three seeds to tell.",
        {
            "b": "Without its memory of directions Adam is nearly RMSprop, and at a small η that is no worse here.",
            "c": "With β₂ = 0.9 the memory is about ten steps long; with a small η that is enough here.",
            "d": "The usual values are good ones, but at this η nothing depends on them that three seeds could show.",
        },
    ),
    "06.7": Choice(
        "For how many of the nine η is the loss below 0.2, and is one η among them for all?",
        (
            "five or more; one of them suits all seven",
            "five or more; none suits all seven",
            "four or fewer; one of them suits all seven",
            "four or fewer; none suits all seven",
        ),
        rates_that_do_well,
        "Few do well, and each optimizer means something else by η: gradient descent does best at η = {best[0]:g}, "
        "RMSprop at η = {best[5]:g}.",
        {
            "a": "Neighbours differ by a factor of three, and a small step for one optimizer is too long for another.",
            "b": "Neighbours differ by a factor of three: a few of them lead from too slow to too long.",
            "c": "An η that is right for the gradient is far too large where steps are divided by the gradient's size.",
        },
    ),
    "06.8": Choice(
        "What differs more?",
        (
            "the means of the seven, each over five trainings",
            "two trainings of one optimizer: the seed matters more",
            "neither: both differ by about as much",
        ),
        optimizer_or_seed,
        "The means are at most {apart:.3f} apart, two trainings of one optimizer up to {seeds:.3f}.",
        {
            "a": "With an η of its own each of them does well; what looks like a better optimizer is often a better η.",
            "c": "A mean of five trainings varies less than a single one, and the means are close together.",
        },
    ),
    "06.9": Choice(
        "Looking after 5, 10, 15 and 20 epochs: when is cosine ahead, by more than 0.005?",
        (
            "after 5 epochs, and from then on",
            "not after 5, but from 10 epochs on",
            "only near the end, from 15 or 20 epochs on",
            "at none of these",
        ),
        cosine_ahead,
        "After 5 epochs they have {constant[0]:.3f} and {cosine[0]:.3f}, after 10 {constant[1]:.3f} and {cosine[1]:.3f}"
        ": η must shrink first, and cosine falls steeply in the middle. (One seed: a few digits would change this.)",
        {
            "a": "At first both have nearly the same η: cosine begins flat.",
            "c": "At epoch 10 η is down to a half, and here that was already enough.",
            "d": "The noise of the batches keeps shaking θ, as much as η is large.",
        },
    ),
    "06.10": Choice(
        "After forty epochs, what has become of the lead of cosine?",
        ("it is still clear: cosine is better", "it is lost: the constant η is clearly ahead", "no clear lead is left"),
        after_forty_epochs,
        "Adam has {constant[1][0]:.3f} with the constant η and {cosine[1][0]:.3f} with cosine, momentum "
        "{constant[0][0]:.3f} and {cosine[0][0]:.3f}: with time, the constant η gets there too.",
        {
            "a": "After ten epochs cosine was ahead; but by then the constant η had not yet arrived.",
            "b": "With cosine η shrinks to 0, but only at the end of the forty epochs; till then it learns as well.",
        },
    ),
    "06.11": Choice(
        "Against the spread over the seeds, the spread over the splits is …",
        (
            "too close to it to tell, with so few trainings",
            "more than three times as large",
            "less than a third as large",
        ),
        spread_of_splits,
        "The standard deviation is {splits:.3f} over the splits and {seeds:.3f} over the seeds; so few trainings know "
        "a spread only roughly.",
        {
            "b": "Other test digits give another number, but each split has 500 of them, and most are right anyway.",
            "c": "With each split both change, the digits to learn from and the digits of the test.",
        },
    ),
    "06.12": Choice(
        "What does SignMomentum, with a constant η, do at the minimum?",
        (
            "it comes to rest there, for the gradient vanishes",
            "it hops about, as high with a small η as with a large one",
            "it hops about, lower with a smaller η",
        ),
        at_the_minimum,
        "Each coordinate still moves by η. Over the last steps the loss is {constant:.0e} with η = 0.05, and "
        "{small:.0e} with a tenth of it.",
        {
            "a": "The gradient gets small, but the sign of a small number is still +1 or −1.",
            "b": "The sign forgets how long the gradient is; but each coordinate moves by η.",
        },
    ),
    "06.13": Choice(
        "Who is ahead of all others after 20 epochs, by more than 5 digits of 500?",
        ("Adam", "SignMomentum", "gradient descent, or momentum", "none of them"),
        clear_winner,
        "With an η of its own each gets far, and with one seed each a few digits decide nothing.",
        {
            "a": "Adam is often used because it does well at once; here each has an η that was chosen for it.",
            "b": "It is new, but nothing has shown yet that it is better.",
            "c": "Each has an η that was chosen for it, and then the best of them are close together.",
        },
    ),
    "06.14": Choice(
        "How low does the training loss fall?",
        (
            "to nearly 0 in both cases: the labels are learned by heart",
            "to nearly 0 with the pictures, not without them",
            "to nearly 0 in neither: 32 digits are too few",
        ),
        by_heart,
        "The last losses are {digits:.3f} with the pictures and {lost:.3f} without: where all inputs are equal, all "
        "answers are equal too.",
        {
            "a": "To learn labels by heart, the network must tell the examples apart.",
            "c": "Too few to read other digits well; but few examples are easy to learn by heart.",
        },
    ),
    "06.15": Choice(
        "The first loss, before any training, is …",
        (
            "about ln 10 in all three units",
            "far above ln 10 for the standardized ones, not for the others",
            "far above ln 10 for 0 to 255, not for the others",
        ),
        first_losses,
        "It is {first[0]:.1f} from 0 to 1, {first[1]:.1f} from 0 to 255 and {first[2]:.1f} standardized: larger inputs "
        "make larger opinions, and nobody has taught them yet.",
        {
            "a": "The weights are the same in all three; what they make of a larger input is larger.",
            "b": "Standardized numbers are of the order of 1.",
        },
    ),
    "06.16": Choice(
        "With an η of its own, after five epochs: which has a test accuracy above 0.95?",
        (
            "all three, for η makes up for the units",
            "0 to 1 and standardized",
            "the standardized digits alone",
        ),
        units_above,
        "Inputs of the order of 1 suffice. From 0 to 255 none of the six η brought it there in five epochs.",
        {
            "a": "η does adapt, a thousandth of it is best; but that did not make up for the units.",
            "c": "Pixels from 0 to 1 are of the order of 1 already.",
        },
    ),
    "06.17": Choice(
        "Which η moves the weights by about a thousandth of their size in a step?",
        ("0.0003", "0.003", "0.03"),
        nearest_to_a_thousandth,
        "The mean of |ΔW| / |W| over the layers is {ratio[0]:.4f}, {ratio[1]:.4f} and {ratio[2]:.4f}: η is the size of "
        "a step for one weight, not its share, and most weights are smaller than 1.",
        {
            "b": "η is not a share of the weights: most are smaller than 1, so the share is larger than it looks.",
            "c": "Such an η may train well; but it moves the weights by far more than the rule of thumb says.",
        },
    ),
    "06.18": Amount(
        "Sigmoid, first epoch: how many times smaller is the gradient of the first layer than that of the last?",
        "times",
        first_layer_hears,
        "Each of the four sigmoids passes on at most a quarter, and four quarters make 1/256; weights and inputs "
        "change little of that here.",
        "Between the first layer and the last there are four sigmoids; what each of them takes away multiplies.",
        "Four quarters multiply to 1/256, and these starting weights take little more away.",
        factor=3.0,
    ),
    "06.19": Choice(
        "And the steps of Adam, |ΔW| / |W|, in the first epoch?",
        (
            "they follow: the first layer hardly moves",
            "they do not: all alike, within a factor of 3",
            "they turn it round: the first layer moves by far the most",
        ),
        steps_follow,
        "The last layer's step is {step:.2f} times the first one's: Adam divides by the size of each gradient.",
        {
            "a": "With gradient descent it would be so; Adam divides each coordinate by the size of its own gradient.",
            "c": "Dividing by the size makes steps equal; it does not make the small ones the largest.",
        },
    ),
    "06.20": Choice(
        "With which optimizer does the sigmoid network catch up with ReLU (within 0.02)?",
        ("with both", "with Adam", "with gradient descent", "with neither: the gradient has vanished"),
        catches_up,
        "The best sigmoid network has {adam:.2f} with Adam and {descent:.2f} with gradient descent; with ReLU and Adam "
        "it is {relu:.2f}. The gradient is small, but it is there, and Adam divides by its size.",
        {
            "a": "With neither η it learned: the steps of its first layer are about 300 times smaller than the last's.",
            "c": "Gradient descent divides by nothing, so the first layer hardly moves.",
            "d": "Vanished means small; the direction is still there, and Adam divides by the size.",
        },
    ),
    "06.21": Choice(
        "Which one is healthy?",
        ("picture B", "picture C", "picture D", "picture F"),
        healthy,
        "Both its losses fall steeply and then level off, the test loss a little above; it has the lowest test loss of "
        "all six.",
        {
            "a": "Its curves fall together, but slowly, and without a bend: it has hardly begun.",
            "c": "Its training loss is perfect; look at the test loss in the first epoch.",
            "d": "It falls all the time; look at where it begins.",
        },
    ),
    "06.22": Choice(
        "In which one were the labels shuffled?",
        ("picture A", "picture B", "picture E", "picture F"),
        labels_shuffled,
        "Labels without a reason can only be learned by heart: the training loss gets a little below ln 10, the test "
        "loss does not.",
        {
            "b": "Its two losses fall together: what it learns, however slowly, holds for the test digits too.",
            "c": "It is restless, and both curves are alike: shuffled labels would part them.",
            "d": "Shuffled labels do not raise the first loss: a new network knows nothing of labels.",
        },
    ),
    "06.23": Choice(
        "In which one did the test set get other units?",
        ("picture A", "picture B", "picture C", "picture D"),
        other_units,
        "Its training is as good as the healthy one; the test loss is off from the start, before anything is learned.",
        {
            "a": "Its training loss hardly falls either; units of the test set cannot do that.",
            "b": "Its training loss hardly falls either; units of the test set cannot do that.",
            "c": "Its test loss is only a little above its training loss, as it is with new digits.",
        },
    ),
}
