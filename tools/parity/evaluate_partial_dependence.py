"""Writes src/evaluate/fixtures/partial-dependence.json: scikit-learn's partial_dependence (method='brute') of fixed functions.

Usage: python tools/parity/evaluate_partial_dependence.py   (scikit-learn and numpy; their versions are written into the fixture)
"""
import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.inspection import partial_dependence

OUT = Path(__file__).resolve().parents[2] / "src" / "evaluate" / "fixtures" / "partial-dependence.json"


class Number(RegressorMixin, BaseEstimator):
    """a^2 - a b + 3 where c is 2, whatever else."""

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return X[:, 0] ** 2 - X[:, 0] * X[:, 1] + 3 * (X[:, 2] == 2)


class Classes(ClassifierMixin, BaseEstimator):
    """Softmax of a, a b and c."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        powers = np.exp(np.c_[X[:, 0], X[:, 0] * X[:, 1], X[:, 2]])
        return powers / powers.sum(axis=1, keepdims=True)

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def main():
    rng = np.random.RandomState(17)
    X = np.c_[np.round(rng.randn(40), 4), np.round(rng.gamma(2, size=40), 4), rng.randint(0, 4, size=40)].astype(float)
    weights = np.round(rng.uniform(0, 2, size=40), 3)
    weights[::8] = 0
    models = {"number": Number().fit(X, X[:, 0]), "classes": Classes().fit(X, np.arange(40) % 3)}
    cases = []
    for model in ("number", "classes"):
        for features, resolution, percentiles, weighted in (
                ([0], 100, (0.05, 0.95), False), ([0], 7, (0.05, 0.95), False), ([1], 5, (0.0, 1.0), True),
                ([2], 10, (0.05, 0.95), False), ([0, 1], 4, (0.1, 0.8), False), ([1, 2], 6, (0.05, 0.95), True)):
            r = partial_dependence(models[model], X, features, percentiles=percentiles, grid_resolution=resolution,
                                   categorical_features=[2], method="brute", kind="average",
                                   sample_weight=weights if weighted else None)
            cases.append({"model": model, "features": features, "gridResolution": resolution, "percentiles": percentiles,
                          "weighted": weighted, "grid": [g.tolist() for g in r["grid_values"]],
                          "averages": r["average"].tolist()})
    OUT.write_text(json.dumps({"script": "tools/parity/evaluate_partial_dependence.py", "seed": 17,
                               "sklearn": sklearn.__version__, "numpy": np.__version__, "columns": X.T.tolist(),
                               "weights": weights.tolist(), "cases": cases}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
