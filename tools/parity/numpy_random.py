"""Writes src/table/fixtures/random.json and quantile.json: numpy's legacy random stream and percentiles.

Usage: python tools/parity/numpy_random.py   (numpy; the version is written into the fixtures)
"""
import json
import math
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parents[2] / "src" / "table" / "fixtures"
HEADER = {"script": "tools/parity/numpy_random.py", "numpy": np.__version__}


def stream(seed):
    words = np.random.RandomState(seed)
    doubles = np.random.RandomState(seed)
    bounded = np.random.RandomState(seed)
    bounds = [1, 2, 3, 7, 8, 9, 100, 1000, 4424, 65537, 2**31, 2**32 - 1, 2**32]
    normals = np.random.RandomState(seed)
    mixed = np.random.RandomState(seed)
    shuffled = np.arange(10) * 1.5
    state = np.random.RandomState(seed)
    state.shuffle(shuffled)
    return {
        "seed": seed,
        "words": [int(words.randint(0, 2**32, dtype=np.uint32)) for _ in range(12)],
        "wordsAfter2000": [int(w) for w in words.randint(0, 2**32, size=2000, dtype=np.uint32)[-5:]],
        "doubles": doubles.random_sample(8).tolist(),
        "bounds": bounds,
        "bounded": [int(bounded.randint(b)) for b in bounds * 3],
        "normals": normals.randn(9).tolist(),
        "permutations": {str(n): np.random.RandomState(seed).permutation(n).tolist() for n in (1, 2, 5, 20, 100)},
        "shuffled": shuffled.tolist(),
        "mixed": [int(mixed.randint(6)), float(mixed.random_sample()), float(mixed.randn()), mixed.permutation(5).tolist(),
                  float(mixed.randn()), int(mixed.randint(1000))],
    }


def number(value):
    return None if math.isnan(value) else value


quantile_cases = []
rng = np.random.RandomState(7)
for values in ([3.0], [1.0, 2.0], [1e-300, 1e300], [float("nan"), 4.0, 1.0, float("nan"), 2.0], [5.0] * 7,
               rng.randn(10).tolist(), rng.randn(37).round(1).tolist(), [0.1, 0.2, 0.3, 0.4, 0.7]):
    ps = [0, 1, 2.5, 10, 25, 33, 50, 66.6, 75, 90, 97.5, 100]
    quantile_cases.append({"values": [number(v) for v in values], "p": ps,
                           "expected": np.nanpercentile(values, ps).tolist()})

HERE.mkdir(parents=True, exist_ok=True)
(HERE / "random.json").write_text(json.dumps({**HEADER, "streams": [stream(s) for s in (0, 1, 42, 2024, 2**32 - 1)]}) + "\n")
(HERE / "quantile.json").write_text(json.dumps({**HEADER, "cases": quantile_cases}) + "\n")
