"""scikit-learn's elastic net, lasso and sparse logistic regression, for src/learn/linear/fixtures/elastic-net.json.

Run: python tools/parity/elastic_net.py   (scikit-learn, numpy; versions are written into the fixture)
Inputs are made by numpy's RandomState and rounded, and are in the fixture, so that the tests need no Python.

ElasticNet stops at a duality gap of tol * y'y; the reference is taken at tol 1e-12 and, to know how far that is from the
minimum, compared with tol 1e-15: the largest difference is printed and written beside each case.
"""

import json
import pathlib
import platform
import warnings

import numpy as np
import scipy
import sklearn
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression

SEED = 20261122
OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "learn" / "linear" / "fixtures" / "elastic-net.json"


def listed(array):
    return np.asarray(array).tolist()


def inputs(rng, n, p, one_hot=False):
    x = rng.randn(n, p)
    if one_hot:
        x = np.hstack([x, np.eye(6)[rng.randint(0, 6, size=n)], np.eye(5)[rng.randint(0, 5, size=n)]])
    return np.round(x, 4)


def numbers(rng, x, noise=1.0):
    weights = rng.randn(x.shape[1]) * (rng.uniform(size=x.shape[1]) < 0.5)
    return np.round(x @ weights + 3 + noise * rng.randn(x.shape[0]), 4)


def labels(rng, x, k):
    scores = x @ rng.randn(x.shape[1], k) + rng.gumbel(size=(x.shape[0], k))
    y = scores.argmax(axis=1)
    y[:k] = np.arange(k)
    return y


def elastic(name, x, y, alpha, l1_ratio, sample_weight=None):
    def fit(tol):
        kind = Lasso(alpha=alpha, tol=tol, max_iter=1_000_000) if l1_ratio == 1 else ElasticNet(
            alpha=alpha, l1_ratio=l1_ratio, tol=tol, max_iter=1_000_000)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return kind.fit(x, y, sample_weight=sample_weight)

    model, tighter = fit(1e-12), fit(1e-15)
    apart = float(np.abs(model.coef_ - tighter.coef_).max() / max(1e-300, np.abs(tighter.coef_).max()))
    print(f"{name:40s} {np.count_nonzero(model.coef_):3d} of {x.shape[1]} not 0; tol 1e-15 differs by {apart:.1e}")
    return {
        "name": name,
        "x": listed(x),
        "y": listed(y),
        "alpha": alpha,
        "l1Ratio": l1_ratio,
        "sampleWeight": None if sample_weight is None else listed(sample_weight),
        "coefficients": listed(model.coef_),
        "intercept": float(model.intercept_),
        "differenceToTighter": apart,
    }


