"""Moves of keys and mouse in labs of theory, which their tests compare with loops in NumPy."""

import pytest


def shows(file, cells):
    """A fixture that runs the lab of a name, as its cell in `cells` makes it, in a notebook of its own."""

    @pytest.fixture
    def show(lab):
        if lab.name != file:
            lab.server.write(file, *cells.values())
            lab.open(file)
        return lambda name: lab.run_lab(list(cells).index(name))

    return show


def drag(stage, handle, dx, dy):
    handle.scroll_into_view_if_needed()
    box, mouse = handle.bounding_box(), stage.page.mouse
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + dx, y + dy, steps=5)
    mouse.up()
    return stage.wait_fresh()


def after(stage, *moves):
    """The lab's values after each move: they must change."""
    for move in moves:
        before = stage.values()
        move()
        stage.wait_fresh()
        values = stage.values()
        assert values != before
        yield values
