"""What a lab can be written as: a page, a film of its play, a picture. See `optimlab.labs.lab.Lab.save`."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from html import escape, unescape
from pathlib import Path

import numpy as np

from ..checks import check_whole, told
from ..knobs import Knob
from ..stage import twin
from ..stage.page import html_page, page_data

__all__ = ["data_of", "head_of", "save"]

PICTURES, FILMS = (".png", ".svg", ".pdf"), (".gif", ".mp4")
SECONDS = Knob("seconds", "length of the film in", 1.0, 60.0, allowed="(0, 600]")


def save(lab, path, controls=None, **options) -> Path:
    """Write a lab into a file, and return its path."""
    try:
        path = Path(path)
    except TypeError:
        raise ValueError(f"a lab is saved under a file name such as 'race.html', got {told(path)}") from None
    kind = path.suffix.lower()
    if controls is not None and kind != ".html":
        raise ValueError(f"controls are chosen for a page, as in save('lab.html', controls=[…]), got {told(path.name)}")
    if kind not in (known := (".html", *PICTURES, *FILMS)):
        raise ValueError(f"a lab is saved as {', '.join(known)}, got {told(path.name)}")
    if not path.parent.is_dir():
        raise ValueError(f"there is no folder {told(str(path.parent))} to save {path.name} in")
    if kind == ".html":
        page(lab, path, controls, **checked(options, "a page", "caption"))
    elif kind in PICTURES:
        picture(lab, path, **checked(options, "a picture", "dpi", "transparent"))
    else:
        film(lab, path, **checked(options, "a film", "seconds", "fps", "dpi"))
    return path


def checked(options, what, *known) -> dict:
    """The options, if all of them are known, or a `ValueError`."""
    for name in options:
        if name not in known:
            raise ValueError(f"{what} has the options {', '.join(known)}, got {told(name)}")
    return options


def page(lab, path, controls=None, caption=""):
    if not isinstance(caption, str):
        raise ValueError(f"the caption must be a text, got {told(caption)}")
    path.write_text(html_page(data_of(lab, controls), lab.title, caption, head_of(lab)), "utf-8")


def data_of(lab, controls=None, **options) -> dict:
    """What shows the lab without a kernel; see `optimlab.stage.page.page_data`."""
    return page_data(lab.stage, lab._sources, lab.scene, lab._controls, lab.values, controls, **options)


def head_of(lab) -> str:
    """The line above the lab, as HTML that needs nobody to typeset it."""
    return formula(lab.header) if lab.header else ""


def formula(header: str) -> str:
    """A header of LaTeX as a picture made of lines, which needs nobody to typeset it; as text where that can't be."""
    from matplotlib import mathtext, rc_context

    latex = re.sub(r"\{\\color\{#\w+\}", "{", unescape(header)).strip("$")
    plain = re.sub(r"\\(?:tfrac|dfrac)", r"\\frac", re.sub(r"\\text\{([^{}]*)\}", r"\\mathrm{\1}", latex))
    file = io.StringIO()
    try:
        with rc_context({"svg.fonttype": "path", "svg.hashsalt": "optimlab", "savefig.transparent": True}):
            mathtext.math_to_image(f"${plain}$", file, format="svg", dpi=130)
    except ValueError:
        return f'<p class="optimlab-formula"><code>{escape(latex)}</code></p>\n'
    drawing = file.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    return f'<p class="optimlab-formula" role="img" aria-label="{escape(latex)}">{drawing}</p>\n'


def picture(lab, path, **options):
    lab.figure().savefig(path, **({"bbox_inches": "tight"} | options))


def film(lab, path, seconds=6.0, fps=10, dpi=72):
    """The play from the first step to the last, then the last for a second."""
    steps = lab.scene.steps
    if not steps:
        raise ValueError(f"this lab has nothing to play, so {path.name} can't be a film: save a page or a picture")
    seconds, fps, dpi = SECONDS.check_one(seconds), check_whole("fps", fps, 1, 50), check_whole("dpi", dpi, 20, 300)
    if path.suffix.lower() == ".mp4" and not shutil.which("ffmpeg"):
        raise ValueError("an .mp4 needs the program ffmpeg, which is not installed here: save a .gif instead")
    count = max(2, round(seconds * fps))
    draw = Frames(lab, dpi)
    frames = [draw(k) for k in told_as_going_on(np.linspace(0, steps, count).round().astype(int))]
    frames += frames[-1:] * fps
    (write_gif if path.suffix.lower() == ".gif" else write_mp4)(path, frames, fps)


class Frames:
    """The frames of a lab's film; where the axes stand is found once, for the first."""

    def __init__(self, lab, dpi):
        self.lab, self.dpi, self.places = lab, dpi, None
        self.rows = lab.stage.rows(lab.values)

    def __call__(self, k):
        from PIL import Image

        figure = twin.draw(self.lab.scene, self.rows, self.lab.values, int(k))
        figure.set_dpi(self.dpi)
        if self.places is None:
            figure.draw_without_rendering()
            self.places = [axes.get_position() for axes in figure.axes]
        figure.set_layout_engine("none")
        for axes, place in zip(figure.axes, self.places, strict=True):
            axes.set_position(place)
        figure.canvas.draw()
        return Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")


def told_as_going_on(steps):
    """The steps, with a progress bar where somebody can see one."""
    from IPython import get_ipython

    if getattr(get_ipython(), "kernel", None) is None:
        yield from steps
        return
    import ipywidgets
    from IPython.display import display

    bar = ipywidgets.IntProgress(0, 0, len(steps), description="drawing")
    display(bar)
    for step in steps:
        yield step
        bar.value += 1
    bar.close()


def write_gif(path, frames, fps):
    palette = frames[-1].quantize(128)
    few = [frame.quantize(palette=palette, dither=0) for frame in frames]
    few[0].save(path, save_all=True, append_images=few[1:], duration=round(1000 / fps), loop=0, optimize=True)


def write_mp4(path, frames, fps):
    width, height = (2 * (length // 2) for length in frames[0].size)
    command = ["ffmpeg", "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"]
    command += ["-r", str(fps), "-i", "-", "-pix_fmt", "yuv420p", str(path)]
    content = b"".join(frame.crop((0, 0, width, height)).tobytes() for frame in frames)
    subprocess.run(command, input=content, check=True)
