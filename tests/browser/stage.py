"""A lab as a learner sees and touches it: what it shows, and its sliders, handle, buttons and chips."""

import re

from playwright.sync_api import Locator

# Pictures are kept in the page, with the lab they show, and go with it. This keeps one and returns its number.
KEEP = """async (lab, selector) => {
  const frame = () => new Promise(requestAnimationFrame);
  await frame(); await frame();
  const picture = [...lab.querySelectorAll(selector)].map(canvas =>
    canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height));
  lab.pictures ??= [];
  return lab.pictures.push(picture) - 1;
}"""

# For each canvas, whether two pictures differ for an eye: a browser may smooth the same line differently next time, and
# the colour of what is nearly transparent is not seen. Pixels that are equal, nearly all, are compared as one number.
DIFFER = """(lab, [a, b]) => lab.pictures[a].map((here, i) => {
  const there = lab.pictures[b][i];
  if (here.width !== there.width || here.height !== there.height) return true;
  const [old, now] = [new Uint32Array(here.data.buffer), new Uint32Array(there.data.buffer)];
  for (let j = 0; j < now.length; j++) if (old[j] !== now[j])
    for (const paper of [0, 255]) {
      const shown = (pixels, c) => paper + (pixels[4 * j + c] - paper) * pixels[4 * j + 3] / 255;
      for (let c = 0; c < 3; c++) if (Math.abs(shown(here.data, c) - shown(there.data, c)) > 24) return true;
    }
  return false;
})"""

OTHER = f"""async (lab, [selector, before]) => {{
  const now = await ({KEEP})(lab, selector);
  const differ = ({DIFFER})(lab, [before, now]).includes(true);
  lab.pictures.pop();
  return differ;
}}"""

# Keeps the first picture that the next one equals.
STILL = f"""async (lab, selector) => {{
  const first = await ({KEEP})(lab, selector);
  for (;;) {{
    const next = await ({KEEP})(lab, selector);
    const differ = ({DIFFER})(lab, [first, next]).includes(true);
    const picture = lab.pictures.pop();
    if (!differ) return first;
    lab.pictures[first] = picture;
  }}
}}"""

FRESH = """lab => {
  const report = lab.querySelector('.optimlab-stage')?.optimlab?.();
  return report?.frames > 0 && report.resting && Object.values(report.sources).every(source => source.fresh);
}"""

TWO_FRAMES = "async () => { for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame); }"
FITS = """(lab, width) => {
  const stage = lab.querySelector('.optimlab-stage');
  return lab.getBoundingClientRect().right <= width && stage.scrollWidth <= stage.clientWidth;
}"""

MOVING = ".optimlab-panels canvas[role=img]"
STANDING = ".optimlab-panels canvas:not([role=img])"
PANELS = ".optimlab-panels canvas"
ALL = ".optimlab-stage canvas"


