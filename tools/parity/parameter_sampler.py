"""Draws of scikit-learn's ParameterSampler and ranks of its searches, for src/evaluate/search/fixtures/search.json.

Run: python tools/parity/parameter_sampler.py   (scikit-learn, scipy, numpy; versions are written into the fixture)
"""

import json
import pathlib
import platform

import numpy as np
import scipy
import sklearn
from scipy.stats import loguniform, randint, uniform
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GridSearchCV, ParameterSampler

OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "evaluate" / "search" / "fixtures" / "search.json"


def rvs(distribution):
    kind = distribution["type"]
    if kind == "choice":
        return distribution["values"]
    low, high = distribution["low"], distribution["high"]
    if kind == "uniform":
        return uniform(low, high - low)
    if kind == "logUniform":
        return loguniform(low, high)
    return randint(low, high + 1)


def plain(params):
    return {key: value.item() if isinstance(value, np.generic) else value for key, value in params.items()}


def draws(name, space, n, seed):
    sampler = ParameterSampler({key: rvs(value) for key, value in space.items()}, n_iter=n, random_state=seed)
    return {"name": name, "space": space, "n": n, "seed": seed, "params": [plain(params) for params in sampler]}


class Scripted(ClassifierMixin, BaseEstimator):
    """Answers with the score that it is told, so that a search ranks known numbers."""

    def __init__(self, score=0.0):
        self.score_ = None
        self.score = score

    def fit(self, x, y):
        self.classes_ = np.unique(y)
        return self


def ranks(scores):
    search = GridSearchCV(
        Scripted(),
        {"score": scores},
        scoring=lambda model, x, y: model.get_params()["score"],
        cv=2,
        refit=False,
    )
    search.fit(np.zeros((8, 1)), [0, 1] * 4)
    return {
        "scores": [None if np.isnan(score) else score for score in scores],
        "ranks": search.cv_results_["rank_test_score"].tolist(),
    }


def main():
    mixed = {
        "C": {"type": "logUniform", "low": 0.003, "high": 10},
        "classWeight": {"type": "choice", "values": [None, "balanced"]},
        "depth": {"type": "int", "low": 2, "high": 9},
        "share": {"type": "uniform", "low": 0.3, "high": 0.9},
    }
    lists = {
        "b": {"type": "choice", "values": [1, 2, 3, 4]},
        "a": {"type": "choice", "values": ["x", "y", "z"]},
        "c": {"type": "choice", "values": [True, False]},
    }
    large = {name: {"type": "choice", "values": list(range(12))} for name in ("p", "q", "r", "s")}
    document = {
        "madeBy": "tools/parity/parameter_sampler.py",
        "versions": {
            "python": platform.python_version(),
            "scikit-learn": sklearn.__version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "draws": [
            draws("distributions and a list", mixed, 12, 42),
            draws("distributions and a list, another seed", mixed, 5, 0),
            draws("one distribution", {"alpha": {"type": "logUniform", "low": 0.001, "high": 1000}}, 6, 7),
            draws("lists, some of the grid", lists, 9, 42),
            draws("lists, all of the grid", lists, 24, 3),
            draws("lists, few points of a large grid", large, 15, 11),
        ],
        "ranks": [
            ranks([0.5, 0.7, 0.7, 0.6, 0.7, 0.5]),
            ranks([0.5, float("nan"), 0.7, float("nan"), 0.5]),
            ranks([float("nan"), float("nan")]),
            ranks([-3.0, -1.0, -2.0]),
        ],
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(f"{OUT.name}: {OUT.stat().st_size} bytes")


main()
