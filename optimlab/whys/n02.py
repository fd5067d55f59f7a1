"""What notebook 02 asks to be explained: divergence, the best rate, units, single samples, their noise, a saddle."""

from .why import Why

WHYS = {
    "02.1": Why(
        "How can every step lead farther away from the minimum, although each one goes against the slope?",
        "A step on (w − 3)² is 2η times the distance to 3. For η above 1 that is more than twice the distance: it "
        "jumps over the minimum and lands farther away on the other side, where it is steeper and the next step longer "
        "still.",
        (
            "a step is 2η times the distance to the minimum",
            "if η is too large, it jumps over the minimum and lands farther away",
            "there it is steeper, so the next step is longer still",
        ),
    ),
    "02.2": Why(
        "Why is the best η on a long ravine close to the limit, when on the parabola it was half of the limit?",
        "On the parabola half of the limit, 1/λ, makes the factor 1 − ηλ zero. On the ravine 1/λmax leaves the flat "
        "direction slow, so η must rise until both shrink equally, 1 − ηλmin = ηλmax − 1; for a large κ this is close "
        "to 2/λmax.",
        (
            "with one curvature half of the limit, η = 1/λ, lands in one step",
            "on the ravine such an η is too small for the flat direction",
            "best is the η with which both directions shrink by the same factor",
        ),
    ),
    "02.3": Why(
        "How can other units for x change the number of steps, when the patients and the best line stay the same?",
        "The Hessian XᵀX/N is made of the numbers x, so the units decide on κ, and the steps grow with κ. Raw numbers, "
        "large and far from 0, make a long valley; with mean 0 and variance 1 the valley is round, κ = 1.",
        (
            "the Hessian is made of the numbers x, so the units decide on κ",
            "the number of steps grows with κ",
            "large raw numbers far from 0 make a long valley",
            "mean 0 and variance 1 make it round, κ = 1",
        ),
    ),
    "02.4": Why(
        "How can descent with one patient per step fall so far for 200 gradients, although many patients point to the "
        "wrong side of the hill?",
        "On average the patients' gradients are exactly the full gradient, and most of them point to the right side. "
        "And a step costs one gradient instead of 442: for the price of 200 there are 200 steps, where the full batch "
        "has not made one.",
        (
            "on average the gradients of single patients are the full gradient",
            "most of them point to the right side",
            "a step costs 1 gradient instead of 442, so the same price buys many more steps",
        ),
    ),
    "02.5": Why(
        "Why does half of a small η leave half of the noise ball in L and not a quarter, although each random push is "
        "only half as long?",
        "The ball is a balance of noise and pull. With half the η, the noise that a step adds to L falls to a quarter, "
        "for L is quadratic; but the pull back to the minimum is only half as strong per step, too: a quarter over a "
        "half is a half.",
        (
            "the ball is a balance between the noise and the pull to the minimum",
            "with half the η, the noise of a step adds only a quarter to L",
            "but the pull of a step is only half as strong, too",
        ),
    ),
    "02.6": Why(
        "Why is doubling a small batch nearly free, and doubling a large one nearly useless?",
        "A small batch is limited by its noise: twice the B admits twice the η, so half the steps do, for as many "
        "gradients. A large one is limited by the curvature: whatever B, η must stay below 2/λmax, so the steps "
        "hardly fall, and each costs twice the gradients.",
        (
            "with a small batch the noise limits η: twice the B admits twice the η",
            "so half the steps do, and the bill in gradients stays",
            "with a large batch the curvature limits η, whatever B",
            "so the steps hardly fall, and each costs twice as many gradients",
        ),
    ),
    "02.7": Why(
        "How can noise of only 10⁻⁹ carry every run away from the saddle within a few hundred steps?",
        "On the ridge the gradient has no part in y, so any noise pushes the path off it. Beside the ridge y grows by "
        "the factor 1 + η in each step; so a push that is 1000 times smaller costs only ln 1000 / ln(1 + η) ≈ 72 steps "
        "more.",
        (
            "on the ridge nothing but the noise moves y, and any noise pushes the path off",
            "beside the ridge y grows by a factor, 1 + η, in each step",
            "so a much smaller push costs only few steps more (a logarithm)",
        ),
    ),
}
