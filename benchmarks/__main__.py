"""All measurements of ``make bench`` but the soak, as a page in Markdown."""

import os
import platform
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks import descents, site, sizes, sliders

LIBRARIES = [
    "numpy",
    "matplotlib",
    "ipywidgets",
    "anywidget",
    "jupyterlab",
    "ipympl",
    "plotly",
    "torch",
    "optax",
    "jax",
]


def main():
    print(f"# Measured on {date.today()}\n")
    print(f"{processor()}, {platform.system()}, Python {platform.python_version()}, Chromium without a GPU;")
    print(", ".join(f"{name} {version(name)}" for name in LIBRARIES) + ".")
    for title, part in (("Sizes", sizes), ("Descents", descents), ("Sliders", sliders), ("The site", site)):
        print(f"\n## {title}\n", flush=True)
        part.main()
        sys.stdout.flush()


def processor() -> str:
    """The processor's name, where the system tells it, and how many there are."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{os.cpu_count()} × {names[0] if names else platform.machine()}"


if __name__ == "__main__":
    main()
