"""What notebook 05 asks at its start, about 02, 03 and 04: beside a saddle, Adam's scale, when to cut η."""

from dataclasses import replace

import numpy as np

from ..descent import descend
from ..noise import Noisy
from ..optimizers import Adam, GradientDescent
from ..predictions.prediction import Question
from ..surfaces import ravine, saddle


def beside_the_ridge():
    """05.r1: the distance from the ridge, in ten steps."""
    return {"y": descend(saddle(), GradientDescent(lr=0.25), start=(0.5, 1e-6), steps=10).theta[:, 1]}


@np.errstate(all="ignore")
def one_step_there(y):
    """05.r1: what a step makes of it."""
    y = np.asarray(y, float)
    if np.allclose(np.diff(y), 0.25, rtol=0.05):
        return "c"
    for letter, factor in (("a", 0.75), ("b", 1.0), ("d", 1.25)):
        if np.allclose(y[1:], factor * y[:-1], rtol=0.02, atol=0):
            return letter
    return None


def a_hundred_times():
    """05.r2: how far apart the paths on L and on 100·L get, for gradient descent and for Adam."""
    plain = ravine(kappa=20)
    large = replace(
        plain,
        of=lambda x, y: 100 * plain.of(x, y),
        slope=lambda x, y: tuple(100 * part for part in plain.slope(x, y)),
    )
    apart = {}
    for name, optimizer in (("descent", GradientDescent(lr=0.05)), ("adam", Adam(lr=0.05))):
        paths = [descend(loss, optimizer, steps=40).theta for loss in (plain, large)]
        apart[name] = float(np.linalg.norm(paths[1] - paths[0], axis=1).max())
    return apart


def whose_path(descent, adam):
    """05.r2: whose path has changed."""
    if np.isnan([descent, adam]).any():
        return None
    return {(True, False): "a", (False, True): "b", (True, True): "c", (False, False): "d"}[
        bool(descent > 0.1), bool(adam > 0.1)
    ]


def three_cuts():
    """05.r3: the mean loss after 150 steps, when η is cut to a tenth after 10 steps, after 80, or never."""
    noisy, cut = Noisy(ravine(kappa=30, angle=20), 0.4, copies=128), np.array([10, 80, 150]).reshape(3, 1, 1)
    optimizer = GradientDescent(lr=lambda k: np.where(k < cut, 0.05, 0.005))
    loss = descend(noisy, optimizer, np.tile(noisy.start, (3, 128, 1)), steps=150).loss
    return dict(zip(("early", "late", "never"), loss[-1].mean(axis=1)))


def lowest_end(early, late, never):
    """05.r3: which of them is clearly the lowest."""
    ends = {"a": early, "b": late, "c": never}
    lowest = min(ends, key=lambda letter: ends[letter])
    clear = all(1.2 * ends[lowest] < end for letter, end in ends.items() if letter != lowest)
    return lowest if clear else None


QUESTIONS = {
    "05.r1": Question(
        "A hair beside the ridge of the saddle ½x² − ½y² + ¼y⁴, with η = 0.25: what does a step of gradient descent do "
        "to the distance y from the ridge?",
        (
            "it multiplies it by 0.75, which is 1 − η",
            "it leaves it as it is, for the gradient is almost 0",
            "it adds 0.25 to it",
            "it multiplies it by 1.25, which is 1 + η",
        ),
        one_step_there,
        "From 10⁻⁶, ten steps lead to {y[10]:.1e}: the curvature λ is −1 there, and the factor 1 − ηλ is 1.25.",
        {
            "a": "That is the factor for the curvature 1, along x; along y the curvature is −1.",
            "b": "The gradient is tiny, but so is y: a step is always the same part of it.",
            "c": "A step is η times the gradient, and so close to the ridge the gradient is as small as y.",
        },
        measure=beside_the_ridge,
        about="beside a saddle",
    ),
    "05.r2": Question(
        "On the ravine with κ = 20 the loss is multiplied by 100, and so are its gradients. η stays 0.05. Whose path "
        "changes?",
        (
            "gradient descent's; Adam's hardly",
            "Adam's; gradient descent's hardly",
            "both: all steps are 100 times as long",
            "neither: the minimum is where it was",
        ),
        whose_path,
        "Adam divides each gradient by its own size, so the factor drops out: its two paths are {adam:.6f} apart. "
        "Gradient descent's steps grow a hundredfold, and it diverges.",
        {
            "b": "Adam does adapt to the gradients, and just by that its steps stay as they were.",
            "c": "Gradient descent's are; Adam divides by the gradients' size, which is 100 times as large, too.",
            "d": "The place of the minimum stays, but gradient descent multiplies η by the gradient.",
        },
        measure=a_hundred_times,
        about="Adam's scale",
    ),
    "05.r3": Question(
        "Gradient descent on a noisy ravine (κ = 30, σ = 0.4), 150 steps, η = 0.05. It is cut to 0.005 after 10 steps, "
        "after 80, or never. Which loss ends lowest, in the mean of many runs?",
        (
            "cut after 10: a smaller η is the safer one, so cut early",
            "cut after 80: then it is in its noise ball",
            "never cut: a large η gets farther in 150 steps",
        ),
        lowest_end,
        "Cut after 10 steps it ends at {early:.4f}, after 80 at {late:.4f}, and without a cut at {never:.4f}: first "
        "arrive, then calm the noise.",
        {
            "a": "After ten steps it is still on its way, and with a tenth of η the rest of the way takes too long.",
            "c": "Until step 80 it is the same as the one cut there; then it stays in its large noise ball.",
        },
        measure=three_cuts,
        about="when to cut η",
    ),
}
