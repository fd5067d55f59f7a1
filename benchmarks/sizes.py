"""How long `import optimlab` takes against `import numpy`, how large the notebooks are, what a slider's move sends."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from optimlab import Adam, Momentum, race, ravine

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


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
    print(f"import optimlab: {1000 * (ours - python):.0f} ms, {ratio:.2f} × of import numpy")
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")
    lab = race(ravine(kappa=20), [Momentum(0.02), Adam(0.1)], steps=200)
    arrays = {
        name: len(value["bytes"]) for name, value in lab.stage.trait_values().items() if name.startswith("sweep_")
    }
    asked = {"seq": 1, "values": lab.values, "rest": True}
    print(f"a slider's move waits for 0 bytes: the {sum(arrays.values()) / 1e6:.1f} MB of its sweeps are there already")
    print(f"the request that follows it: {len(json.dumps(asked, default=list))} bytes")


if __name__ == "__main__":
    main()