def logistic(name, x, y, C, l1_ratio, class_weight=None, sample_weight=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LogisticRegression(C=C, l1_ratio=l1_ratio, solver="saga", tol=1e-10, max_iter=200_000,
                                   class_weight=class_weight, random_state=0)
        model.fit(x, y, sample_weight=sample_weight)
    intercept = model.intercept_.copy()
    if len(intercept) > 1:  # the common shift of the intercepts has no meaning
        intercept -= intercept.mean()
    print(f"{name:40s} {np.count_nonzero(model.coef_):3d} of {model.coef_.size} not 0; {model.n_iter_.max()} epochs")
    return {
        "name": name,
        "x": listed(x),
        "y": listed(y),
        "C": C,
        "l1Ratio": l1_ratio,
        "classWeight": class_weight,
        "sampleWeight": None if sample_weight is None else listed(sample_weight),
        "coefficients": listed(model.coef_),
        "intercepts": listed(intercept),
        "probabilities": listed(model.predict_proba(x[:8])),
    }


def main():
    rng = np.random.RandomState(SEED)
    elastics = []
    x = inputs(rng, 60, 6)
    y = numbers(rng, x)
    for alpha, l1_ratio in ((0.01, 0.5), (0.3, 0.5), (0.3, 1.0), (0.05, 0.1), (50.0, 0.9), (0.2, 0.0)):
        elastics.append(elastic(f"alpha={alpha} l1Ratio={l1_ratio}", x, y, alpha, l1_ratio))
    weights = np.round(rng.uniform(0, 3, size=60), 3)
    weights[::7] = 0
    elastics.append(elastic("weights", x, y, 0.1, 0.7, weights))
    x = inputs(rng, 60, 4, one_hot=True)
    y = numbers(rng, x)
    elastics.append(elastic("one-hot, lasso", x, y, 0.05, 1.0))
    elastics.append(elastic("one-hot, elastic net, weights", x, y, 0.02, 0.5, np.round(rng.exponential(size=60), 3)))
    x = inputs(rng, 50, 5)
    x = np.round(np.hstack([x, x + 0.02 * rng.randn(50, 5)]), 4)
    elastics.append(elastic("columns that go together, lasso", x, numbers(rng, x), 0.01, 1.0))
    x = np.hstack([inputs(rng, 40, 3)] * 2)
    elastics.append(elastic("columns twice, elastic net", x, numbers(rng, x), 0.1, 0.5))
    x = inputs(rng, 15, 25)
    elastics.append(elastic("more columns than rows, lasso", x, numbers(rng, x, 0.2), 0.1, 1.0))
    elastics.append(elastic("more columns than rows, weights", x, numbers(rng, x, 0.2), 0.1, 0.8, np.arange(1.0, 16.0)))
    x = np.round(inputs(rng, 50, 4) * np.array([1, 1000, 0.01, 1]) + np.array([0, 5000, 0, 1e5]), 4)
    elastics.append(elastic("unscaled columns", x, np.round(x @ np.array([1, 0.002, 30, 2]) + rng.randn(50), 4), 0.1, 0.9))

    logistics = []
    x = inputs(rng, 80, 5)
    y = labels(rng, x, 2)
    for C, l1_ratio in ((1.0, 1.0), (0.1, 1.0), (1.0, 0.5), (10.0, 0.9), (0.5, 0.0)):
        logistics.append(logistic(f"binary C={C} l1Ratio={l1_ratio}", x, y, C, l1_ratio))
    weights = np.round(rng.uniform(0, 3, size=80), 3)
    weights[::9] = 0
    logistics.append(logistic("binary weights", x, y, 0.5, 0.7, None, weights))
    logistics.append(logistic("binary balanced and weights", x, y, 0.5, 0.7, "balanced", weights))
    x = inputs(rng, 90, 3, one_hot=True)
    y = labels(rng, x, 3)
    for C, l1_ratio in ((0.5, 1.0), (0.5, 0.5), (5.0, 0.9)):
        logistics.append(logistic(f"three classes one-hot C={C} l1Ratio={l1_ratio}", x, y, C, l1_ratio))
    logistics.append(logistic("three classes balanced", x, y, 1.0, 0.8, "balanced"))
    # saga's step does not take weights into account: with weights up to 4.9 it was still moving after 200,000 epochs. C times
    # the largest weight, and weights of 1 at most, are the same problem.
    weights = np.round(rng.exponential(size=90), 3)
    logistics.append(logistic("three classes weights", x, y, float(weights.max()), 0.9, None, weights / weights.max()))
    x = inputs(rng, 80, 4)
    logistics.append(logistic("four classes", x, labels(rng, x, 4), 1.0, 0.5))
    x = inputs(rng, 40, 3)
    logistics.append(logistic("binary separable", x, (x[:, 0] + 0.5 * x[:, 1] > 0.1).astype(int), 20.0, 1.0))
    x = np.hstack([inputs(rng, 60, 3)] * 2)
    logistics.append(logistic("columns twice, elastic net", x, labels(rng, x, 2), 1.0, 0.5))

    document = {
        "madeBy": "tools/parity/elastic_net.py",
        "seed": SEED,
        "versions": {
            "python": platform.python_version(),
            "scikit-learn": sklearn.__version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "elasticNet": elastics,
        "logistic": logistics,
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(f"{OUT.name}: {OUT.stat().st_size} bytes")


main()
