"""Whatever lab there is: each of its controls moves what is drawn, with the keyboard alone and with the mouse."""

from itertools import pairwise

import pytest

import optimlab

from .stage import PANELS

IMPORTS = f"from optimlab import {', '.join(optimlab.__all__)}\n"
LABS = {
    "race": "race(ravine(kappa=10), [Momentum(0.02, 0.8), Adam(0.1)], steps=40)",
    "race on Rosenbrock's valley": "race(rosenbrock(), [AdaGrad(0.3), RMSprop(0.02), Adadelta()], steps=40)",
    "race of one parameter": "race(parabola(), GradientDescent(0.3), steps=20)",
    "anatomy": "anatomy(ravine(kappa=10), Momentum(0.02, 0.8), steps=30)",
    "anatomy with a scale per coordinate": "anatomy(bowl(), Adam(0.1), steps=30)",
    "batch_lab": "batch_lab(diabetes(), steps=60)",
    "dialects": 'dialects(ravine(kappa=10), "Adam", steps=40)',
    "fit_lab": "fit_lab(diabetes())",
    "fit_lab with an optimizer": "fit_lab(diabetes(), GradientDescent(0.3), steps=30)",
    "gradient_lab": "gradient_lab(ravine(kappa=10))",
    "gradient_lab of one parameter": "gradient_lab(parabola())",
    "map_lab": "map_lab(ravine(kappa=10), Momentum(0.02, 0.8), steps=60)",
    "map_lab of Adam": 'map_lab(ravine(kappa=10), Adam(0.1), y="beta2", steps=60)',
    "schedule_lab": "schedule_lab(Noisy(ravine(kappa=10), 0.3))",
    "schedule_lab without noise": "schedule_lab(ravine(kappa=10), Momentum(), ['cosine', 'step decay'])",
    "noise_lab": "noise_lab(diabetes(), lr=0.1, steps=60)",
    "range_lab": "range_lab(Network((64, 16, 10)), digits(200), Adam(), epochs=3)",
    "spring_lab": "spring_lab()",
    "phase_lab": "phase_lab(100, 3.0, 0.7)",
    "eigen_lab": "eigen_lab(ravine(kappa=30, angle=30), gamma=0.5, steps=60)",
    "eigen_lab on data": "eigen_lab(diabetes(), steps=60)",
    "cycle_lab": "cycle_lab(100, 3.0, 0.9, steps=40)",
    "batch_momentum_lab": "batch_momentum_lab(64, dim=12)",
    "steps_lab": "steps_lab(100, 16)",
    "bias_lab": "bias_lab(steps=40)",
    "signal_lab": "signal_lab(chains=60)",
    "giant_lab": "giant_lab(period=20, beta2=0.8, steps=400)",
    "decay_lab": "decay_lab(steps=600, copies=40)",
    "spike_lab": "spike_lab(steps=1200)",
    "rare_lab": "rare_lab(steps=30)",
    "sign_lab": "sign_lab(steps=400, copies=100)",
    "memory_lab": "memory_lab(steps=60)",
    "newton_schulz_lab": "newton_schulz_lab()",
    "modes_lab": "modes_lab(steps=150)",
    "axes_lab": "axes_lab(steps=60)",
    "average_lab": "average_lab(steps=100)",
    "fair_lab": "fair_lab('Adam', 'Nesterov', steps=80, rates=4, seeds=2, target=0.9)",
    "plane_lab": "plane_lab(loss=Network((64, 16, 10)).on(digits(100)), theta=Network((64, 16, 10)).init(1))",
    "shadow_lab": "shadow_lab([GradientDescent(0.3), Adam(0.01)], steps=40)",
    "pca_lab": "pca_lab(reveal=1, steps=60)",
    "line_lab": "line_lab(16)",
    "catapult_lab": "catapult_lab()",
    "edge_lab": "edge_lab(0.8, 0.4, t1=100, t2=300, steps=500)",
    "live_edge": "live_edge(steps=2000).go(200)",
    "river_lab": "river_lab(steps=200)",
    "bulk_lab": "bulk_lab(steps=40, before=20)",
    "saddle_lab": "saddle_lab(steps=120)",
    "clip_lab": "clip_lab()",
    "clip_lab on another surface": "clip_lab(rosenbrock(), Momentum(0.001, 0.8))",
    "depth_lab": "depth_lab(depth=20, width=30, batch=16)",
    "overfit_lab": "overfit_lab(Network((64, 16, 10)), digits(100), epochs=10)",
    "detective": "detective(ravine(kappa=10), level=2)",
    "draw_lab": "draw_lab(Noisy(ravine(kappa=10), 0.3))",
    "training_lab": "training_lab(Network((64, 16, 10)), digits(200), [Momentum(0.05), Adam(0.003)], epochs=4)",
}


