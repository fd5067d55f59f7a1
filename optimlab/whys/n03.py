"""What notebook 03 asks to be explained: the ravine, memory, a scale for each parameter, fair races, dialects."""

from .why import Why

WHYS = {
    "03.1": Why(
        "How can gradient descent take steps too long across the ravine and too short along it, with one and the same "
        "η?",
        "η is multiplied by another curvature in each direction. At the best η, ηλmax is nearly 2, so across the "
        "ravine each step lands on the other side of the floor; ηλmin is only about 2/κ, so along the floor a step "
        "covers a small share of the way.",
        (
            "one η meets two curvatures: what counts is ηλ, in each direction",
            "across the ravine ηλmax is nearly 2: a step lands on the other side of the floor",
            "along the floor a step covers only the share ηλmin of the way, about 2/κ",
        ),
    ),
    "03.2": Why(
        "How can momentum's steps along the floor of the ravine become longer than those of gradient descent with the "
        "same η?",
        "Along the floor successive gradients agree. Each step keeps the share γ of the old velocity and adds ηg to "
        "it, so the gradients add up: if g stays the same, the step grows towards ηg/(1 − γ), with γ = 0.9 ten times "
        "ηg.",
        (
            "along the floor successive gradients agree",
            "each step keeps the share γ of the velocity and adds ηg",
            "so the step grows towards ηg/(1 − γ), ten times ηg with γ = 0.9",
        ),
    ),
    "03.3": Why(
        "Why does Nesterov's path swing less far across the ravine than momentum's, although η and γ are the same?",
        "Nesterov takes the gradient at θ − γv, where the velocity leads anyway. If that is beyond the floor, the "
        "gradient there already pushes back, so the velocity is braked before the path is there; momentum learns of it "
        "only afterwards.",
        (
            "the gradient is taken where the velocity leads, at θ − γv",
            "beyond the floor that gradient already pushes back",
            "so Nesterov brakes before it is there, momentum only afterwards",
        ),
    ),
    "03.4": Why(
        "Why can AdaGrad undo κ on the straight ravine, but hardly on one that is turned by 45°?",
        "It has one scale for each coordinate. On the straight ravine the coordinates are the steep and the flat "
        "direction, so each gets its own; turned by 45°, both see the same mixture of the two, and nearly equal scales "
        "act like one η for both.",
        (
            "AdaGrad has one scale for each coordinate, not for each direction",
            "on the straight ravine the coordinates are the steep and the flat direction",
            "turned, both coordinates see the same mixture, so the scales are nearly equal",
            "equal scales act like one η for both directions",
        ),
    ),
    "03.5": Why(
        "Why does the forgetting that keeps RMSprop's steps from dying out also keep it from coming to rest?",
        "E[g²] forgets old gradients and follows the recent ones, so g is divided by about its own size, be it large "
        "or small. The step stays about η in each coordinate: far out that carries it on, at the minimum it hops to "
        "and fro.",
        (
            "E[g²] forgets the old gradients and follows the recent ones",
            "g is divided by about its own size, be it large or small",
            "so the step stays about η: it does not die out, nor does it come to rest",
        ),
    ),
    "03.6": Why(
        "Why do only the signs of the gradient count in Adam's first step, and not its size?",
        "At t = 1 the corrections make m̂ = g and v̂ = g², for m = (1 − β₁)g is divided by 1 − β₁, and v by 1 − β₂. So "
        "in each coordinate g is divided by √g², its own size (ε is tiny): what is left is the sign, times η.",
        (
            "at t = 1 the corrections make m̂ = g and v̂ = g²",
            "in each coordinate g is divided by √g², its own size",
            "what is left of g is its sign, times η",
        ),
    ),
    "03.7": Why(
        "How can gradient descent fly out of Beale's steep corner and stand still on the plateau, while Adam does "
        "neither?",
        "Gradient descent multiplies its η by the gradient: where that is enormous, so is the step; where it is tiny, "
        "the step is next to nothing. Adam divides by the gradient's size, so that size hardly "
        "matters: in both places its first step is η in each coordinate.",
        (
            "gradient descent multiplies η by the gradient",
            "an enormous gradient makes an enormous step, a tiny one next to none",
            "Adam divides by the gradient's size, so a huge or a tiny one hardly matters",
        ),
    ),
    "03.8": Why(
        "Why does a race with one η for all rank the η and not the optimizers?",
        "η means another step length in each rule: gradient descent multiplies it by the gradient, momentum adds up "
        "such steps, Adam divides by the gradient's size. So each η suits another method, and with the η the winner "
        "changes.",
        (
            "the same η means steps of another length in each rule",
            "so each η suits another method",
            "the winner changes with the η that was chosen",
        ),
    ),
    "03.9": Why(
        "Why could momentum lose against gradient descent on the ravine with κ = 20, although each had its own best η?",
        "Only η was tuned; γ stood at 0.9, too much memory for this ravine. With γ tuned as well, momentum needs 12 "
        "steps instead of 85, and gradient descent 34: the first race judged the value 0.9, not the method.",
        (
            "only η was tuned; γ stood at its usual 0.9",
            "γ = 0.9 is too much memory for κ = 20",
            "with γ tuned as well, momentum is ahead (12 steps against 34)",
            "so the race judged the value of γ, not the method",
        ),
    ),
    "03.10": Why(
        "Why do η inside the velocity and η outside it part when η decays, but not while it is constant?",
        "Inside, each gradient in the velocity keeps the η of its own time; outside, the whole velocity is multiplied "
        "by the η of now, the old part too. If η never changes, both are the same number, and its place does not "
        "matter.",
        (
            "with η inside, each gradient in the velocity keeps the η of its own time",
            "with η outside, the η of now multiplies the whole velocity, the old part too",
            "while η is constant, the two are the same number",
        ),
    ),
}
