"""Writes src/evaluate/fixtures/splits.json: the rows that scikit-learn's splitters pick, over synthetic classes.

Usage: python tools/parity/evaluate_splits.py   (scikit-learn and numpy; their versions are written into the fixture)
"""
import json
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.model_selection import (GroupKFold, GroupShuffleSplit, KFold, RepeatedKFold, RepeatedStratifiedKFold,
                                     StratifiedKFold, TimeSeriesSplit, train_test_split)

OUT = Path(__file__).resolve().parents[2] / "src" / "evaluate" / "fixtures" / "splits.json"
warnings.simplefilter("error")

rng = np.random.RandomState(11)
CODES = {
    "balanced": [i % 3 for i in range(30)],
    "skewed": rng.choice(4, size=97, p=[0.5, 0.32, 0.12, 0.06]).tolist(),
    "sorted": [2] * 11 + [0] * 13 + [1] * 7,
    "binary": rng.choice(2, size=40, p=[0.75, 0.25]).tolist(),
    "ties": [0, 1, 2, 3, 4, 5, 6] * 7,
}


def validation(splitter, n, y=None, groups=None):
    return [test.tolist() for _, test in splitter.split(np.zeros(n), y, groups)]


def main():
    out = {"script": "tools/parity/evaluate_splits.py", "sklearn": sklearn.__version__, "numpy": np.__version__,
           "codes": CODES}
    out["kFold"] = [
        {"n": n, "k": k, "shuffle": seed is not None, "seed": seed or 0,
         "folds": validation(KFold(k, shuffle=seed is not None, random_state=seed), n)}
        for n, k in ((10, 5), (23, 4), (7, 7)) for seed in (None, 0, 42)]
    out["stratifiedKFold"] = [
        {"codes": name, "k": k, "shuffle": seed is not None, "seed": seed or 0,
         "folds": validation(StratifiedKFold(k, shuffle=seed is not None, random_state=seed), len(codes), codes)}
        for name, codes in CODES.items() for k in (2, 3, 5) for seed in (None, 0, 42)
        if min(np.bincount(codes)) >= k]
    out["repeatedKFold"] = [
        {"n": 23, "k": 4, "repeats": 3, "seed": seed,
         "folds": validation(RepeatedKFold(n_splits=4, n_repeats=3, random_state=seed), 23)} for seed in (0, 42)]
    out["repeatedStratifiedKFold"] = [
        {"codes": name, "k": 3, "repeats": 3, "seed": seed,
         "folds": validation(RepeatedStratifiedKFold(n_splits=3, n_repeats=3, random_state=seed), len(CODES[name]), CODES[name])}
        for name in ("skewed", "sorted") for seed in (0, 42)]
    out["trainTest"] = []
    for name, codes in CODES.items():
        n = len(codes)
        for size in (0.2, 0.25, 0.37, 10):
            for seed in (0, 1, 42):
                case = {"codes": name, "testSize": size, "seed": seed}
                train, test = train_test_split(np.arange(n), test_size=size, random_state=seed)
                case |= {"train": train.tolist(), "test": test.tolist()}
                train, test = train_test_split(np.arange(n), test_size=size, random_state=seed, stratify=codes)
                case |= {"stratifiedTrain": train.tolist(), "stratifiedTest": test.tolist()}
                out["trainTest"].append(case)
    groups = rng.choice([3, 8, 9, 11, 20, 21, 35], size=41, p=[.3, .2, .1, .1, .1, .1, .1]).tolist()
    out["groups"] = groups
    out["groupKFold"] = [
        {"k": k, "shuffle": seed is not None, "seed": seed or 0,
         "folds": validation(GroupKFold(k, shuffle=seed is not None, random_state=seed), 41, None, groups)}
        for k in (2, 3, 7) for seed in (None, 0, 42)]
    out["groupTrainTest"] = []
    for size in (0.2, 0.5):
        for seed in (0, 42):
            train, test = next(GroupShuffleSplit(1, test_size=size, random_state=seed).split(np.zeros(41), None, groups))
            out["groupTrainTest"].append({"testSize": size, "seed": seed, "train": train.tolist(), "test": test.tolist()})
    out["timeSeries"] = [
        {"n": n, "k": k, "folds": [{"train": a.tolist(), "validation": b.tolist()}
                                   for a, b in TimeSeriesSplit(k).split(np.zeros(n))]}
        for n, k in ((6, 5), (17, 3), (20, 4))]
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(out, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