class Stage:
    """One view of a lab."""

    def __init__(self, root: Locator):
        self.root = root
        self.page = root.page
        self.box = root.locator(".optimlab-stage")
        self.scrub = root.locator(".optimlab-scrub")
        self.counter = root.locator(".optimlab-counter")
        self.handle = root.locator(".optimlab-handle:not(.optimlab-pen)")

    def report(self) -> dict:
        """What the stage says that it draws."""
        return self.box.evaluate("stage => stage.optimlab()")

    def values(self) -> dict:
        return self.report()["values"]

    def last(self, source: str) -> list:
        return self.report()["sources"][source]["last"]

    def fresh(self, *sources: str) -> bool:
        shown = self.report()["sources"]
        return all(shown[name]["fresh"] for name in sources or shown)

    def wait_fresh(self) -> "Stage":
        """Wait until the kernel has nothing more to say and all that is drawn is current."""
        self.wait(FRESH)
        self.root.evaluate(TWO_FRAMES)  # and it is drawn
        return self

    def wait_fits(self, width: int):
        """Wait until the lab, and all that is in it, is no wider than the page is now."""
        self.wait(FITS, width)

    def unveil(self) -> "Stage":
        """Ask for what a lab below a question hides at first."""
        button = self.root.get_by_role("button", name="show what comes out")
        if button.is_visible():
            button.click()
            self.wait("lab => !lab.querySelector('.optimlab-stage').optimlab().veiled")
        return self

    def wait(self, condition: str, argument=None):
        self.root.wait_for()
        self.page.wait_for_function(
            f"([lab, argument]) => ({condition})(lab, argument)", arg=[self.root.element_handle(), argument]
        )

    # -------------------------------------------------------------------------------------- pictures

    def picture(self, selector=MOVING) -> "Picture":
        """What the panels' canvases show after the next two frames; the ruler is not among them."""
        return Picture(self, self.root.evaluate(KEEP, selector), selector)

    def still_picture(self, selector=MOVING) -> "Picture":
        """The picture once it no longer changes: an image in a panel may still be on its way."""
        return Picture(self, self.root.evaluate(STILL, selector), selector)

    def wait_other_picture(self, before: "Picture"):
        self.wait(OTHER, [before.selector, before.number])

    def panels(self) -> list[Locator]:
        """The panels, less the ruler."""
        return self.root.locator(".optimlab-panels > *").all()

    def is_blank(self) -> list[bool]:
        """For each panel, whether nothing at all is painted in it."""
        return self.root.evaluate(
            """lab => [...lab.querySelectorAll('.optimlab-panel')].map(panel =>
                ![...panel.querySelectorAll('canvas')].some(canvas => canvas.width && canvas.height && canvas
                    .getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(byte => byte)))"""
        )

    def strong_pixels(self, color: str, panel=0) -> int:
        """How many pixels of the moving picture have just this colour, without any transparency."""
        rgb = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
        return self.root.evaluate(
            """(lab, [selector, panel, rgb]) => {
                const canvas = lab.querySelectorAll(selector)[panel];
                const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
                let count = 0;
                for (let i = 0; i < data.length; i += 4)
                    count += data[i + 3] === 255 && rgb.every((c, j) => Math.abs(data[i + j] - c) <= 2);
                return count; }""",
            [MOVING, panel, rgb],
        )

    def color_at(self, x: float, y: float, panel=0) -> str:
        """The colour of the moving picture at a place in CSS pixels of the panel, as #RRGGBB."""
        return self.root.evaluate(
            """(lab, [selector, panel, x, y]) => {
                const canvas = lab.querySelectorAll(selector)[panel];
                const scale = canvas.width / canvas.clientWidth;
                const [r, g, b] = canvas.getContext('2d').getImageData(x * scale, y * scale, 1, 1).data;
                return '#' + [r, g, b].map(c => c.toString(16).padStart(2, '0')).join('').toUpperCase(); }""",
            [MOVING, panel, x, y],
        )

    def brightness(self, selector: str, panel=0) -> float:
        """The mean brightness, from 0 to 1, of what is painted on one of some canvases."""
        return self.root.evaluate(
            """(lab, [selector, panel]) => {
                const canvas = lab.querySelectorAll(selector)[panel];
                const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
                let [sum, count] = [0, 0];
                for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) {
                    sum += (data[i] + data[i + 1] + data[i + 2]) / 765;
                    count += 1;
                }
                return sum / count; }""",
            [selector, panel],
        )

    def widest(self) -> float:
        """How far to the right on the page anything of the lab reaches."""
        return self.root.evaluate(
            """lab => Math.max(...[...lab.querySelectorAll('*')].filter(node => node.checkVisibility())
                .map(node => node.getBoundingClientRect().right))"""
        )

    # -------------------------------------------------------------------------------------- controls

    def slider(self, symbol: str, row: str = "") -> "Slider":
        """The slider of a symbol, in the row of that name."""
        rows = self.root.locator(".optimlab-row")
        if row:
            rows = rows.filter(has=self.page.locator(".optimlab-swatch", has_text=re.compile(rf"^\s*{row}\s*$")))
        label = self.page.locator(".widget-label", has_text=re.compile(f"^{re.escape(symbol)}$"))
        return Slider(rows.locator(".widget-slider").filter(has=label))

    def sliders(self) -> list["Slider"]:
        return [Slider(slider) for slider in self.root.locator(".widget-slider").all()]

    def chip(self, name: str) -> Locator:
        return self.root.locator(".optimlab-chip", has=self.page.locator("b", has_text=re.compile(f"^{name}$")))

    def button(self, label: str) -> Locator:
        return self.root.get_by_role("button", name=label, exact=True)

    def handle_at(self) -> tuple[float, float]:
        """Where the handle stands, in CSS pixels of its panel."""
        left, top = self.handle.evaluate("handle => [handle.style.left, handle.style.top].map(parseFloat)")
        return left, top

    def handle_on_page(self) -> tuple[float, float]:
        """Where the handle's middle stands, in CSS pixels of the page."""
        self.handle.scroll_into_view_if_needed()
        box = self.handle.bounding_box()
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


class Picture:
    """What some canvases showed; equal to another one if an eye sees no difference."""

    def __init__(self, stage: Stage, number: int, selector: str):
        self.stage, self.number, self.selector = stage, number, selector

    def __eq__(self, other: "Picture") -> bool:
        return not any(self.differs(other))

    def differs(self, other: "Picture") -> list[bool]:
        """For each canvas, whether it shows something else."""
        return self.stage.root.evaluate(DIFFER, [self.number, other.number])

    __hash__ = None


class Slider:
    """A slider of ipywidgets: its knob, and the number beside it."""

    def __init__(self, root: Locator):
        self.root = root
        self.page = root.page
        self.knob = root.get_by_role("slider")
        self.readout = root.locator(".widget-readout")

    def press(self, *keys: str):
        for key in keys:
            self.knob.press(key)

    def drag(self, by: float, moves: int = 8):
        """Drag the knob with the mouse by a share of the slider's length, and let go."""
        with self.grabbed() as pull:
            for i in range(1, moves + 1):
                pull(by * i / moves)

    def grabbed(self):
        return Grab(self)

    def type(self, number: str):
        """Type a number into the readout."""
        self.readout.click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.type(number)
        self.page.keyboard.press("Enter")

    def position(self) -> float:
        """Where the knob stands: a number that grows to the right."""
        return self.knob.evaluate("knob => parseFloat(knob.parentElement.style.transform.match(/-?[0-9.]+/)[0])")

    def shown(self) -> float:
        """The number beside the slider."""
        return float(self.readout.inner_text().replace("−", "-"))


class Grab:
    """The mouse holds a slider's knob."""

    def __init__(self, slider: Slider):
        self.slider, self.mouse = slider, slider.page.mouse

    def __enter__(self):
        self.slider.knob.scroll_into_view_if_needed()
        box = self.slider.knob.bounding_box()
        self.x, self.y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.length = self.slider.root.locator(".noUi-base").bounding_box()["width"]
        self.mouse.move(self.x, self.y)
        self.mouse.down()
        return lambda share: self.mouse.move(self.x + share * self.length, self.y)

    def __exit__(self, *trouble):
        self.mouse.up()
