"""Writes src/evaluate/fixtures/splits-uci.json: which rows of the real student-dropout file scikit-learn's splits pick,
as counts, first row numbers and hashes (never the rows).

Usage: BELLWETHER_DATASETS=<folder> python tools/parity/evaluate_splits_uci.py
"""
import csv
import hashlib
import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import sklearn
from sklearn.model_selection import StratifiedKFold, train_test_split

OUT = Path(__file__).resolve().parents[2] / "src" / "evaluate" / "fixtures" / "splits-uci.json"


def described(rows):
    text = ",".join(map(str, rows.tolist()))
    return {"count": len(rows), "first": rows[:5].tolist(), "sha256": hashlib.sha256(text.encode()).hexdigest()}


def main():
    path = Path(os.environ["BELLWETHER_DATASETS"]) / "student-dropout" / "data.csv"
    with open(path, encoding="utf-8-sig", newline="") as file:
        y = np.array([row[-1] for row in list(csv.reader(file, delimiter=";"))[1:]])
    train, test = train_test_split(np.arange(len(y)), test_size=0.2, stratify=y, random_state=42)
    folds = [described(v) for _, v in StratifiedKFold(5, shuffle=True, random_state=42).split(train, y[train])]
    OUT.write_text(json.dumps({"script": "tools/parity/evaluate_splits_uci.py", "sklearn": sklearn.__version__,
                               "numpy": np.__version__, "seed": 42, "rows": len(y), "classes": sorted(set(y.tolist())),
                               "testCounts": dict(sorted(Counter(y[test].tolist()).items())),
                               "train": described(train), "test": described(test), "folds": folds}, indent=1) + "\n")


if __name__ == "__main__":
    main()
