"""What notebook 01 asks before it shows: the loss, its slope, contour lines, a line on data."""

import numpy as np

from .prediction import Choice


def smaller(A, B):
    """01.1: which of two lines has the smaller loss."""
    return "a" if A < B else "b" if B < A else "c"


def downhill(at0, at1, at2):
    """01.2: from slopes at w = 0, 1 and 2, which way is down at 0, and where it is steeper."""
    right, steeper = at0 < 0, abs(at1) > abs(at2)
    return {(True, True): "a", (True, False): "b", (False, True): "c", (False, False): "d"}[right, steeper]


def on_a_star(gradient, elsewhere):
    """01.3: the gradient at a minimum, against that at another place."""
    return "b" if np.linalg.norm(gradient) < 1e-6 * np.linalg.norm(elsewhere) else "a"


def closest(ends, top):
    """01.4: where the next contour line is nearer."""
    return "c" if abs(ends - top) < 0.01 * top else "a" if ends < top else "b"


def how_much_better(w, best, B):
    """01.5: whether the best line is steeper than line B, and by how much its loss is smaller."""
    little = B - best < B / 4
    return {(True, True): "a", (True, False): "b", (False, True): "c", (False, False): "d"}[bool(w > 1), bool(little)]


def straight_or_not(path):
    """01.6: the length of a path from its start to its end, against the straight way."""
    length = np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
    return "a" if length < 1.05 * np.linalg.norm(path[-1] - path[0]) else "b"


def guesses_against_steps(guessed, walked):
    """01.7: how far above the minimum the best of the guesses is, with few and many parameters."""
    few, many = (bool(g < 0.01) for g in guessed)
    if not all(w < 0.01 for w in walked):
        return None
    return {(True, True): "a", (True, False): "b", (False, False): "c"}.get((few, many))


def held_out(lowest, last):
    """01.8: the step of the lowest held-out loss and the last step, for each split."""
    rises = np.less(lowest, last)
    return (
        "a" if not rises.any() else "c" if np.less(lowest, 1).all() else "b" if rises.sum() > len(rises) / 2 else None
    )


PREDICTIONS = {
    "01.1": Choice(
        "Which of the two lines has the smaller loss?",
        ("the flat one, A", "the rising one, B", "both the same"),
        smaller,
        "The losses are {A:.4f} for A and {B:.4f} for B: on average, the points lie nearer to the line that rises.",
        {
            "a": "A passes through the middle of the points, but misses both those with a low and with a high BMI.",
            "c": "Both pass near the middle of the points; away from it, one of them is nearer.",
        },
    ),
    "01.2": Choice(
        "Which way does the arrow at w = 0 point, and where is it longer, at w = 1 or at w = 2?",
        ("right; longer at 1", "right; longer at 2", "left; longer at 1", "left; longer at 2"),
        downhill,
        "The slope is {at0:.0f} at w = 0: negative, so down is to the right. It is {at1:.0f} at 1 and {at2:.0f} at 2: "
        "the nearer to the minimum, the flatter, and the shorter the arrow.",
        {
            "b": "w = 2 is nearer to the minimum; but there the curve is flatter, and the arrow shorter.",
            "c": "The slope itself points left, for it is negative; down is against the slope.",
            "d": "Down is against the slope, and the arrow is as long as the curve is steep.",
        },
    ),
    "01.3": Choice(
        "What do the two arrows do when the ring stands on a star?",
        ("they are longest there", "both vanish", "one points to the next star"),
        on_a_star,
        "At a minimum both slopes are 0: {gradient}.",
        {
            "a": "The arrows measure how steep it is, not how low.",
            "c": "The gradient knows only the place where you stand, and no other minimum.",
        },
    ),
    "01.4": Choice(
        "Where does the neighbouring line come closest, and the arrows are longest?",
        ("at the left and right ends", "at the top and the bottom", "it is equally far everywhere"),
        closest,
        "It is {ends:.4f} away at the right end and {top:.4f} at the top: close lines mean a steep place.",
        {
            "a": "The ends are the pointed parts of the oval, but the valley is flat along its length.",
            "c": "The loss changes by the same amount everywhere; the way that it takes does not.",
        },
    ),
    "01.5": Choice(
        "Compared with line B, the best line is …",
        (
            "steeper, and its loss a little smaller",
            "steeper, and its loss about half",
            "flatter, and its loss a little smaller",
            "flatter, and its loss about half",
        ),
        how_much_better,
        "Its slope is w = {w:.4f} and its loss {best:.4f}, against {B:.4f} of line B: no line makes it smaller.",
        {
            "b": "Even the best line misses most points by far: no line makes the loss small.",
            "c": "B is a little too flat, not too steep.",
            "d": "B is a little too flat, and no line makes the loss small.",
        },
    ),
    "01.6": Choice(
        "Which way does gradient descent go?",
        ("straight to the star", "first down into the valley, then along its floor"),
        straight_or_not,
        "Downhill is at right angles to the contour lines, and that is seldom the way to the minimum.",
        {"a": "The gradient knows the slope where it stands; it does not know where the star is."},
    ),
    "01.7": Choice(
        "How close does the best of 10 000 guesses come to the minimum?",
        (
            "close with 2 parameters and with 11",
            "close with 2 parameters, not with 11",
            "close with neither",
        ),
        guesses_against_steps,
        "The best guess is {guessed[0]:.4f} above the minimum with 2 parameters, and {guessed[1]:.4f} with 11: "
        "with each parameter, the room in which to guess is many times as large.",
        {
            "a": "Eleven numbers must all be good at once; few of the guesses are.",
            "c": "Two numbers between −2 and 2 are easily guessed: a hundred values of each are 10 000 pairs.",
        },
    ),
    "01.8": Choice(
        "What does the loss on the held-out patients do?",
        (
            "it falls all the way, as the training loss does",
            "it falls at first; then, in most splits, it rises again",
            "it rises from the start",
        ),
        held_out,
        "The model first learns what holds for all patients, and then what holds for its 20 alone.",
        {
            "a": "The training loss counts the patients whose answers are known; nothing makes the other loss follow.",
            "c": "At first both fall: much of what the 20 patients teach holds for all.",
        },
    ),
}
