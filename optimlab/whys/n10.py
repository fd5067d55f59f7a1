"""What notebook 10 asks to be explained: scales, arcs, names of units, jumps, the edge, the river, steep directions."""

from .why import Why

WHYS = {
    "10.1": Why(
        "Why can the same function look sharp or flat along random directions of one length, and why does filter "
        "normalization put that right?",
        "W₁·8 and W₂/8 compute the same. A disturbance of one length is then small for W₁ and huge for W₂. With filter "
        "normalization each unit's weights are disturbed in proportion to their own size, so the disturbance is scaled "
        "with them.",
        (
            "rescaled weights compute the same function, for ReLU has no scale",
            "a disturbance of one length is large against weights that have become small",
            "filter normalization makes it as long as the unit's own weights",
        ),
    ),
    "10.2": Why(
        "Why does a random walk look like a smooth arc with an aim in its first two principal directions?",
        "Its late points have all the steps of the earlier ones in them, so points hang together. The slowest "
        "swing, from one end to the other, has most of the variance: half a cosine. The second is a whole cosine, and "
        "one against the other is a parabola.",
        (
            "points of a walk share their steps, so neighbours are alike",
            "slow changes hold most of the variance",
            "the components are cosines, the first half a period, the second a whole one",
        ),
    ),
    "10.3": Why(
        "Why does the barrier between two trained networks fall when the hidden units of one are renamed?",
        "In the middle of the line each unit is the mean of a unit of one network and a unit of the other. If the two "
        "do different things, their mean does neither. Renaming brings those together that are alike, and changes "
        "neither of the functions at the ends.",
        (
            "hidden units can change places without changing the function",
            "in the middle of the line units are averaged in pairs",
            "the mean of two different units does neither; the mean of two alike ones does the same",
        ),
    ),
    "10.4": Why(
        "Why does gradient descent on ½(xy − 1)², with η a little above 2/λ₀, end in a flatter place?",
        "It jumps across the hyperbola, farther each time. Each step multiplies x² − y² by 1 − η²r², with r = xy − 1, "
        "so large jumps make x and y more alike. Where they are, the valley is flatter, and below 2/η the jumps die "
        "out.",
        (
            "above 2/λ it overshoots: r changes its sign and grows",
            "each step multiplies x² − y² by 1 − η²r²: negligible for small r, much for large r",
            "as |x² − y²| falls the sharpness falls, until it is below 2/η",
        ),
    ),
    "10.5": Why(
        "Why does the sharpness stay at 2/η when it has come there?",
        "Below 2/η it rises, after the first steps, in the trainings here. Above it the steps jump to and fro along "
        "the steepest direction, farther each time, and such jumps push the weights towards flatter places.",
        (
            "below 2/η the sharpness rises while the network trains",
            "above 2/η jumps along the steepest direction grow",
            "large jumps move the weights to where the curvature is lower",
        ),
    ),
    "10.6": Why(
        "Why can the loss be nearly flat for a thousand steps while the training makes good progress?",
        "The loss is the sum of two parts: how far down the river one is, and how far up its sides the noise throws "
        "one. At a large constant η the second stays high, and hides how the first falls. When η falls, the second "
        "goes away, and the progress is seen.",
        (
            "loss = river (progress) + hill (noise at this η)",
            "the hill part stays as long as η does, and can be the larger one",
            "a decay takes the hill part away; the progress had been made before",
        ),
    ),
    "10.7": Why(
        "Why do the ten steepest directions hold a large part of the gradient of a batch, and yet add nothing to the "
        "training?",
        "There the loss has long been at the bottom of its valley: the mean gradient along them is small. What a "
        "batch shows there is noise, which is large where the valley is steep, and changes sign from batch to batch. "
        "What is to be gained lies along the flat directions.",
        (
            "along steep directions the bottom is reached early",
            "what is left there is noise of the batches, which the valley brings back",
            "progress is made along the many flat directions",
        ),
    ),
}
