"""Writes src/evaluate/fixtures/metrics.json: scikit-learn's metrics over synthetic predictions, with weights, ties,
absent classes and other corners. A value that scikit-learn leaves undefined is null.

Usage: python tools/parity/evaluate_metrics.py   (scikit-learn and numpy; their versions are written into the fixture)
"""
import json
import math
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn import metrics as m
from sklearn.preprocessing import label_binarize

OUT = Path(__file__).resolve().parents[2] / "src" / "evaluate" / "fixtures" / "metrics.json"
warnings.simplefilter("ignore")


def clean(value):
    return None if math.isnan(value) else float(value)


def classification(y, proba, n_classes, weight, positive):
    labels = list(range(n_classes))
    y, proba = np.array(y), np.array(proba)
    pred = proba.argmax(axis=1)
    w = {"sample_weight": weight}
    out = {
        "accuracy": m.accuracy_score(y, pred, **w),
        "balanced_accuracy": m.balanced_accuracy_score(y, pred, **w),
        "f1_macro": m.f1_score(y, pred, average="macro", zero_division=0, **w),
        "f1_weighted": m.f1_score(y, pred, average="weighted", zero_division=0, **w),
        "f1_micro": m.f1_score(y, pred, average="micro", zero_division=0, **w),
        "precision_macro": m.precision_score(y, pred, average="macro", zero_division=0, **w),
        "recall_macro": m.recall_score(y, pred, average="macro", zero_division=0, **w),
        "log_loss": m.log_loss(y, proba, labels=labels, **w),
        "brier_score": m.brier_score_loss(y, proba, labels=labels, **w),
        "mcc": m.matthews_corrcoef(y, pred, **w),
        "cohen_kappa": m.cohen_kappa_score(y, pred, **w),
    }
    present = [c for c in labels if (y == c).any()]
    if n_classes == 2:
        truth, scores = (y == positive).astype(int), proba[:, positive]
        hit = (pred == positive).astype(int)
        out["f1"] = m.f1_score(truth, hit, zero_division=0, **w)
        out["precision"] = m.precision_score(truth, hit, zero_division=0, **w)
        out["recall"] = m.recall_score(truth, hit, zero_division=0, **w)
        out["roc_auc"] = out["roc_auc_ovr"] = m.roc_auc_score(truth, scores, **w) if len(present) == 2 else math.nan
        out["average_precision"] = m.average_precision_score(truth, scores, **w) if positive in present else math.nan
    else:
        # Absent classes are left out of the mean, where scikit-learn has no answer.
        each = [m.roc_auc_score((y == c).astype(int), proba[:, c], **w) for c in present] if len(present) > 1 else []
        out["roc_auc_ovr"] = float(np.mean(each)) if each else math.nan
        if len(present) == n_classes:
            assert math.isclose(out["roc_auc_ovr"], m.roc_auc_score(y, proba, multi_class="ovr", **w), rel_tol=1e-12)
            ap = m.average_precision_score(label_binarize(y, classes=labels), proba, average="macro", **w)
        else:
            ap = np.mean([m.average_precision_score((y == c).astype(int), proba[:, c], **w) for c in present])
        out["average_precision"] = ap
    return {name: clean(value) for name, value in out.items()}


