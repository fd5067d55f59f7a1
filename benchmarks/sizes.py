"""How long `import optimlab` takes against `import numpy`, how large the notebooks are, what a slider's move sends."""

import json
import statistics
import subprocess
import sys
import time

from optimlab import Adam, GradientDescent, Momentum, race, ravine
from tools.notebooks import all_notebooks


def seconds_to(code) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def main():
    nothing, numpy, ours = [], [], []
    for _ in range(25):
        for code, times in (("pass", nothing), ("import numpy", numpy), ("import optimlab", ours)):
            times.append(seconds_to(code))
    python, numpy, ours = map(statistics.median, (nothing, numpy, ours))
    ratio = (ours - python) / (numpy - python)
    print(f"- import optimlab: {1000 * (ours - python):.0f} ms, {ratio:.2f} × of import numpy")
    for path in all_notebooks():
        print(f"- {path.name}: {path.stat().st_size / 1e6:.2f} MB")
    lab = race(ravine(kappa=20), [Momentum(0.02), Adam(0.1), GradientDescent(0.05)], steps=150)
    state = lab.stage.get_state()
    program = size(state.pop("program"))
    print(f"- A race of three, 150 steps, sends {size(state) / 1e3:.0f} kB, and its program of {program / 1e3:.0f} kB.")
    moved: list = []
    lab.stage.observe(lambda change: moved.append(change.new if change.name.startswith(ARRAYS) else None))
    lab.sliders["Momentum lr"].value = 0.03
    print(f"  A slider that moves makes Python send {size([new for new in moved if new])} bytes of paths.")


ARRAYS = ("current_", "sweep_")


def size(thing) -> int:
    """Bytes of what is sent: as JSON, and arrays as they are."""
    arrays: list[bytes] = []
    text = json.dumps(thing, default=lambda part: arrays.append(bytes(part)) if isinstance(part, BYTES) else str(part))
    return (len(text.encode()) if thing else 0) + sum(map(len, arrays))


BYTES = (bytes, memoryview)


if __name__ == "__main__":
    main()
