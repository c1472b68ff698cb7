"""Writes src/evaluate/fixtures/curves.json: scikit-learn's curves over the predictions in metrics.json.

Usage: python tools/parity/evaluate_curves.py   (after evaluate_metrics.py; versions are written into the fixture)
"""
import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.calibration import calibration_curve
from sklearn.metrics import classification_report, confusion_matrix, precision_recall_curve, roc_curve

FIXTURES = Path(__file__).resolve().parents[2] / "src" / "evaluate" / "fixtures"
CASES = ("three classes", "three classes, weighted", "three classes, whole weights with zeros",
         "three classes, many equal probabilities", "two classes", "two classes, the first positive",
         "two classes, ties at one half")


def main():
    out = []
    for case in json.loads((FIXTURES / "metrics.json").read_text())["classification"]:
        if case["name"] not in CASES:
            continue
        y, proba, w = np.array(case["codes"]), np.array(case["probabilities"]), case["weights"]
        labels = list(range(case["nClasses"]))
        pred = proba.argmax(axis=1)
        expected = {"name": case["name"], "confusion": confusion_matrix(y, pred, labels=labels, sample_weight=w).tolist(),
                    "classes": []}
        report = classification_report(y, pred, labels=labels, sample_weight=w, output_dict=True, zero_division=0)
        expected["report"] = [report[str(c)] for c in labels]
        for c in (labels if len(labels) > 2 else [case["positive"]]):
            truth, score = (y == c).astype(int), proba[:, c]
            fpr, tpr, thresholds = roc_curve(truth, score, sample_weight=w)
            precision, recall, pr_thresholds = precision_recall_curve(truth, score, sample_weight=w, drop_intermediate=True)
            entry = {"code": c, "fpr": fpr.tolist(), "tpr": tpr.tolist(), "rocThresholds": thresholds[1:].tolist(),
                     "precision": precision[:-1][::-1].tolist(), "recall": recall[:-1][::-1].tolist(),
                     "prThresholds": pr_thresholds[::-1].tolist()}
            for strategy in ("uniform", "quantile"):
                for bins in (5, 10):
                    observed, predicted = calibration_curve(truth, score, n_bins=bins, strategy=strategy)
                    entry[f"{strategy}{bins}"] = {"observed": observed.tolist(), "predicted": predicted.tolist()}
            expected["classes"].append(entry)
        out.append(expected)
    (FIXTURES / "curves.json").write_text(json.dumps({"script": "tools/parity/evaluate_curves.py",
                                                      "sklearn": sklearn.__version__, "numpy": np.__version__,
                                                      "cases": out}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
