"""Colours and line styles, all in one place: an optimizer looks the same in every picture, static or moving.

Hue is the family, dashes are the member: a family has one hue in one or two strengths, and no two members the same
strokes, so that they differ in print, and for readers who see no colours. Labs that compare something else than
optimizers have roles of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["FAMILIES", "LAYERS", "PALETTE", "ROLES", "STEPS", "role", "role_style", "style_of"]

Style = tuple[str, str, tuple[float, ...]]
"""A colour on light paper, the colour on dark, and dashes (on, off, …) in units of the line's width."""

# The eight hues of Okabe & Ito (2008) and two more, each darkened for light paper and lightened for dark.
BLUE, VERMILION, AMBER = ("#0072B2", "#4FA8E0"), ("#D55E00", "#FF8A3D"), ("#B27C00", "#F0B42E")
ROSE, GREY, SKY = ("#B0558A", "#E39AC5"), ("#6B6B6B", "#B4B4B4"), ("#56B4E9", "#9CDAFA")
GREEN, PURPLE, BROWN, OLIVE = (
    ("#00795A", "#2BCB9C"),
    ("#7B4FA3", "#BFA0E0"),
    ("#8C4A2F", "#D9A084"),
    ("#4D7A00", "#A5D04F"),
)

STROKES = {
    "solid": (), "dashed": (4, 2), "long": (7, 2), "dotted": (1, 1.5), "dash-dot": (8, 2, 1, 2),
    "dash-dot short": (5, 1.5, 1, 1.5), "dense": (2, 1, 0.6, 1), "pairs": (3, 1, 3, 3), "wide": (6, 3),
    "fine": (1.5, 1), "dash-dot-dot": (8, 2, 1, 1.5, 1, 2), "even": (3, 3), "sparse": (1, 3.5),
}  # fmt: skip

FAMILIES: dict[str, tuple[tuple[str, tuple[str, str], str], ...]] = {
    "steepest descent": (("GradientDescent", BLUE, "dashed"),),
    "momentum": (("Momentum", VERMILION, "solid"), ("Nesterov", AMBER, "long")),
    "a scale per coordinate": (
        ("AdaGrad", ROSE, "dotted"), ("Adadelta", GREY, "dense"), ("RMSprop", SKY, "dash-dot short"),
    ),
    "Adam": (
        ("Adam", GREEN, "dash-dot"), ("AdamW", GREEN, "dashed"), ("AMSGrad", GREEN, "long"), ("Nadam", GREEN, "pairs"),
        ("RAdam", GREEN, "dotted"), ("AdaBelief", GREEN, "dense"), ("AdEMAMix", GREEN, "wide"),
        ("Prodigy", GREEN, "fine"),
    ),
    "the sign alone": (("Signum", PURPLE, "dashed"), ("Lion", PURPLE, "long")),
    "layers": (
        ("Muon", BROWN, "solid"), ("LARS", BROWN, "long"), ("LAMB", BROWN, "dashed"),
        ("Adafactor", BROWN, "dotted"), ("Shampoo", BROWN, "pairs"), ("SOAP", BROWN, "dense"),
    ),
    "around another": (
        ("Lookahead", OLIVE, "long"), ("ScheduleFree", OLIVE, "solid"), ("DecoupledWeightDecay", OLIVE, "dotted"),
        ("Cautious", OLIVE, "dash-dot"), ("EMA", OLIVE, "dashed"), ("SWA", OLIVE, "pairs"), ("SAM", OLIVE, "dense"),
    ),
}  # fmt: skip
"""The members of each family: name, hue, strokes. A new optimizer is one entry here."""

PALETTE: dict[str, Style] = {
    name: (*hue, STROKES[strokes]) for members in FAMILIES.values() for name, hue, strokes in members
}

# For what has no place above: a learner's own optimizer, or the second one of a kind.
SPARE: list[Style] = [
    (*hue, STROKES[strokes])
    for hue, strokes in (
        (PURPLE, "pairs"), (BROWN, "wide"), (OLIVE, "fine"), (PURPLE, "solid"), (ROSE, "dash-dot-dot"), (BLUE, "even"),
        (VERMILION, "sparse"), (GREEN, "even"), (AMBER, "sparse"), (SKY, "even"), (GREY, "wide"), (BROWN, "sparse"),
    )
]  # fmt: skip

# The layers of a network, from the first on.
LAYERS: list[Style] = [
    (*hue, STROKES[strokes])
    for hue, strokes in (
        (BLUE, "solid"), (GREEN, "dashed"), (AMBER, "dash-dot"), (VERMILION, "long"), (PURPLE, "dense"),
        (BROWN, "wide"), (ROSE, "pairs"), (OLIVE, "even"), (SKY, "solid"), (GREY, "dotted"),
    )
]  # fmt: skip

STEPS = ("#FDE725", "#A0DA39", "#4AC16D", "#1FA187", "#277F8E", "#365C8D", "#46327E", "#440154")
"""From few steps to many: the colours of viridis (van der Walt and Smith 2015), which differ in print too."""

ROLES = {
    # The terms of a step: the same colours on light and on dark, since the formula above the lab has them too.
    "gradient": ("#2B8FD6", "#2B8FD6"),
    "velocity": ("#C08A00", "#C08A00"),
    "scale": ("#C0649C", "#C0649C"),
    "decay": ("#3F9C6B", "#3F9C6B"),
    "step": ("#E8590C", "#E8590C"),
    "data": ("#5B6573", "#9AA5B5"),
    "theory": PURPLE,
    "text": ("#333333", "#DDDDDD"),
    "ink": ("#111111", "#FFFFFF"),
}

