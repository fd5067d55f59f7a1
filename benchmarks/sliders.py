"""From the key on a slider to the changed picture, in a real JupyterLab: today's ways, the race lab, and the floor.

All show one descent of 200 steps on one ravine, and are timed by one clock: from the browser's keydown to the
first frame in which the picture is another one. The floor is a label linked to a slider in the browser (jslink).
The race lab is also asked for what waits for a kernel elsewhere: two sliders in turn, the start, a kernel far away.
``ONLY="race lab, jslink"`` measures what begins so.
"""

import os
import re
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS
from tests.browser.jupyter import JupyterLab, Server
from tests.browser.stage import PANELS
from tools.browser import found_chromium

PRESSES, MOVES, PATIENCE = 30, 40, 3000
ROUNDS = int(os.environ.get("ROUNDS", 3))
COMMON = """
import numpy as np
from ipywidgets import FloatLogSlider, FloatSlider, VBox, interact, jslink
from optimlab import Momentum, descend, race, ravine
surface = ravine(kappa=20)
(x0, x1), (y0, y1) = surface.view
X, Y = np.meshgrid(np.linspace(x0, x1, 121), np.linspace(y0, y1, 91))
Z = surface.value(np.stack([X, Y], -1))
walk = lambda lr: descend(surface, Momentum(lr, 0.8), steps=200).theta
eta = lambda: FloatLogSlider(value=0.02, min=-3, max=-1, step=0.025, description="η")
"""
CELLS = {
    "interact, inline": """
%matplotlib inline
import matplotlib.pyplot as plt
def draw(lr):
    figure, axes = plt.subplots(figsize=(5.4, 4.0))
    axes.contour(X, Y, Z, 14)
    axes.plot(*walk(lr).T, ".-")
    plt.show()
interact(draw, lr=eta());
""",
    "ipympl": """
%matplotlib widget
import matplotlib.pyplot as plt
plt.ioff()
figure, axes = plt.subplots(figsize=(5.4, 4.0))
plt.ion()
axes.contour(X, Y, Z, 14)
line, = axes.plot(*walk(0.02).T, ".-")
slider = eta()
def move(change):
    line.set_data(*walk(change.new).T)
    figure.canvas.draw_idle()
slider.observe(move, "value")
VBox([slider, figure.canvas])
""",
    "plotly": """
import plotly.graph_objects as go
figure = go.FigureWidget([go.Contour(x=X[0], y=Y[:, 0], z=Z), go.Scatter(x=walk(0.02)[:, 0], y=walk(0.02)[:, 1])])
slider = eta()
def move(change):
    path = walk(change.new)
    with figure.batch_update():
        figure.data[1].x, figure.data[1].y = path[:, 0], path[:, 1]
slider.observe(move, "value")
VBox([slider, figure])
""",
    **dict.fromkeys(
        ("race lab", "race lab, κ", "race lab, η and κ in turn", "race lab, the start", "race lab, kernel 300 ms away"),
        "race(surface, Momentum(0.02, 0.8), steps=200)",
    ),
    "jslink (floor)": """
slider, other = eta(), FloatLogSlider(value=0.02, min=-3, max=-1, step=0.025)
jslink((slider, "value"), (other, "value"))
VBox([slider, other])
""",
}
FIRST = "from optimlab import Momentum, race, ravine\nrace(ravine(kappa=20), Momentum(0.02, 0.8), steps=200)"
MOVED = {"race lab, κ": "κ", "race lab, η and κ in turn": "ηκ", "race lab, the start": "★"}  # else η
FAR = "race lab, kernel 300 ms away"
DELAYED = """
window.delay = 0;
const later = act => window.delay ? setTimeout(act, window.delay) : act();
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) { later(() => send.call(this, data)); };
Object.defineProperty(WebSocket.prototype, 'onmessage', {
  set(hear) { this.addEventListener('message', event => later(() => hear.call(this, event))); },
});
"""
BUSY = "import time\ntime.sleep(45)"

