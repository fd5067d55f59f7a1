"""Colours and line styles, all in one place: an optimizer looks the same in every picture, static or moving."""

from __future__ import annotations

from itertools import islice

__all__ = ["PALETTE", "ROLES", "SPARE", "role", "style_of"]

# Okabe & Ito (2008), lightened for dark themes; dashes are (on, off, …) in units of the line width.
PALETTE = {
    "GradientDescent": ("#0072B2", "#4FA8E0", (4, 2)),
    "Momentum": ("#D55E00", "#FF8A3D", ()),
    "Nesterov": ("#B27C00", "#F0B42E", (7, 2)),
    "AdaGrad": ("#B0558A", "#E39AC5", (1, 1.5)),
    "Adadelta": ("#6B6B6B", "#B4B4B4", (2, 1, 0.6, 1)),
    "RMSprop": ("#56B4E9", "#9CDAFA", (5, 1.5, 1, 1.5)),
    "Adam": ("#00795A", "#2BCB9C", (8, 2, 1, 2)),
}
SPARE = [("#7B4FA3", "#BFA0E0", (3, 1, 3, 3)), ("#8C4A2F", "#D9A084", (6, 3)), ("#4D7A00", "#A5D04F", (1.5, 1))]

ROLES = {
    # The terms of a step: the same colours on light and on dark, since the formula above the lab has them too.
    "gradient": ("#2B8FD6", "#2B8FD6"),
    "velocity": ("#C08A00", "#C08A00"),
    "scale": ("#C0649C", "#C0649C"),
    "step": ("#E8590C", "#E8590C"),
    "data": ("#5B6573", "#9AA5B5"),
    "theory": ("#7B4FA3", "#BFA0E0"),
    "text": ("#333333", "#DDDDDD"),
}


def role(name: str) -> dict:
    """The colours of a role, as properties of a mark."""
    return dict(zip(("color", "color_dark"), ROLES[name]))


def style_of(names) -> list[tuple]:
    """(colour, colour on dark, dashes) for each name: the optimizer's own, or a spare one if it is taken."""
    taken, spare = set(), [*SPARE, *PALETTE.values()] * 4
    styles = []
    for name in names:
        style = PALETTE.get(name)
        if style is None or style in taken:
            style = next(islice((s for s in spare if s not in taken), 1), SPARE[0])
        taken.add(style)
        styles.append(style)
    return styles
