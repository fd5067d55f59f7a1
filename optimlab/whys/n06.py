"""What notebook 06 asks to be explained: the data, the gradient, training, fair comparisons, an own optimizer, bugs."""

from .why import Why

WHYS = {
    "06.1": Why(
        "Why is a test accuracy of 0.9 worth more here than on data where nine of ten examples belong to one class?",
        "An accuracy means something only beside what guessing gets. Where nine of ten belong to one class, whoever "
        "always names it is right in nine of ten cases; here the ten classes are about equally frequent, and whoever "
        "guesses is right in about one of ten.",
        (
            "there, always naming the frequent class would be right in nine of ten cases",
            "here the classes are about equally frequent: guessing is right in about one of ten",
            "an accuracy has to be compared with what guessing gets",
        ),
    ),
    "06.2": Why(
        "Why does the backward pass begin at the last layer, and why does it need the numbers of the forward pass?",
        "Only the last δ follows from the loss at once: (p − 1[y])/B; each earlier δ is made from the one after it, "
        "by the chain rule. The slope of W is made of δ and the layer's input a, and φ′ is taken at z: both are known "
        "from the forward pass.",
        (
            "the last δ comes straight from the loss: p, minus 1 at the right class, over B",
            "each earlier δ is made from the δ of the layer after it (chain rule)",
            "the slope of W needs the layer's input a, known from the forward pass",
            "φ′ is taken at the z of the forward pass",
        ),
    ),
    "06.3": Why(
        "Why does the test error not fall in every epoch, although the training loss does?",
        "The steps follow the gradient of the loss on the training digits; the test digits have no part in them. And "
        "the error counts whole digits, of which one is 0.002: a few that come and go move it up and down.",
        (
            "the steps are made for the training loss",
            "the test digits have no part in any step",
            "the error counts whole digits, so a few that come and go move it",
        ),
    ),
    "06.4": Why(
        "Why can you not judge a new γ or a new batch size B by a training with the old η?",
        "Both change more than their name says: on a steady slope momentum's steps are η/(1 − γ) times the gradient, "
        "and with a larger B an epoch has fewer steps. With η/(1 − γ) kept, or η in proportion to B, most of the "
        "difference goes away.",
        (
            "γ changes the length of the steps, η/(1 − γ)",
            "B changes the number of steps in an epoch",
            "with η adapted to the change, most of the difference goes away",
        ),
    ),
    "06.5": Why(
        "Why does no order of the seven optimizers follow from their race, although each had its own η and five seeds?",
        "The seed alone moves the accuracy of one optimizer by up to 0.038, and the means are at most 0.016 apart. "
        "Even the largest of the 21 differences is only about twice its own uncertainty; among so many, one like that "
        "may come by chance.",
        (
            "two seeds of one optimizer can differ by more than the means of the seven",
            "even the largest difference is only about twice its own uncertainty",
            "among 21 pairs one such difference may come by chance",
        ),
    ),
    "06.6": Why(
        "Why does SignMomentum with a constant η not come to rest, although the gradient vanishes at the minimum?",
        "The sign forgets how small the average of the gradients is: it is +1 or −1 for every number but 0. So near "
        "the minimum too each coordinate moves by η in every step, and only an η that falls brings the path to rest.",
        (
            "the sign is +1 or −1, however small the average is",
            "so each coordinate moves by η in every step, near the minimum too",
            "the steps get smaller only if η does",
        ),
    ),
    "06.7": Why(
        "Why are bugs in training code so hard to notice?",
        "The code runs without an error, and often the loss falls, only less than it could; nothing says how far it "
        "should fall. Each of the three shows beside something else: other batch sizes, or code that is known to be "
        "right.",
        (
            "no error is raised: the code runs",
            "often it learns, only less than it could",
            "a comparison shows it: other batch sizes, or code known to be right",
        ),
    ),
    "06.8": Why(
        "Why does the recipe look at the data, at one batch and at the units before it tunes η?",
        "Some faults no η repairs: without the pictures all inputs are equal, so all answers are equal too, and with "
        "pixels up to 255 none of six η reached 0.95 in five epochs. And whatever you change calls for a new η: one "
        "that was tuned before is lost.",
        (
            "without the pictures all answers are equal, whatever η is",
            "from 0 to 255, none of the six η made up for the units",
            "after each change η has to be tuned anew, so tuning comes last",
        ),
    ),
}
