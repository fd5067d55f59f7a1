"""How long `import optimlab` takes against `import numpy`, how large the notebooks are, what a slider's move sends."""

import json
import statistics
import subprocess
import sys
import time

from optimlab import Adam, Momentum, race, ravine
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
    lab = race(ravine(kappa=20), [Momentum(0.02), Adam(0.1)], steps=200)
    before = arrays(lab)
    lab.sliders["Momentum lr"].value = 0.03
    request = {"seq": 1, "values": lab.values, "rest": True}
    lab.stage.set_state({"request": request})
    sent = sum(len(content["bytes"]) for name, content in arrays(lab).items() if content is not before[name])
    held = sum(len(content["bytes"]) for content in before.values())
    asked = len(json.dumps(request, default=list))
    print(
        f"- A race of two, 200 steps: {held / 1e6:.1f} MB of paths are in the browser, a moving slider waits for none."
    )
    print(f"  When it rests, {asked} bytes ask for {sent / 1e6:.2f} MB around the new place.")


def arrays(lab) -> dict:
    """What Python has sent to the browser, array by array."""
    values = lab.stage.trait_values()
    return {name: values[name] for name in values if name.startswith(("current_", "sweep_"))}


if __name__ == "__main__":
    main()
