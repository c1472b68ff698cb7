"""Writes src/evaluate/fixtures/importance.json: scikit-learn's permutation_importance of a fixed function.

Usage: python tools/parity/evaluate_importance.py   (scikit-learn and numpy; their versions are written into the fixture)
"""
import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.inspection import permutation_importance

OUT = Path(__file__).resolve().parents[2] / "src" / "evaluate" / "fixtures" / "importance.json"


class Linear(RegressorMixin, BaseEstimator):
    """2 a - b, whatever c."""

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return 2 * X[:, 0] - X[:, 1]


class Logistic(ClassifierMixin, BaseEstimator):
    """Probability of class 1: the logistic function of 2 a - b."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-(2 * X[:, 0] - X[:, 1])))
        return np.c_[1 - p, p]

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def main():
    rng = np.random.RandomState(3)
    X = rng.randn(25, 3)
    values = 2 * X[:, 0] - X[:, 1] + 0.3 * rng.randn(25)
    codes = (values + rng.randn(25) > 0).astype(int)
    cases = []
    for seed in (0, 42):
        for model, y, metric, scoring, sign in (
                (Linear().fit(X, values), values, "rmse", "neg_root_mean_squared_error", -1),
                (Linear().fit(X, values), values, "r2", "r2", 1),
                (Logistic().fit(X, codes), codes, "f1_macro", "f1_macro", 1),
                (Logistic().fit(X, codes), codes, "log_loss", "neg_log_loss", -1)):
            r = permutation_importance(model, X, y, scoring=scoring, n_repeats=4, random_state=seed)
            cases.append({"seed": seed, "metric": metric, "losses": r.importances.tolist(),
                          "mean": r.importances_mean.tolist(), "std": r.importances_std.tolist()})
    OUT.write_text(json.dumps({"script": "tools/parity/evaluate_importance.py", "sklearn": sklearn.__version__,
                               "numpy": np.__version__, "columns": X.T.tolist(), "values": values.tolist(),
                               "codes": codes.tolist(), "repeats": 4, "cases": cases}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
