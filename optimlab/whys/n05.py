"""What notebook 05 asks to be explained: saddles, depth, cliffs, overfitting, double descent."""

from .why import Why

WHYS = {
    "05.1": Why(
        "Why does the time to leave a saddle grow like the logarithm of 1/y₀, but on x³ like 1/y₀ itself?",
        "Near the ridge the step is in proportion to the distance: each step multiplies the distance by 1 + η|λ|, and "
        "the number of steps is a logarithm. On x³ the curvature at 0 is zero: the step 3ηx² is tiny even beside the "
        "distance x, and ten times closer takes ten times as long.",
        (
            "near the ridge the step is in proportion to the distance: one factor in each step",
            "a constant factor makes the number of steps a logarithm",
            "on x³ the curvature is zero, and the step shrinks like the square of the distance",
            "there, ten times closer takes about ten times as many steps",
        ),
    ),
    "05.2": Why(
        "Why do the weights of a deep ReLU network need n·Var(w) = 2, when 1 is right for tanh?",
        "ReLU keeps only half of the mean square, so a layer multiplies the size of outputs and gradients by "
        "√(n·Var(w)/2); with 1 that is 0.7, and depth makes a power of it: 0.7⁵⁰ ≈ 2·10⁻⁸. The slope of tanh is about "
        "1 for small signals, so n·Var(w) = 1 hardly shrinks them.",
        (
            "ReLU keeps only half of the mean square; n·Var(w) = 2 makes up for it",
            "with 1 each layer multiplies by about 0.7",
            "depth makes a power of this factor: after 50 layers hardly anything is left",
            "for small signals the slope of tanh is about 1: it loses no such half",
        ),
    ),
    "05.3": Why(
        "Why is clipping a good remedy at a cliff, but no cure for an η above 2/λmax?",
        "At a cliff one gradient is suddenly huge: clipped by norm, it keeps its direction but not its length, and "
        "the harmless ones stay as they are. With η above 2/λmax the steps overshoot again and again: clipping only "
        "bounds them, and the path hops to and fro.",
        (
            "a cliff is rare: one huge gradient among harmless ones that need no clip",
            "the clip shortens this gradient and (by norm) keeps its direction",
            "with η too large the steps overshoot again and again, not once",
            "there the clip only bounds the hops; they do not die out",
        ),
    ),
    "05.4": Why(
        "How can L2, weight decay and dropout get more test digits right here, although they raise the training loss?",
        "About a fifth of the training labels are wrong, and no rule explains them: the plain network fits them by "
        "learning them by heart, and that does not hold for other digits. The three methods keep a network from "
        "fitting all the labels, so its training loss stays higher.",
        (
            "part of the training labels are wrong, and no rule explains them",
            "the plain network fits them by learning them by heart",
            "what is learned by heart does not hold for other digits",
            "the three methods keep a network from fitting all the labels: a higher training loss",
        ),
    ),
    "05.5": Why(
        "How can a ridge penalty remove the peak of the test error at p = n, and change hardly anything at p = 2000?",
        "At p = n just one solution fits all examples, noise included, and its weights are huge; the penalty gives up "
        "some of the fit for smaller weights. At p = 2000 many solutions fit, and the one of smallest norm, which is "
        "taken anyway, is tame already.",
        (
            "at p = n just one solution fits all examples, noise included",
            "its weights are huge",
            "the penalty prefers smaller weights to an exact fit",
            "with many more features many solutions fit, and the smallest one is already tame",
        ),
    ),
}