@pytest.fixture(params=LABS)
def stage(lab, request):
    """Each lab, as its cell makes it."""
    if lab.name != "labs.ipynb":
        lab.server.write("labs.ipynb", *(IMPORTS + code for code in LABS.values()))
        lab.open("labs.ipynb")
    return lab.run_lab(list(LABS).index(request.param))


def test_every_lab_of_the_package_is_tried_here():
    labs = {name for name, module in optimlab.LAZY.items() if module.startswith("labs.")}
    assert labs == {code.split("(")[0] for code in LABS.values()} | {"live_curves", "live_layers"}  # test_live.py


@pytest.mark.slow
def test_each_control_of_a_lab_changes_what_is_drawn_and_it_fits_a_phone(stage):
    assert stage.report()["frames"] > 0
    assert not any(stage.is_blank())
    turn_chips(stage)
    first = stage.still_picture(PANELS)
    moved = {i for i, panel in enumerate(stage.panels()) if panel.locator(".optimlab-handle").count()}
    moved |= turn_sliders(stage)
    for move in (move_handles, play_and_scrub, run_clock):
        move(stage)
        moved |= changed(first, stage.still_picture(PANELS))
    assert moved == set(range(len(stage.panels()))), "a panel that nothing moves"
    assert not any(stage.is_blank())
    assert stage.root.locator(".optimlab-trouble").inner_text() == ""
    fits_a_phone(stage)
    shares_one_program(stage)


def turn_chips(stage):
    for chip in stage.root.locator(".optimlab-chip").all():
        before = stage.still_picture(PANELS)
        chip.press("Enter")
        assert stage.picture(PANELS) != before, chip.inner_text()
        chip.click()
        assert stage.picture(PANELS) == before, chip.inner_text()


def changed(before, after) -> set:
    """The panels that show something else; two canvases make a panel."""
    return {i // 2 for i, differs in enumerate(after.differs(before)) if differs}


def turn_sliders(stage) -> set:
    """Turn each slider, and back; the panels that it has changed."""
    moved = set()
    for slider in stage.sliders():
        name, shown = slider.root.inner_text().split()
        pictures, positions = [stage.still_picture(PANELS)], [slider.position()]
        for turn, by in ((slider.press, "Home"), (slider.drag, 0.4), (slider.press, "End")):
            turn(by)
            pictures.append(stage.wait_fresh().still_picture(PANELS))
            positions.append(slider.position())
        assert positions[1] <= positions[2] <= positions[3] > positions[1], f"{name}: {positions}"  # some have two
        panels = set().union(*(changed(earlier, later) for earlier, later in pairwise(pictures)))
        assert panels, f"{name} moves nothing"
        moved |= panels
        slider.type(shown)  # back: at this one's end the next slider may have nothing to move
        stage.wait_fresh()
    return moved


def move_handles(stage):
    mouse = stage.page.mouse
    for handle in stage.root.locator(".optimlab-handle:not(.optimlab-knot)").all():  # knots: test_drawn.py
        values, before = stage.values(), stage.still_picture(PANELS)
        handle.press("Shift+ArrowRight")
        assert stage.values() != values
        stage.wait_fresh().wait_other_picture(before)
        handle.scroll_into_view_if_needed()
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        values, before = stage.values(), stage.still_picture(PANELS)
        mouse.move(x, y)
        mouse.down()
        mouse.move(x - 40, y - 10, steps=5)
        mouse.up()
        assert stage.values() != values
        stage.wait_fresh().wait_other_picture(before)
        box = handle.bounding_box()
        assert box["x"] + box["width"] / 2 == pytest.approx(x - 40, abs=1.5)


def play_and_scrub(stage):
    if not stage.scrub.count():
        return
    stage.scrub.press("Home")
    before = stage.picture(PANELS)
    stage.scrub.press("ArrowRight")
    assert stage.report()["k"] == 1
    assert stage.picture(PANELS) != before
    stage.button("play").click()
    stage.wait("(lab, k) => lab.querySelector('.optimlab-stage').optimlab().k > k", 1)
    stage.scrub.press("Home")
    assert stage.picture(PANELS) == before


def run_clock(stage):
    """A lab that goes on as long as its clock does."""
    button = stage.root.locator(".widget-play button").first
    if not button.count():
        return
    before = stage.picture(PANELS)
    button.click()
    stage.wait_other_picture(before)
    button.click()
    stage.wait_fresh()


def fits_a_phone(stage):
    page = stage.page
    before = page.viewport_size
    try:
        page.set_viewport_size({"width": 390, "height": 1000})
        stage.wait_fits(390)
    finally:
        page.set_viewport_size(before)


def shares_one_program(stage):
    """A page never lets go of a module: all labs of a page must have the same one."""
    assert stage.root.evaluate("() => globalThis.optimlabPrograms.size") == 1