def regression(y, pred, weight):
    w = {"sample_weight": weight}
    return {name: clean(value) for name, value in {
        "rmse": m.root_mean_squared_error(y, pred, **w),
        "mae": m.mean_absolute_error(y, pred, **w),
        "r2": m.r2_score(y, pred, **w),
        "median_absolute_error": m.median_absolute_error(y, pred, **w),
        "max_error": m.max_error(y, pred),
    }.items()}


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def main():
    rng = np.random.RandomState(5)
    cases = []

    def case(name, y, proba, n_classes, weight=None, positive=1):
        y, proba = list(map(int, y)), np.asarray(proba).tolist()
        weight = None if weight is None else list(map(float, weight))
        cases.append({"name": name, "nClasses": n_classes, "codes": y, "probabilities": proba, "weights": weight,
                      "positive": positive, "expected": classification(y, proba, n_classes, weight, positive)})

    y3 = rng.choice(3, size=40, p=[.5, .3, .2])
    p3 = softmax(rng.randn(40, 3) + 1.5 * np.eye(3)[y3])
    case("three classes", y3, p3, 3)
    case("three classes, weighted", y3, p3, 3, rng.rand(40) * 3)
    case("three classes, whole weights with zeros", y3, p3, 3, rng.choice(4, 40))
    tied = np.round(p3 * 4) / 4
    tied[:, 2] = 1 - tied[:, 0] - tied[:, 1]
    case("three classes, many equal probabilities", y3, tied, 3)
    case("three classes, many equal probabilities, weighted", y3, tied, 3, rng.rand(40))
    case("a class without rows", np.where(y3 == 2, 0, y3), p3, 3)
    case("a class without rows, weighted", np.where(y3 == 1, 2, y3), p3, 3, rng.rand(40))
    case("a class never predicted", y3, np.c_[p3[:, 0] + p3[:, 1] / 2 + .2, p3[:, 1] / 4, p3[:, 2] + p3[:, 1] / 4]
         / (1 + .2), 3)
    case("certain answers, right and wrong", [0, 1, 2, 2], np.eye(3)[[0, 1, 2, 0]], 3)
    case("all right", [0, 1, 2, 1], np.eye(3)[[0, 1, 2, 1]], 3)
    case("five classes", rng.choice(5, 60), softmax(rng.randn(60, 5)), 5)
    y2 = rng.choice(2, size=50, p=[.7, .3])
    q = 1 / (1 + np.exp(-(rng.randn(50) + 2 * y2 - 1)))
    p2 = np.c_[1 - q, q]
    case("two classes", y2, p2, 2)
    case("two classes, the first positive", y2, p2, 2, positive=0)
    case("two classes, weighted", y2, p2, 2, rng.rand(50))
    case("two classes, ties at one half", y2, np.round(p2 * 2) / 2, 2)
    case("two classes, nothing predicted positive", y2, np.c_[np.full(50, .8), np.full(50, .2)], 2)
    case("two classes, one occurs", np.zeros(10, int), p2[:10], 2)
    case("two classes, one occurs and is predicted", np.zeros(4, int), np.tile([.9, .1], (4, 1)), 2)

    numbers = []

    def number_case(name, y, pred, weight=None):
        y, pred = np.asarray(y, float).tolist(), np.asarray(pred, float).tolist()
        weight = None if weight is None else list(map(float, weight))
        numbers.append({"name": name, "values": y, "predictions": pred, "weights": weight,
                        "expected": regression(y, pred, weight)})

    yr = rng.randn(31) * 4 + 10
    pr = yr + rng.randn(31)
    number_case("plain", yr, pr)
    number_case("an even number of rows", yr[:30], pr[:30])
    number_case("weighted", yr, pr, rng.rand(31))
    number_case("whole weights", yr, pr, rng.choice(3, 31) + 1)
    number_case("whole weights, an even number of rows", yr[:30], np.round(pr[:30]), rng.choice(3, 30) + 1)
    number_case("perfect", yr, yr)
    number_case("worse than the mean", yr, -yr)
    number_case("equal true values, met", [2, 2, 2], [2, 2, 2])
    number_case("equal true values, missed", [2, 2, 2], [2, 2, 3])
    number_case("one row", [2], [3])
    number_case("far from zero", yr + 1e8, pr + 1e8)

    OUT.write_text(json.dumps({"script": "tools/parity/evaluate_metrics.py", "sklearn": sklearn.__version__,
                               "numpy": np.__version__, "seed": 5, "classification": cases, "regression": numbers},
                              separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
