"""What notebook 05 asks before it shows: saddles, depth, cliffs, overfitting, double descent."""

import numpy as np

from .prediction import Amount, Choice


def steps_more(near, nearer):
    """05.1: how many steps more the start takes that is nearer to the ridge."""
    return nearer - near


def who_is_faster(steps):
    """05.2: the steps until gradient descent, momentum and Adam have left the saddle, or "never"."""
    descent, momentum, adam = (np.inf if k == "never" else k for k in steps)
    if max(descent, momentum, adam) < 1.5 * min(descent, momentum, adam):
        return "a"
    if momentum < descent < adam:
        return "b"
    if max(momentum, adam) < descent:
        return "c" if adam < momentum else "d"
    return None


def on_the_ridge(steps):
    """05.3: the same for those that start exactly on the ridge."""
    leaves = tuple(k != "never" for k in steps)
    return {(False, False, False): "a", (False, False, True): "b", (True, True, True): "c"}.get(leaves)


def all_positive(coin, matrices):
    """05.4: the share of matrices with only positive eigenvalues, by their size, against coin tosses."""
    ratio = np.divide(matrices, coin)[1:]  # with one eigenvalue there is nothing to compare
    if np.less(ratio, 0.9).all():
        return "c"
    if np.allclose(ratio, 1, atol=0.1):
        return "a"
    return "d" if np.allclose(matrices, 0.5, atol=0.1) else "b" if np.greater(ratio, 1.1).all() else None


def ends_of_six(narrow, wide):
    """05.5: the lowest and the highest training loss of the narrow and of the wide network."""
    alike = tuple(bool(high - low < 0.05) for low, high in (narrow, wide))
    return {(True, True): "a", (True, False): "b", (False, False): "c", (False, True): "d"}[alike]


def left_of_relu(left):
    """05.6: the share of ReLU's gradient that 50 layers leave."""
    return share(left, {"a": (0.8, 1.25), "b": (0.25, 0.8), "c": (0.03, 0.25), "d": (0, 1e-6)})


def left_of_tanh(left, later):
    """05.7: the share of tanh's signal that 50 layers leave, and 100."""
    return share(left, {"a": (0.8, 1.25), "b": (0.03, 0.3), "c": (0, 1e-6)})


def share(left, ranges):
    """The letter of the range in which the share lies."""
    return next((letter for letter, (low, high) in ranges.items() if low <= left < high), None)


def place_for_sigmoid(slider, left, largest):
    """05.8: where on the slider most of the sigmoid's gradient is left, if anywhere a thousandth is."""
    if largest < 1e-3:
        return "a"
    best = slider[int(np.argmax(left))]
    return "b" if best < 0.7 else "c" if best < 5 else "d"


def three_starts(plain, xavier, he):
    """05.9: the test accuracies from the three starts."""
    if min(plain, xavier, he) > max(plain, xavier, he) - 0.05:
        return "a"
    if plain > min(xavier, he) - 0.05:
        return None
    return "b" if abs(xavier - he) < 0.05 else "c" if xavier > he else "d"


def thrown(longest, farthest, settled):
    """05.10: how far the path without clipping goes, and when it settles, if it does."""
    far = False if farthest < 6 else True if 10 < farthest < 40 else None
    back = settled is not None
    return {(False, True): "a", (False, False): "b", (True, True): "c", (True, False): "d"}.get((far, back))


def down_to_zero(training):
    """05.11: the last training losses of plain, L2, weight decay and dropout."""
    zero = "".join("0" if loss < 0.1 else "+" for loss in training)
    return {"0000": "a", "0+++": "b", "0++0": "c", "++++": "d"}.get(zero)


def places_of_plain(training, test, accuracy):
    """05.12: in each picture the last values of plain, L2, weight decay and dropout."""
    places = [
        "best" if plain == min(values) else "worst" if plain == max(values) else "between"
        for plain, *values in ((row[0], *row) for row in (training, test, np.negative(accuracy)))
    ]
    letters = {("best", "best"): "a", ("worst", "best"): "b", ("worst", "worst"): "c", ("between", "between"): "d"}
    return letters.get(tuple(places[1:])) if places[0] == "best" else None


