"""What notebook 09 asks to be explained: signs, layers, Newton–Schulz, small modes, axes, averages, three rulers."""

from .why import Why

WHYS = {
    "09.1": Why(
        "Why does sign descent not come to rest at the minimum, and why is its ball the wider the more noise there is?",
        "Its steps are as long at the minimum as anywhere: η. What brings it back is only that a few more signs are "
        "right than wrong, a share of about x/σ near the minimum. The more noise, the weaker the pull, and the wider "
        "the ball.",
        (
            "every step has the length η, near the minimum too",
            "the pull back is the surplus of right signs",
            "near the minimum that surplus is in proportion to x/σ, so it is weaker in more noise",
        ),
    ),
    "09.2": Why(
        "Why does LAMB's factor |W|/|u| act like a warm-up?",
        "In the first step Adam's u is ±1 wherever there is a gradient. Later the gradients of a "
        "coordinate disagree, m becomes small against √v, and |u| falls. |W| grows at the same time. So the factor "
        "rises by itself.",
        (
            "at first each coordinate of u with a gradient is ±1, so |u| is large",
            "later gradients disagree, so |m| falls below √v and |u| falls",
            "|W| grows meanwhile: the quotient rises, and with it the step",
        ),
    ),
    "09.3": Why(
        "Why is it good enough that most of Muon's singular values come out between 0.68 and 1.2, and not at 1?",
        "No direction of the gradient shall be left behind. What was a hundredth of the largest singular "
        "value is lifted to the same order as the rest by a polynomial that is steep at 0; a fifth more or less is "
        "like a learning rate that is a fifth larger or smaller. On the digits exact values were no better.",
        (
            "the aim is to lift small singular values to the size of the large ones",
            "the polynomial is steep at 0, so five steps suffice for that",
            "what is left is like an η that is a little larger or smaller",
            "measured: exact values are no better",
        ),
    ),
    "09.4": Why(
        "Why does gradient descent learn the large singular values first, and Muon the small ones?",
        "With gradient descent a mode grows by the factor 1 + ηs or so in each step, so a large s comes first. Muon "
        "sets all singular values of a gradient to 1, so both factors of every mode grow by η a step. A mode is done "
        "when their product is s: a small s has a shorter way.",
        (
            "gradient descent: growth in proportion to s and to what is there, hence exponential",
            "Muon: all modes move at one speed, η a step",
            "a mode of size s is half done at √(s/2): a shorter way for small s",
        ),
    ),
    "09.5": Why(
        "Why does SOAP not mind how the axes of rows and columns are turned, although it is Adam inside?",
        "Adam has a scale for each coordinate, and that is of use where coordinates are the directions with different "
        "curvature. SOAP first turns the gradient to the eigenvectors of GGᵀ and GᵀG, which turn with the problem. "
        "There every coordinate is such a direction, and Adam's scales fit again.",
        (
            "Adam's scales belong to coordinates",
            "the eigenvectors of GGᵀ and GᵀG turn with the problem",
            "in that basis coordinates are directions with a size of gradient of their own",
        ),
    ),
    "09.6": Why(
        "Why can an average of the weights stand in for a learning rate that falls?",
        "At a constant η the weights wander around the place where they would be without noise. A falling η makes the "
        "wandering smaller; an average takes the mean of it. Meanwhile the steps stay long, and nobody has to know "
        "when the training ends.",
        (
            "with a constant η the weights wander in a ball around the noiseless path",
            "the average of many places of the ball is near its middle",
            "a falling η makes the ball itself small",
            "an average needs no end that is known beforehand",
        ),
    ),
    "09.7": Why(
        "Why can one method win by steps, another by seconds, and a third by memory?",
        "Better steps cost something. One of SOAP or Muon takes several times as long, because of products of matrices "
        "beside the gradient, and SOAP keeps these matrices too. How much that matters depends on what a gradient "
        "costs: with a large network and large batches far less than here.",
        (
            "better steps need more arithmetic beside the gradient, or more gradients",
            "they also need more memory",
            "how much the arithmetic weighs depends on the price of a gradient",
        ),
    ),
}