ROLE_STYLES: dict[str, Style] = {
    # How much of the data a gradient sees.
    "full batch": (*BLUE, STROKES["dashed"]),
    "mini-batch": (*VERMILION, ()),  # a noisy path is unreadable in dashes
    "single sample": (*GREEN, ()),
    # How the examples of a batch are drawn.
    "shuffled": (*VERMILION, ()),
    "independent draws": (*BLUE, ()),
    # What is done to a long gradient.
    "no clipping": (*BLUE, STROKES["dashed"]),
    "clipped by value": (*GREEN, STROKES["dash-dot"]),
    "clipped by norm": (*VERMILION, ()),
    # Activations.
    "tanh": (*BLUE, STROKES["dashed"]),
    "sigmoid": (*VERMILION, ()),
    "relu": (*GREEN, STROKES["dash-dot"]),
    # Dialects.
    "paper": (*GREY, STROKES["dense"]),
    "PyTorch": (*VERMILION, ()),
    "Keras": (*BLUE, STROKES["dashed"]),
    "optax": (*GREEN, STROKES["dash-dot"]),
    # Regularization.
    "plain": (*GREY, STROKES["dense"]),
    "L2": (*BLUE, STROKES["dashed"]),
    "weight decay": (*GREEN, STROKES["dash-dot"]),
    "dropout": (*VERMILION, ()),
    # Adam's bias correction.
    "with correction": (*GREEN, STROKES["dash-dot"]),
    "without correction": (*VERMILION, ()),
    # Two weights in noise, with two ways to let them decay.
    "L2, σ₁": (*BLUE, ()),
    "L2, σ₂": (*SKY, STROKES["dashed"]),
    "decoupled, σ₁": (*GREEN, ()),
    "decoupled, σ₂": (*OLIVE, STROKES["dashed"]),
    # Sets of coefficients of the Newton–Schulz iteration, and what they begin with.
    "Jordan": (*BROWN, ()),
    "Polar Express": (*BLUE, STROKES["dashed"]),
    "cubic": (*AMBER, STROKES["long"]),
    "quintic": (*GREEN, STROKES["dash-dot"]),
    "before": (*GREY, STROKES["dense"]),
    # Beside SOAP, whose hue it has.
    "Shampoo beside SOAP": (*PURPLE, STROKES["dashed"]),
    # An average in which late steps count more.
    "growing average": (*BLUE, ()),
    # Cells of the map of two hyperparameters.
    "the dot": (*VERMILION, ()),
    "best cell": (*BLUE, STROKES["dashed"]),
    "the usual value": (*GREY, STROKES["dash-dot"]),
    "theory's optimum": (*ROSE, STROKES["dense"]),
    # Paths in their own principal planes.
    "real training": (*BLUE, ()),
    "random walk": (*VERMILION, ()),
    "walk with drift": (*GREEN, ()),
    # Between two networks.
    "raw units": (*VERMILION, ()),
    "matched units": (*BLUE, STROKES["dashed"]),
    # Beside a decay: one η throughout.
    "small constant": (*BLUE, ()),
    # The two ends of a spectrum.
    "flattest direction": (*BLUE, STROKES["dashed"]),
    "steepest direction": (*GREEN, STROKES["dash-dot"]),
    # Step sizes in several orders.
    "big first": (*VERMILION, STROKES["long"]),
    "small first": (*PURPLE, STROKES["dashed"]),
    "random": (*AMBER, STROKES["dash-dot"]),
    "fractal": (*GREEN, ()),
    "silver": (*BROWN, STROKES["pairs"]),
    "heavy ball": (*BLUE, STROKES["wide"]),
    # Runs that start on the ridge of a saddle.
    "on the ridge": (*GREY, STROKES["dense"]),
    "on the ridge, with noise": (*PURPLE, STROKES["pairs"]),
    # Schedules.
    "constant": (*GREY, ()),
    "step decay": (*BLUE, STROKES["dashed"]),
    "exponential": (*SKY, ()),
    "polynomial": (*BROWN, STROKES["wide"]),
    "linear": (*AMBER, STROKES["long"]),
    "cosine": (*VERMILION, ()),
    "warm restarts": (*ROSE, STROKES["dotted"]),
    "warm-up + cosine": (*PURPLE, STROKES["dash-dot short"]),
    "one-cycle": (*OLIVE, STROKES["fine"]),
    "warm-up, stable, decay": (*GREEN, STROKES["dash-dot"]),
    "inverse square root": (*AMBER, STROKES["dense"]),
    "reduce on plateau": (*ROSE, STROKES["wide"]),
    "constant, averaged": ("#222222", "#FFFFFF", STROKES["dotted"]),
}


def role(name: str) -> dict[str, Any]:
    """The colours of a role, as properties of a mark."""
    return dict(zip(("color", "color_dark"), ROLES[name]))


def role_style(name: str) -> Style:
    """Colours and dashes of a line in a lab that compares something else than optimizers."""
    return ROLE_STYLES[name]


def style_of(names: Iterable[str]) -> list[Style]:
    """(colour, colour on dark, dashes) for each name: the optimizer's own, or a spare one if it is taken.

    One around another has the style of the outer one: "Lookahead(Adam)" that of "Lookahead".
    """
    taken: set[Style] = set()
    spare = [*SPARE, *PALETTE.values()]
    styles = []
    for name in names:
        own = PALETTE.get(name.split("(")[0])
        style = next((s for s in ([own] if own else []) + spare if s not in taken), SPARE[0])
        taken.add(style)
        styles.append(style)
    return styles
