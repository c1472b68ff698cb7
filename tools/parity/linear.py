"""Coefficients of scikit-learn's logistic and ridge regression, for src/learn/linear/fixtures/linear.json.

Run: python tools/parity/linear.py   (scikit-learn, numpy; versions are written into the fixture)
Inputs are made by numpy's RandomState and rounded, and are in the fixture, so that the tests need no Python.
"""

import json
import pathlib
import platform
import warnings

import numpy as np
import scipy
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

SEED = 20261121
OUT = pathlib.Path(__file__).resolve().parents[2] / "src" / "learn" / "linear" / "fixtures" / "linear.json"


def listed(array):
    return np.asarray(array).tolist()


def inputs(rng, n, p, collinear=False, sparse=False):
    x = rng.randn(n, p)
    if sparse:
        codes = rng.randint(0, 6, size=n)
        x = np.hstack([x, np.eye(6)[codes], np.eye(4)[rng.randint(0, 4, size=n)]])
    x = np.round(x, 4)
    if collinear:
        x = np.hstack([x, x[:, :1] + x[:, 1:2], x[:, 2:3]])
    return x


def labels(rng, x, k):
    scores = x @ rng.randn(x.shape[1], k) + rng.gumbel(size=(x.shape[0], k))
    y = scores.argmax(axis=1)
    y[:k] = np.arange(k)
    return y


def logistic(name, x, y, C=1.0, class_weight=None, sample_weight=None):
    best = None
    for solver, tol in (("newton-cholesky", 1e-14), ("newton-cg", 1e-10), ("lbfgs", 1e-10)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore")
            model = LogisticRegression(C=C, class_weight=class_weight, tol=tol, max_iter=100_000, solver=solver)
            model.fit(x, y, sample_weight=sample_weight)
        coef = model.coef_.copy()
        intercept = model.intercept_.copy()
        if coef.shape[0] > 1:  # the common shift of the intercepts has no meaning: scikit-learn's solvers differ in it
            intercept -= intercept.mean()
        if best is None:
            best = (coef, intercept, model.predict_proba(x[:5]))
        else:
            print(f"{name:28s} {solver:10s} differs from newton-cholesky by {np.abs(coef - best[0]).max():.1e}")
    return {
        "name": name,
        "x": listed(x),
        "y": listed(y),
        "C": C,
        "classWeight": class_weight,
        "sampleWeight": None if sample_weight is None else listed(sample_weight),
        "coefficients": listed(best[0]),
        "intercepts": listed(best[1]),
        "probabilities": listed(best[2]),
    }


def ridge(name, x, y, alpha=1.0, sample_weight=None):
    model = Ridge(alpha=alpha, solver="svd" if sample_weight is None else "auto").fit(x, y, sample_weight=sample_weight)
    return {
        "name": name,
        "x": listed(x),
        "y": listed(y),
        "alpha": alpha,
        "sampleWeight": None if sample_weight is None else listed(sample_weight),
        "coefficients": listed(model.coef_),
        "intercept": float(model.intercept_),
    }


def main():
    rng = np.random.RandomState(SEED)
    logistics = []
    x = inputs(rng, 80, 4)
    y = labels(rng, x, 2)
    for C in (0.003, 1.0, 100.0):
        logistics.append(logistic(f"binary C={C}", x, y, C))
    weights = np.round(rng.uniform(0, 3, size=80), 3)
    weights[::9] = 0
    logistics.append(logistic("binary weights", x, y, 1.0, None, weights))
    logistics.append(logistic("binary balanced", x, y, 1.0, "balanced"))
    logistics.append(logistic("binary balanced and weights", x, y, 0.5, "balanced", weights))
    x = inputs(rng, 90, 3, sparse=True)
    y = labels(rng, x, 3)
    for C in (0.003, 0.1, 10.0):
        logistics.append(logistic(f"three classes one-hot C={C}", x, y, C))
    logistics.append(logistic("three classes balanced", x, y, 1.0, "balanced"))
    weights = np.round(rng.exponential(size=90), 3)
    logistics.append(logistic("three classes weights", x, y, 1.0, None, weights))
    x = inputs(rng, 60, 4, collinear=True)
    logistics.append(logistic("binary collinear", x, labels(rng, x, 2), 1.0))
    logistics.append(logistic("three classes collinear", x, labels(rng, x, 3), 10.0))
    x = inputs(rng, 40, 3)
    y = (x[:, 0] + 0.5 * x[:, 1] > 0.1).astype(int)
    logistics.append(logistic("binary separable C=1", x, y, 1.0))
    logistics.append(logistic("binary separable C=1000", x, y, 1000.0))
    y = (x[:, 0] > -0.4).astype(int) + (x[:, 0] > 0.4).astype(int)
    logistics.append(logistic("three classes separable C=100", x, y, 100.0))
    x = inputs(rng, 50, 3) * np.array([1, 1000, 0.001]) + np.array([0, 5000, 0])
    logistics.append(logistic("binary unscaled columns", x, labels(rng, (x - x.mean(0)) / x.std(0), 2), 1.0))

    ridges = []
    x = inputs(rng, 60, 5)
    y = np.round(x @ rng.randn(5) + 3 + rng.randn(60), 4)
    for alpha in (0.001, 1.0, 1000.0):
        ridges.append(ridge(f"alpha={alpha}", x, y, alpha))
    weights = np.round(rng.uniform(0, 3, size=60), 3)
    weights[::7] = 0
    ridges.append(ridge("weights", x, y, 2.0, weights))
    x = inputs(rng, 60, 3, collinear=True, sparse=True)
    y = np.round(x @ rng.randn(x.shape[1]) + rng.randn(60), 4)
    ridges.append(ridge("rank deficient alpha=0.001", x, y, 0.001))
    ridges.append(ridge("rank deficient alpha=1", x, y, 1.0))
    # scikit-learn's own answer for alpha 0 divides by singular values of 1e-14; numpy's lstsq cuts them off.
    centred = x - x.mean(axis=0)
    coef = np.linalg.lstsq(centred, y - y.mean(), rcond=None)[0]
    ridges.append(
        {
            "name": "rank deficient alpha=0 (numpy.linalg.lstsq)",
            "x": listed(x),
            "y": listed(y),
            "alpha": 0.0,
            "sampleWeight": None,
            "coefficients": listed(coef),
            "intercept": float(y.mean() - x.mean(axis=0) @ coef),
        }
    )
    x = inputs(rng, 8, 15)
    y = np.round(rng.randn(8), 4)
    ridges.append(ridge("more columns than rows", x, y, 0.5))
    ridges.append(ridge("more columns than rows, weights", x, y, 0.5, np.arange(1.0, 9.0)))
    x = inputs(rng, 40, 3) + np.array([1e6, -1e5, 10])
    y = np.round((x - x.mean(0)) @ rng.randn(3) + 1e6, 4)
    ridges.append(ridge("large means", x, y, 1.0))

    document = {
        "madeBy": "tools/parity/linear.py",
        "seed": SEED,
        "versions": {
            "python": platform.python_version(),
            "scikit-learn": sklearn.__version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "logistic": logistics,
        "ridge": ridges,
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(f"{OUT.name}: {OUT.stat().st_size} bytes")


main()
