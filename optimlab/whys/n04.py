"""What notebook 04 asks to be explained: noise and the size of η, schedules, warm-up, range test, horizon, plateaus."""

from .why import Why

WHYS = {
    "04.1": Why(
        "Why does an η that is large first and small later do on the two wells what neither constant η does?",
        "With a small η a path comes to rest in the first well that it gets into, even a shallow one; with a large η "
        "it jumps out of that well, but comes to rest nowhere. Large first, some paths change wells; small later, "
        "each one comes to rest where it has landed.",
        (
            "a small η comes to rest, but does not leave the first well",
            "a large η leaves the well, but comes to rest nowhere",
            "large first lets paths change wells, small later lets them rest",
        ),
    ),
    "04.2": Why(
        "Why does a constant η make you choose between speed and calm when the gradients are noisy?",
        "A small η takes many steps to arrive. A large η arrives soon, but each step multiplies the noise by η as "
        "well: where noise and pull balance, a ball remains, and the larger η, the larger the ball (for small η its "
        "mean loss is about ¼ησ² per direction).",
        (
            "a small η needs many steps to arrive",
            "η multiplies the noise too, not only the slope",
            "so the ball that remains is larger with a larger η",
        ),
    ),
    "04.3": Why(
        "Why can AdaGrad's effective learning rate only fall, while Adam's rises on the way into the noise ball?",
        "AdaGrad divides by √G, and G is a sum of squares: it can only grow. Adam divides by √v̂, and v̂ is a moving "
        "average of squares, which forgets: when the gradients shrink, v̂ gets smaller, and so η/√v̂ gets larger.",
        (
            "AdaGrad's G is a sum of squares and can only grow",
            "Adam's v̂ is a moving average: it forgets, so it can fall",
            "smaller gradients make v̂ smaller, and η/√v̂ larger",
        ),
    ),
    "04.4": Why(
        "Why is 0.95 per step so much less training than 0.95 per epoch, however long it goes on?",
        "Per step the factor acts 41 times in an epoch and leaves 0.95⁴¹ ≈ 0.12 of η: all rates, a geometric series, "
        "add up to η₀/(1 − 0.95) = 20 η₀, half an epoch of full steps. Per epoch each rate serves 41 steps, so the "
        "whole sum is 41 times as large.",
        (
            "the factor acts 41 times in an epoch: 0.95⁴¹ ≈ 0.12",
            "all rates together are a geometric series of only 20 η₀, however many steps follow",
            "per epoch each rate serves 41 steps, so the whole sum is 41 times as large",
        ),
    ),
    "04.5": Why(
        "How can the constant η be the last of the five with η₀ = 0.08, but the first with η₀ = 0.02?",
        "With 0.08 all five arrive, and what decides is how small η, and with it the noise ball, is at the end: the "
        "constant η keeps its large ball. With 0.02 its ball is small, and the schedules that fall run out of η "
        "before they have arrived.",
        (
            "with a large η₀ all arrive, so the size of the ball at the end decides",
            "the constant η keeps its large ball; those that fall shrink theirs",
            "with a small η₀ the ball of the constant η is small",
            "with a small η₀ those that fall run out of η before they arrive",
        ),
    ),
    "04.6": Why(
        "Why should a warm-up help momentum from a steep start with a large η₀, and bring next to nothing from a calm "
        "one?",
        "Where the loss is steeper at the start than later, an η that is right for later is too large for the first "
        "steps, and a warm-up keeps it small just then. At a calm start there is little to protect: there the results "
        "differed by at most 0.005.",
        (
            "at a steep start, the η that is right for later is too large",
            "a warm-up keeps η small for the first steps",
            "at a calm start there is little to protect",
        ),
    ),
    "04.7": Why(
        "Why is the lagging average of a range test lowest at a larger η than the centred one, and less so in a "
        "longer test?",
        "The average shows the loss of about nine steps ago, so it turns up about nine steps late; by then η has "
        "risen by two thirds. In a test of five times as many steps η rises five times more slowly, and the same lag "
        "moves the lowest point much less.",
        (
            "the average lags: it shows the loss of about nine steps ago",
            "during these steps η goes on rising, by two thirds",
            "in a longer test η rises more slowly, so the same lag matters less",
        ),
    ),
    "04.8": Why(
        "Why can a training with warm-up–stable–decay be prolonged at little cost, and one with cosine cannot?",
        "Each η of a cosine from its second step on depends on T, and at T it is zero: to go on moves nothing, and a "
        "new T means a new training. Warm-up–stable–decay needs T only when its decay begins, so only the steps of "
        "the old decay are lost.",
        (
            "each η of a cosine, from the second step on, depends on T",
            "at T the cosine has reached zero, and going on moves nothing",
            "until its decay begins, the other does not depend on T, so these steps are kept",
        ),
    ),
    "04.9": Why(
        "How can a schedule help Adam, which adapts its steps by itself?",
        "Adam adapts to the scale of the gradients, but it does not know when to come to rest: with a constant η it "
        "ends in a noise ball. A schedule may begin with a larger η, to be quick, and end with a small one, to be "
        "calm.",
        (
            "Adam adapts to the scale of the gradients; that brings no rest",
            "with a constant η it ends in a noise ball, like the others",
            "a schedule can be large first and small at the end: quick, then calm",
        ),
    ),
    "04.10": Why(
        "How can noise, and also a flat stretch, make reduce on plateau cut η while the descent is still on its way?",
        "With noise a lucky low loss is hard to beat, and on a flat stretch even the gains of all the checks within "
        "its patience stay below the threshold. The rule sees only whether the loss beats its best by the threshold, "
        "so both count as bad checks, and the smaller η makes the descent slower still.",
        (
            "the rule only asks whether the loss beats its best by the threshold",
            "with noise, a lucky low loss is not beaten for a while",
            "on a flat stretch the loss does fall, but within its patience by less than the threshold",
            "the cut slows down a descent that was not at its end",
        ),
    ),
    "04.11": Why(
        "Why does the best line keep η at the top first, and then let it fall roughly like 1/k?",
        "Along the flat axis the start is forgotten slowly: a step leaves (1 − ηλ)² of its square, so there the "
        "largest η pays. Each step also adds η²σ² of new noise; when noise is what is left, only a smaller η brings it "
        "down, and then a smaller one again.",
        (
            "along the flat axis, a large η shrinks what is left of the start",
            "each step adds noise in proportion to η²",
            "when noise is what is left, only a smaller and smaller η brings it down",
        ),
    ),
}
