"""What notebook 01 asks to be explained: the loss, its slope, the gradient, contour lines, descent, held-out data."""

from .why import Why

WHYS = {
    "01.1": Why(
        "Why is the loss of the flat line A so far from 0, although A predicts the mean, so that its errors are about "
        "0 on average?",
        "The loss squares each error before it takes the mean. Errors above the line and below it cancel in a plain "
        "mean; squares are never negative and cannot cancel, so every point off the line adds to the loss.",
        (
            "the loss squares each error before it takes the mean",
            "in a plain mean, errors above and below the line cancel",
            "squares are never negative, so every miss adds to the loss",
        ),
    ),
    "01.2": Why(
        "How can you find out which way is down if you can compute the loss only where you stand and close by?",
        "Compare the loss a tiny bit to the right with that a tiny bit to the left: the difference over the distance "
        "is about the slope. If it is positive, the loss rises to the right, so down is to the left; if it is "
        "negative, down is to the right.",
        (
            "the loss a little to the right and a little to the left gives the slope",
            "a positive slope means that the loss rises to the right",
            "down is against the slope: left if it is positive, right if it is negative",
        ),
    ),
    "01.3": Why(
        "Why is −∇L, of all the directions that you could take, the one in which the loss falls fastest?",
        "In a direction that is turned away from ∇L by the angle φ the slope is |∇L| cos φ. The cosine is smallest, "
        "−1, at 180°, and that is the direction of −∇L; every other direction falls less steeply or not at all.",
        (
            "at the angle φ to ∇L the slope is |∇L| cos φ",
            "the cosine is smallest, −1, at 180°, straight against ∇L",
            "every other direction falls less steeply or not at all",
        ),
    ),
    "01.4": Why(
        "Why can the gradient meet a contour line only at right angles?",
        "Along a contour line the loss does not change, so the slope in its direction is 0. At the angle φ to ∇L the "
        "slope is |∇L| cos φ, and where ∇L is not 0 this is 0 only for φ = 90°.",
        (
            "along a contour line the loss does not change",
            "so the slope in the direction of the line is 0",
            "the slope |∇L| cos φ is 0 only at 90° to ∇L",
        ),
    ),
    "01.5": Why(
        "Why does gradient descent not go straight to the minimum, although it always takes the steepest way down?",
        "The gradient knows only the slope where it stands, not where the minimum is. The steepest way is at right "
        "angles to the contour line there, and in a long valley that leads first across it, down to the floor, and not "
        "along it to the minimum.",
        (
            "the gradient knows the slope where it stands, not where the minimum is",
            "the steepest way is at right angles to the contour line",
            "in a long valley that leads down to the floor first, not along it",
        ),
    ),
    "01.6": Why(
        "How can the loss on the held-out patients rise while the training loss still falls?",
        "Gradient descent sees only the 20 training patients; it is their loss that its steps lower. At first it "
        "learns what holds for other patients as well; later it fits what holds for the 20 only, and nothing makes the "
        "held-out loss follow.",
        (
            "gradient descent sees only the training patients and lowers their loss",
            "at first it learns what holds for other patients as well",
            "later it fits what holds for the 20 only",
        ),
    ),
}
