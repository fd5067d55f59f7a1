"""What notebook 07 asks to be explained: springs, phases, the bill, data, cycles, noise, the order of steps."""

from .why import Why

WHYS = {
    "07.1": Why(
        "Why does η not change how fast the error dies out where heavy ball swings?",
        "The error is made of powers of two roots whose product is γ. Where it swings they are a pair of conjugate "
        "complex numbers, so they have the same size, √γ. η sets their angle only: how often it swings.",
        (
            "the error is made of powers of two roots",
            "the product of the two roots is γ",
            "where it swings they are conjugate, so both have the size √γ",
            "η changes their angle: the period, not the rate",
        ),
    ),
    "07.2": Why(
        "Why is the fastest pair for a whole spectrum [1, κ] at a crossing of two borders?",
        "At the pair where the flat end just begins to swing and the steep end just ends to swing, all directions "
        "swing and shrink by √γ. With a smaller γ one end no longer swings, and one of its two real roots is larger; "
        "with a larger one √γ itself is larger.",
        (
            "the slower of the two ends decides",
            "where both ends swing, all directions shrink by √γ, so γ should be small",
            "with γ too small one end no longer swings, and is slower",
            "the smallest γ at which both still swing is where the two borders cross",
        ),
    ),
    "07.3": Why(
        "Why does it take more steps than the rate says to make the error a million times smaller?",
        "At Polyak's pair both roots of the steep and of the flat end coincide. A double root adds a factor that "
        "grows like k to ρᵏ: the error first grows, up to √κ/e times its size along the steep direction, and it takes "
        "steps to make up for that.",
        (
            "the rate tells only what happens in the long run",
            "at Polyak's pair the two roots are the same one",
            "a double root brings a factor that grows with k",
            "the error first grows, and that has to be made up for",
        ),
    ),
    "07.4": Why(
        "Why is γ = 0.99 slow on the diabetes data, although it is closer to 1?",
        "With γ = 0.99 all ten directions swing, and then every one of them shrinks by √0.99 = 0.995 a step, whatever "
        "η is. More momentum than Polyak's only makes the swings last longer.",
        (
            "with so much momentum every direction swings",
            "where they swing, all shrink by √γ a step, whatever η is",
            "√0.99 = 0.995 is slow",
            "beyond Polyak's γ more momentum only makes the swings last longer",
        ),
    ),
    "07.5": Why(
        "How can heavy ball circle for ever on a convex function, although it converges on every quadratic with the "
        "same curvatures?",
        "On a quadratic the curvature along a direction stays the same from step to step. On the function of the "
        "cycle it changes from place to place, in step with the ball, so that each gradient is just what carries the "
        "velocity round the corner. The rate of the quadratic says nothing about that.",
        (
            "on a quadratic the curvature is the same at each step",
            "here the curvature changes as the ball moves",
            "the gradients fit the velocity, so that each step leads to the next corner",
            "what holds for all quadratics need not hold for other functions with these curvatures",
        ),
    ),
    "07.6": Why(
        "Why does momentum save hardly any steps when the batches are small?",
        "With small batches the noise sets how large η/(1−γ) may be: a larger one has a larger ball around the "
        "minimum. Heavy ball with the same η/(1−γ) has the same ball and goes as fast. Only where the curvature "
        "limits the steps, with little noise, does momentum allow what gradient descent cannot do.",
        (
            "with small batches the noise, not the curvature, limits the step",
            "the ball around the minimum depends on η/(1−γ)",
            "with the same η/(1−γ) both are equally fast and equally noisy",
            "momentum helps where the curvature is the limit: with large batches",
        ),
    ),
    "07.7": Why(
        "Why does the order of Chebyshev's steps matter on a computer, but not on paper?",
        "On paper the factors 1 − ηλ are multiplied, and a product has no order. A computer rounds: many big steps "
        "first, and the steep errors grow beyond 10¹⁶, so the digits of all others are lost; big steps last enlarge "
        "rounding errors. In the fractal order nothing grows large on the way.",
        (
            "on paper the factors are multiplied, and their order is of no account",
            "a computer keeps 16 digits: what has grown too large hides what is small",
            "big steps last enlarge rounding errors that had been small",
            "in the fractal order nothing grows large on the way",
        ),
    ),
}
