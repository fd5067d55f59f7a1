"""What notebook 08 asks to be explained: first steps, noise, axes, memory, decay, spikes, rare classes."""

from .why import Why

WHYS = {
    "08.1": Why(
        "Why are Adam's first steps too long, not too short, without bias correction?",
        "m and v both begin at 0 and so are too small at first: m by 1 − β₁ᵗ, v by 1 − β₂ᵗ. The step is m/√v. With "
        "β₂ = 0.999 √v is too small by a larger factor than m, so the quotient is too large.",
        (
            "both m and v are too small at first, as they begin at 0",
            "the step is a quotient: too small a v makes it longer",
            "with β₂ = 0.999 even √v is farther below its mean than m",
        ),
    ),
    "08.2": Why(
        "Why does the ball around the minimum grow like σ with Adam, and like σ² with gradient descent?",
        "Where the noise is most of the gradient, √v̂ is about σ, so Adam is gradient descent with the learning rate "
        "η/σ. The ball of gradient descent is in proportion to its learning rate times σ². So one σ cancels.",
        (
            "near the minimum √v̂ is about σ",
            "so Adam is gradient descent with the step η/σ",
            "its ball is learning rate times σ²: one σ cancels",
        ),
    ),
    "08.3": Why(
        "Why does turning the ravine hurt AdaGrad, but not gradient descent?",
        "Gradient descent moves along −g, and the gradient turns with the ravine. AdaGrad divides each coordinate by "
        "the size of its own gradients. Along the axes that evens out the curvatures; turned, every coordinate is the "
        "same mixture of steep and flat, and there is nothing to even out.",
        (
            "gradient descent's path turns with the surface",
            "AdaGrad has one scale for each coordinate",
            "along the axes the scales even out the curvatures",
            "turned by 45° both coordinates have the same mixture of steep and flat",
        ),
    ),
    "08.4": Why(
        "Why can Adam go up although the sum of the gradients says down?",
        "The giant is divided by a √v that it has itself made large. By the time the small gradients come, v has "
        "forgotten it, and each of them is divided by less. Their steps together are then longer than the giant's.",
        (
            "each gradient is divided by the v of its own time",
            "the giant makes the v it is divided by large",
            "the small ones come when v has forgotten the giant, so their steps are longer",
        ),
    ),
    "08.5": Why(
        "Why are an L2 penalty and weight decay not the same thing with Adam?",
        "The gradient of an L2 penalty, λw, becomes a part of the gradient, and Adam divides that by √v̂. So weights "
        "with large gradients decay less. Decoupled decay multiplies every weight by 1 − ηλ, whatever its gradients.",
        (
            "the penalty is a part of the gradient, which is divided by √v̂",
            "so a weight with large gradients decays less",
            "decoupled decay shrinks all weights by the same factor",
        ),
    ),
    "08.6": Why(
        "Why does Adam burst after it has come to rest on a parabola?",
        "At rest the gradients are next to nothing, so v only decays, by β₂ a step. The steps are the gradient divided "
        "by √v̂: the preconditioned curvature λ/√v̂ grows, until it passes the limit of stability. Then the tiny x grows "
        "exponentially, until its gradients have filled v again.",
        (
            "at rest v decays by β₂ a step",
            "so λ/√v̂, the curvature that Adam feels, grows",
            "beyond (2+2β₁)/((1−β₁)η) it is unstable: x grows",
            "it ends when the gradients have filled v again",
        ),
    ),
    "08.7": Why(
        "Why do centred inputs help gradient descent with the rare classes of the random problem?",
        "A rare class has small gradients, so it needs a large η. The mean of inputs that are not centred makes one "
        "direction very steep, and that keeps η small. Centred, η may be large enough for the rare classes too.",
        (
            "gradients of a rare class are small: it needs a large η",
            "the mean of the inputs makes one direction very steep",
            "the steepest direction limits η",
            "with centred inputs η may be large, and the rare classes are learnt as well",
        ),
    ),
}