# What a picture shows, small enough to be compared in every frame.
SIGNATURES = """
const small = document.createElement('canvas');
small.width = small.height = 96;
const context = small.getContext('2d', {willReadFrequently: true});
const paint = canvases => {
  context.clearRect(0, 0, 96, 96);
  for (const canvas of canvases) if (canvas.width && canvas.height) context.drawImage(canvas, 0, 0, 96, 96);
  let sum = 0;
  for (const pixel of new Uint32Array(context.getImageData(0, 0, 96, 96).data.buffer)) sum = (31 * sum + pixel) | 0;
  return `${sum}`;
};
window.signatures = {
  'interact, inline': cell => cell.querySelector('.jp-OutputArea-output img')?.src,
  'ipympl': cell => paint(cell.querySelectorAll('.jupyter-matplotlib-canvas-div canvas, canvas')),
  'plotly': cell => cell.querySelector('.scatterlayer path.js-line')?.getAttribute('d'),
  'race lab': cell => paint(cell.querySelector('.optimlab-panel').querySelectorAll('canvas')),
  'jslink (floor)': cell => cell.querySelectorAll('.widget-readout')[1].textContent,
};
window.watch = (cell, [name, sliders]) => {
  const signature = signatures[name] ?? signatures['race lab'];
  const place = moved => moved.querySelector('.widget-readout')?.textContent ?? moved.style.cssText;
  const told = () => sliders.map(place).join();
  const state = window.state = {last: signature(cell), changed: [], turned: 0, pressed: 0, moved: 0, frames: 0};
  cell.addEventListener('keydown', () => (state.pressed = performance.now()), true);
  document.addEventListener('mousemove', () => (state.moved = performance.now()), true);
  document.addEventListener('pointermove', () => (state.moved = performance.now()), true);
  const after = new MessageChannel();  // a frame is looked at when all have painted in it
  after.port1.onmessage = () => {
    state.frames++;
    if (state.value !== told()) { state.value = told(); state.turned++; }
    const now = signature(cell);
    if (now && now !== state.last) { state.last = now; state.changed.push(performance.now()); }
  };
  const look = () => {
    after.port2.postMessage(0);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
};
"""


def main():
    path = found_chromium()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        context.add_init_script(DELAYED)
        lab = JupyterLab(context.new_page(), server)
        try:
            shown = [first_lab(lab) for _ in range(ROUNDS)]
            report(measure_all(lab))
            print(
                f"- The first lab of a new kernel stands {statistics.median(shown):.1f} s after 'run', imports and all."
            )
        finally:
            browser.close()
            server.stop()