def two_paths(momentum, adam):
    """05.13: "the same" or not, |W| with L2 and |W| with decay, of momentum and of Adam."""
    apart, adams = (abs(np.log(decay / l2)) for _, l2, decay in (momentum, adam))
    return "a" if momentum[0] == "the same" else "b" if apart < adams else "c"


def largest_error(sizes, errors):
    """05.14: which of four numbers of features has the largest test error."""
    of = dict(zip(sizes, errors, strict=True))
    return max({50: "a", 100: "b", 200: "c", 2000: "d"}.items(), key=lambda asked: of[asked[0]])[1]


PREDICTIONS = {
    "05.1": Amount(
        "With η = 0.1 and y₀ = 10⁻⁶ it takes 139 steps. How many steps more does y₀ = 10⁻⁹ take?",
        "steps more",
        steps_more,
        "It leaves after {nearer} steps instead of {near}. Each step multiplies the distance by 1.1, and it takes "
        "ln 1000 / ln 1.1 = 72.5 such steps to make it a thousand times as large.",
        low="Each step makes the distance larger by a tenth only; a factor 1000 takes many such steps.",
        high="A thousand times closer is not a thousand times longer: each step multiplies, so the logarithm counts.",
        factor=1.5,
    ),
    "05.2": Choice(
        "From y₀ = 10⁻⁶, how fast are momentum and Adam beside gradient descent?",
        (
            "all three alike, for the gradient is tiny for all",
            "momentum is faster, Adam slower",
            "both are faster, and Adam the fastest",
            "both are faster, and momentum the fastest",
        ),
        who_is_faster,
        "Gradient descent leaves after {steps[0]} steps, momentum after {steps[1]} and Adam after {steps[2]}. Near the "
        "ridge the gradients agree, so momentum adds them up. Adam divides the gradient by its size: even a tiny one "
        "makes a step of about η.",
        {
            "a": "The gradient is tiny for all; what they make of it is not the same.",
            "b": "Adam does not get careful where the gradient is small: it divides the gradient by its size.",
            "d": "Momentum has to gather speed from tiny gradients; Adam makes a step of about η at once.",
        },
    ),
    "05.3": Choice(
        "Which of the three leave when they start exactly on the ridge, y₀ = 0?",
        (
            "none of them, however long you wait",
            "only Adam, for it enlarges small gradients",
            "all of them, but only after a long time",
        ),
        on_the_ridge,
        "On the ridge the gradient has no part in y: it is exactly 0, and no factor makes more of it.",
        {
            "b": "Adam enlarges what is small. It cannot enlarge 0: 0 divided by anything is 0.",
            "c": "The distance grows by a factor, and any factor times 0 is 0. There is not even a rounding error: "
            "y = 0 stays exactly 0.",
        },
    ),
    "05.4": Choice(
        "With n coin tosses, what share has only positive signs? And random symmetric matrices?",
        (
            "½ⁿ, and random matrices have about the same share",
            "½ⁿ, and random matrices have a larger share",
            "½ⁿ, and random matrices have a smaller share",
            "½ for every n, for both",
        ),
        all_positive,
        "With n = 2 the share is {matrices[1]:.2f} against {coin[1]:.2f}, with n = 4 {matrices[3]:.4f} against "
        "{coin[3]:.4f}. The eigenvalues of a matrix push each other apart: seldom are all of them on one side.",
        {
            "a": "Coins do not know of each other. The eigenvalues of one matrix push each other apart.",
            "b": "It would be so if the eigenvalues of a matrix liked to agree; they keep away from each other.",
            "d": "Half of them are positive on average. That all n are positive at once is another question.",
        },
    ),
    "05.5": Choice(
        "Do the six trainings end at the same training loss?",
        (
            "nearly the same, with 2 hidden units as with 64",
            "nearly the same with 2 hidden units, not with 64",
            "not the same, neither with 2 hidden units nor with 64",
            "not the same with 2 hidden units, but nearly with 64",
        ),
        ends_of_six,
        "With 2 hidden units they end anywhere from {narrow[0]:.2f} to {narrow[1]:.2f}, with 64 from {wide[0]:.2f} to "
        "{wide[1]:.2f}. In this experiment it matters for the narrow network where you start.",
        {
            "a": "So it is with 64 hidden units. With only 2, where a training ends depends on where it starts.",
            "b": "More parameters might mean more places to be caught in. But the six wide networks met none.",
            "c": "So it is with 2 hidden units. With 64, all six find a low loss from where they start.",
        },
    ),
    "05.6": Choice(
        "At n·Var(w) = 1, how much of ReLU's gradient is left after 50 layers?",
        (
            "nearly all of it",
            "about half of it",
            "about a tenth of it",
            "less than a millionth of it",
        ),
        left_of_relu,
        "The factor per layer is about √½ = 0.7, and fifty such factors leave {left:.0e}.",
        {
            "a": "The slope of ReLU is 1 where a unit is on. But about half of the units are off, in each layer.",
            "b": "About half of the units are off in each layer. It counts fifty times, not once.",
            "c": "That is about what the factor 0.7 leaves after six layers; here are fifty.",
        },
    ),
    "05.7": Choice(
        "At n·Var(w) = 1, how much of its signal does tanh keep through 50 layers?",
        ("nearly all of it", "about a tenth of it", "less than a millionth of it"),
        left_of_tanh,
        "The outputs have the size {left:.2f} after 50 layers and {later:.2f} after 100. The smaller the signal, the "
        "nearer the slope is to 1: so it shrinks more and more slowly, and not by one factor per layer.",
        {
            "a": "The slope of tanh is 1 at 0 only. Elsewhere it is smaller, and each layer takes a little away.",
            "c": "One factor below 1 in each layer would do that. But tanh shrinks a small signal hardly at all.",
        },
    ),
    "05.8": Choice(
        "Is there a position of the slider, 0.1 to 10, that saves a thousandth of the sigmoid's gradient?",
        (
            "no: all of them lose more than that",
            "yes, at the left: small weights do not saturate it",
            "yes, near 1 or 2, as for the other two",
            "yes, at the right: large weights make up for its slope",
        ),
        place_for_sigmoid,
        "Of the positions tried, the best leaves {largest:.0e} of it after 50 layers. The slope is at most ¼, and "
        "larger weights push the units to where it is smaller still.",
        {
            "b": "Small weights keep the slope near ¼. But then each layer multiplies by ¼, and by the small weights.",
            "c": "For tanh and ReLU the slope can be 1. That of the sigmoid is at most ¼.",
            "d": "They do make up for a part of it. But they also push the units to where the slope is below ¼.",
        },
    ),
    "05.9": Choice(
        "What will the test accuracies from the three starts be?",
        (
            "about the same: training corrects the start",
            "plain's the lowest; Xavier's and He's about the same",
            "plain's the lowest, Xavier's the highest",
            "plain's the lowest, He's the highest",
        ),
        three_starts,
        "He's start reaches {he:.2f}. Xavier's is made for tanh: through ReLU only 0.7 of the gradient is left in each "
        "layer. From the plain start the signal explodes, and only a tiny η can bear it.",
        {
            "a": "Training needs gradients that arrive. Gradients that vanish or explode correct little.",
            "b": "A larger η makes up for a part of Xavier's small gradients, not for all of it.",
            "c": "Xavier's variance is right where the slope is 1 at 0, as for tanh. ReLU needs twice as much.",
        },
    ),
    "05.10": Choice(
        "How far does the path without clipping go at the edge, and does it come back?",
        (
            "about 2, the height of the step, and it comes back",
            "about 2, the height of the step, and it stays away",
            "about 20, out of the picture, and it comes back",
            "about 20, out of the picture, and it stays away",
        ),
        thrown,
        "Its longest step is {longest:.2f}: the gradient tells how steep the edge is, not how high. This surface is a "
        "bowl on all sides, so there is a way back. (Steps until it settles: {settled}.)",
        {
            "a": "The step is 2 high. But it is steep, and the gradient counts steepness.",
            "b": "The step is 2 high. But it is steep, and the gradient counts steepness; and a bowl leads back.",
            "d": "It looks lost. But this surface is a bowl on all sides. In a network nothing promises a way back.",
        },
    ),
    "05.11": Choice(
        "Of plain, L2, weight decay and dropout: which training losses will go to zero?",
        (
            "all four",
            "that of the plain network alone",
            "those of the plain network and of dropout",
            "none: wrong labels cannot be learned",
        ),
        down_to_zero,
        "They end at {training[0]:.2f} (plain), {training[1]:.2f} (L2), {training[2]:.2f} (weight decay) and "
        "{training[3]:.2f} (dropout). The plain network learns all labels by heart, the wrong ones too, and its loss "
        "goes on falling; each of the others is kept from it.",
        {
            "a": "L2 and decay keep the weights small, and dropout takes units away. Many labels are not learned then.",
            "c": "Dropout does not limit the weights. But to learn by heart, units must rely on each other.",
            "d": "No rule explains the wrong labels. Yet with so many weights, each label can be learned on its own.",
        },
    ),
    "05.12": Choice(
        "Among the four curves, how does that of the plain network end in the three pictures?",
        (
            "best in all three",
            "best in training loss and test accuracy, worst in test loss",
            "best in training loss, worst in test loss and test accuracy",
            "best in training loss, in the middle in the other two",
        ),
        places_of_plain,
        "Its training loss is {training[0]:.2f}, its test loss {test[0]:.2f} and its test accuracy {accuracy[0]:.2f}. "
        "What it has learned by heart does not hold for other digits.",
        {
            "a": "A low training loss is no promise: a fifth of what was learned so well is wrong.",
            "b": "A network that is too sure can have a high loss and still be right. This one also errs more often.",
            "d": "The others give up training loss, and are paid back with the test digits, all three of them.",
        },
    ),
    "05.13": Choice(
        "L2 or decay with the same λ: do momentum's two networks agree?",
        (
            "yes, as those of gradient descent do",
            "nearly: they differ, but less than Adam's",
            "no: they differ as much as Adam's, or more",
        ),
        two_paths,
        "With L2 and with decay, |W| is {momentum[1]:.1f} and {momentum[2]:.1f}; Adam's is {adam[1]:.1f} and "
        "{adam[2]:.1f}. Momentum's L2 part goes through the velocity, which gathers it; Adam's is divided by √v̂.",
        {
            "a": "L2's part is gathered in the velocity and acts again in later steps. Decay acts only once.",
            "c": "Momentum treats all weights alike. Adam divides, and so shrinks each weight by another share.",
        },
    ),
    "05.14": Choice(
        "For which number p of features is the test error largest?",
        ("p = 50", "p = 100", "p = 200", "p = 2000"),
        largest_error,
        "The test error is {errors[2]:.2f} for p = {sizes[2]}, {errors[4]:.2f} for p = {sizes[4]}, {errors[6]:.2f} for "
        "p = {sizes[6]} and {errors[8]:.2f} for p = {sizes[8]}. It peaks where the model just fits its 100 examples.",
        {
            "a": "50 features are too few to fit 100 examples exactly: they have to find what the examples share.",
            "c": "With 200 features many solutions fit, and the one of smallest norm is already a tame one.",
            "d": "More parameters overfit more, says the old rule. But among many solutions the smallest one is tame.",
        },
    ),
}
