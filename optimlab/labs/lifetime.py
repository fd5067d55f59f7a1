"""How long a lab lives: until the cell that showed it is run again, unless somebody still holds it by a name.

ipywidgets keeps every widget for ever, in the kernel and in the browser. Here the labs of a cell are closed when that
cell has run again, and those that nobody has shown when their cell has ended. No lab is touched that is held by a
variable, stands in a container, or is shown by another cell too.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from IPython import get_ipython
from ipywidgets import Box, Widget

__all__ = ["made", "parts_of", "shown"]

CONTAINERS = (list, tuple, set, dict)


class Keeper:
    """Which labs each cell has made and shown, told by IPython's events before and after a cell."""

    def __init__(self) -> None:
        self.places: WeakKeyDictionary = WeakKeyDictionary()  # lab -> {cell: its run}
        self.run, self.cell = 0, None
        self.shell: Any = None

    def watch(self) -> None:
        """Listen to the shell there is; a cell that is running already is not known by its number."""
        shell = get_ipython()
        if shell is None or shell is self.shell:
            return
        self.shell = shell
        shell.events.register("pre_run_cell", self.before)
        shell.events.register("post_run_cell", self.after)

    def before(self, info: Any) -> None:
        self.run, self.cell = self.run + 1, name_of(info)

    def after(self, result: Any) -> None:
        for lab, places in list(self.places.items()):
            if places.get(self.cell, self.run) != self.run:
                del places[self.cell]
            if not places and not self.is_held(lab):
                del self.places[lab]
                lab.close()
        self.cell = None

    def note(self, lab: Any, shown: bool) -> None:
        self.watch()
        if self.shell is None:
            return
        places = self.places.setdefault(lab, {})
        if shown:
            places[self.cell] = self.run

    def is_held(self, lab: Any) -> bool:
        """Whether a variable of the learner's, or a container in one, holds the lab; or a box on the page."""
        for name, value in list(self.shell.user_ns.items()):
            if name.startswith("_") or name in ("In", "Out"):
                continue
            inside = value.values() if isinstance(value, dict) else value if isinstance(value, CONTAINERS) else ()
            if value is lab or any(each is lab for each in inside):
                return True
        return any(isinstance(w, Box) and w is not lab and lab in w.children for w in all_widgets())


def name_of(info: Any) -> Any:
    """What a cell is called: its number where the front end tells it, its text where it does not."""
    return getattr(info, "cell_id", None) or getattr(info, "raw_cell", None)


def all_widgets() -> list:
    """All widgets that live, in ipywidgets 8 and 7."""
    try:
        from ipywidgets.widgets.widget import _instances
    except ImportError:
        _instances = Widget.widgets
    return list(_instances.values())


KEEPER = Keeper()


def made(lab: Any) -> None:
    """A lab has been made."""
    KEEPER.note(lab, shown=False)


def shown(lab: Any) -> None:
    """A lab is being shown by the cell that runs."""
    KEEPER.note(lab, shown=True)


def parts_of(widget: Any) -> list:
    """A widget with all that it is made of: children, layouts and styles."""
    parts = [widget]
    for child in getattr(widget, "children", ()):
        parts += parts_of(child)
    return parts + [
        getattr(widget, name) for name in ("layout", "style") if isinstance(getattr(widget, name, None), Widget)
    ]