def measure_all(lab) -> dict:
    only = tuple(os.environ.get("ONLY", "").split(", "))
    cells = {name: code for name, code in CELLS.items() if name.startswith(only)}
    found = {name: {"idle": [], "drag": [], "busy": [], "busy drag": []} for name in cells}
    for turn in range(ROUNDS):
        for name, code in cells.items():
            lab.server.write(f"bench{turn}.ipynb", COMMON, code, BUSY)
            lab.open(f"bench{turn}.ipynb", subshells=False)
            lab.run(0)
            lab.run(1)
            knobs = begin(lab, name)
            knob = knobs[0]
            found[name]["idle"] += [press(knobs[i // 2 % len(knobs)], i) for i in range(PRESSES)]
            found[name]["drag"].append(drag(knob))
            if name == "race lab":
                found[name].setdefault("fps", []).append(playback(lab))
                found[name].setdefault("turned", []).append(turning(lab))
            lab.start(2)
            lab.page.wait_for_timeout(500)
            found[name]["busy"] += [press(knob, i, patience=1000) for i in range(5)]
            found[name]["busy drag"].append(drag(knob))
            lab.close()
    return found


def first_lab(lab) -> float:
    """Seconds from 'run' in a new kernel until the first lab is drawn."""
    lab.server.write("first.ipynb", FIRST)
    lab.open("first.ipynb")
    start = time.perf_counter()
    lab.start(0)
    lab.stage(0).wait_fresh()
    took = time.perf_counter() - start
    lab.close()
    return took


def begin(lab, name):
    """Watch a picture from now on; the handles of what moves it."""
    sliders = [
        lab.cell(1).locator(".optimlab-handle") if symbol == "★" else slider(lab, symbol) for symbol in moved(name)
    ]
    for one in sliders:
        one.wait_for()
    lab.page.wait_for_timeout(1500)
    lab.page.evaluate(f"() => {{ {SIGNATURES} }}")
    lab.cell(1).evaluate("watch", [name, [one.element_handle() for one in sliders]])
    lab.page.evaluate(f"() => (window.delay = {150 if name == FAR else 0})")  # there, and back
    return [one if symbol == "★" else one.locator(".noUi-handle") for symbol, one in zip(moved(name), sliders)]


def moved(name) -> str:
    return MOVED.get(name, "η")


def slider(lab, symbol):
    label = lab.page.locator(".widget-label", has_text=re.compile(f"^{symbol}$"))
    return lab.cell(1).locator(".widget-slider").filter(has=label).first


def press(knob, i, patience=PATIENCE):
    """Milliseconds from the key to another picture, or None if there is none in time."""
    page = knob.page
    page.evaluate("() => { state.changed = []; state.pressed = 0; }")
    knob.press("ArrowLeft" if i % 2 else "ArrowRight")
    try:
        page.wait_for_function("() => state.changed.length", timeout=patience)
    except PlaywrightTimeout:
        return None
    took = page.evaluate("() => state.changed[0] - state.pressed")
    page.wait_for_timeout(300)  # what comes later belongs to this press, not to the next
    return took


def drag(knob):
    """A drag of 40 moves at 60 Hz, there and back: pictures painted, frames in which the slider moved, and the lag."""
    page, half = knob.page, MOVES // 2
    knob.scroll_into_view_if_needed()
    box = knob.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("() => { state.changed = []; state.turned = 0; }")
    start = time.perf_counter()
    for i in range(1, MOVES + 1):
        page.mouse.move(x - 2.6 * (half - abs(half - i)), y)
        time.sleep(max(0.0, start + i / 60 - time.perf_counter()))
    page.mouse.up()
    page.wait_for_timeout(2500)
    lag = "Math.max(0, (state.changed.at(-1) ?? NaN) - state.moved)"
    return page.evaluate(f"() => [state.changed.length, state.turned, {lag}]")


def playback(lab):
    """Pictures a second while the lab plays."""
    lab.cell(1).get_by_role("button", name="to the start").click()
    lab.cell(1).get_by_role("button", name="play").click()
    lab.page.evaluate("() => { state.changed = []; state.frames = 0; }")
    lab.page.wait_for_timeout(2000)
    seen = lab.page.evaluate("() => [state.changed.length / 2, state.frames / 2]")
    lab.cell(1).get_by_role("button", name="pause").click()
    lab.cell(1).locator(".optimlab-scrub").press("End")
    return seen


def turning(lab):
    """Pictures a second while the surface is turned in 3-D with the mouse, there and back at 60 Hz for two seconds."""
    cell, mouse = lab.cell(1), lab.page.mouse
    cell.get_by_role("radio", name="3-D").check(force=True)
    stage = lab.stage(1)
    stage.still_picture(PANELS)
    box = stage.root.locator(".optimlab-turnable").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] - 60
    mouse.move(x, y)
    mouse.down()
    before, start = stage.report()["frames"], time.perf_counter()
    for i in range(1, 121):
        mouse.move(x + 2 * (60 - abs(60 - i)), y)
        time.sleep(max(0.0, start + i / 60 - time.perf_counter()))
    took = time.perf_counter() - start
    painted = stage.report()["frames"] - before
    mouse.up()
    cell.get_by_role("radio", name="2-D").check(force=True)
    return painted / took


def report(found):
    def median_of(name):
        return statistics.median(x for x in found[name]["idle"] if x is not None)

    print("| | key → picture, median | p95 | against the floor | painted in a drag | lag after it | kernel busy |")
    print("|---|---|---|---|---|---|---|")
    for name, data in found.items():
        idle = sorted(x for x in data["idle"] if x is not None)
        busy = [x for x in data["busy"] if x is not None]
        late, ratio = idle[int(0.95 * (len(idle) - 1))], median_of(name) / median_of("jslink (floor)")
        painted, turned, lag = (statistics.median(column) for column in zip(*data["drag"]))
        waits = "waits"
        if len(busy) == len(data["busy"]):
            pictures, turns, _ = (statistics.median(column) for column in zip(*data["busy drag"]))
            waits = f"{statistics.median(busy):.0f} ms, {pictures:.0f} of {turns:.0f}"
        timed = f"{median_of(name):.0f} ms | {late:.0f} ms | {ratio:.1f} ×"
        print(f"| {name} | {timed} | {painted:.0f} of {turned:.0f} | {lag:.0f} ms | {waits} |")
        if lost := len(data["idle"]) - len(idle):
            print(f"({name}: {lost} of {len(data['idle'])} presses without another picture)")
    if "interact, inline" in found:
        faster = median_of("interact, inline") / median_of("race lab")
        print(f"\n- The race lab answers a key {faster:.1f} times as fast as interact with an inline figure.")
    fps, frames = (statistics.median(column) for column in zip(*found["race lab"]["fps"]))
    print(f"- It plays {fps:.0f} pictures a second, of {frames:.0f} frames that the browser offers.")
    print(f"- Turned in 3-D with the mouse, it paints {statistics.median(found['race lab']['turned']):.0f} a second.")


if __name__ == "__main__":
    main()
