"""Writes src/evaluate/fixtures/calibration.json: scikit-learn's Platt, isotonic and temperature calibration of synthetic
probabilities, and src/evaluate/fixtures/nnls.json: scipy.optimize.nnls.

scikit-learn stops its optimisers early (L-BFGS at a gradient of 1e-6, the minimum of a flat loss), so beside its own figures
stand those of the same loss carried to rounding by SciPy.

Usage: python tools/parity/calibration.py   (scikit-learn, SciPy and numpy; their versions are written into the fixtures)
"""
import json
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.optimize import brentq, nnls
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV, _SigmoidCalibration, _TemperatureScaling
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression

SEED = 19
FIXTURES = Path(__file__).resolve().parents[2] / "src" / "evaluate" / "fixtures"
VERSIONS = {"sklearn": sklearn.__version__, "scipy": scipy.__version__, "numpy": np.__version__, "seed": SEED}
EPS = 1e-12
warnings.filterwarnings("ignore", message=".*sample_weight.*")


class Given(ClassifierMixin, BaseEstimator):
    """Answers with its input: predict_proba is X itself."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.n_features_in_ = X.shape[1]
        return self

    def predict_proba(self, X):
        return X

    def predict(self, X):
        return self.classes_[X.argmax(axis=1)]


def sigmoid(f, truth, weights):
    """scikit-learn's a and b, and those of the same loss where its gradient is 0."""
    fitted = _SigmoidCalibration().fit(f, truth, weights)
    w = np.ones(len(f)) if weights is None else weights
    n1, n0 = w[truth > 0].sum(), w[truth <= 0].sum()
    t = np.where(truth > 0, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))

    def gradient(ab):
        error = w * (t - expit(-(ab[0] * f + ab[1])))
        return [error @ f, error.sum()]

    def hessian(ab):
        p = expit(-(ab[0] * f + ab[1]))
        h = w * p * (1 - p)
        return [[h @ f**2, h @ f], [h @ f, h.sum()]]

    out = {"a": fitted.a_, "b": fitted.b_}
    if np.ptp(f) > 0:
        ab = np.array([fitted.a_, fitted.b_])
        for _ in range(50):
            ab = ab - np.linalg.solve(hessian(ab), gradient(ab))
        assert np.abs(gradient(ab)).max() < 1e-11 * len(f)
        out["converged"] = ab.tolist()
    return out


def temperature(p, y, weights):
    """scikit-learn's inverse temperature, and that where the loss's slope is 0."""
    fitted = _TemperatureScaling().fit(p, y.astype(float), weights)
    w = np.ones(len(y)) if weights is None else weights
    z = np.log(p + EPS)

    def slope(log_beta):
        return w @ ((softmax(np.exp(log_beta) * z, axis=1) * z).sum(axis=1) - z[np.arange(len(y)), y])

    out = {"beta": float(fitted.beta_)}
    if slope(-10) < 0 < slope(10):
        out["converged"] = float(np.exp(brentq(slope, -10, 10, xtol=1e-15, rtol=4 * np.finfo(float).eps)))
    return out


def whole(method, p, y, weights, fresh):
    model = CalibratedClassifierCV(FrozenEstimator(Given().fit(p, y)), method=method)
    # One calibrator over all rows, as ours: the estimator is frozen, so cv has nothing to refit.
    model.fit(p, y, sample_weight=weights)
    return model.predict_proba(fresh).tolist()


def curve(scores, truth, weights):
    fitted = IsotonicRegression(out_of_bounds="clip").fit(scores, truth, weights)
    return {"x": fitted.X_thresholds_.tolist(), "y": fitted.y_thresholds_.tolist()}


def case(name, y, p, fresh, weights=None):
    y, p, fresh = np.asarray(y), np.asarray(p, float), np.asarray(fresh, float)
    n_classes = p.shape[1]
    classes = [1] if n_classes == 2 else list(range(n_classes))
    out = {"name": name, "nClasses": n_classes, "codes": y.tolist(), "probabilities": p.tolist(),
           "weights": None if weights is None else weights.tolist(), "fresh": fresh.tolist()}
    logits = np.log(p + EPS) - np.log(1 - p + EPS)
    out["sigmoid"] = [sigmoid(p[:, c], (y == c).astype(float), weights) for c in classes]
    out["sigmoidLogOdds"] = [sigmoid(logits[:, c], (y == c).astype(float), weights) for c in classes]
    out["isotonic"] = [curve(p[:, c], (y == c).astype(float), weights) for c in classes]
    out["temperature"] = temperature(p, y, weights)
    if np.bincount(y, minlength=n_classes).min() >= 5:  # cross_val_predict inside of scikit-learn wants it so
        out["calibrated"] = {m: whole(m, p, y, weights, fresh) for m in ("sigmoid", "isotonic", "temperature")}
    return out


def nnls_case(name, columns, b):
    x, residual = nnls(np.array(columns, float).T, np.array(b, float), maxiter=1000)
    return {"name": name, "columns": np.array(columns, float).tolist(), "b": np.array(b, float).tolist(),
            "x": x.tolist(), "residual": float(residual)}


def main():
    rng = np.random.RandomState(SEED)

    def drawn(n, k, sharp):
        y = np.r_[np.arange(k), rng.choice(k, n - k)]
        return y, softmax(sharp * (rng.randn(n, k) + 1.2 * np.eye(k)[y]), axis=1)

    def grid(k, n=24):
        return np.vstack([softmax(3 * rng.randn(n, k), axis=1), np.eye(k), np.full((1, k), 1 / k)])

    cases = []
    for k, name in ((2, "two classes"), (3, "three classes"), (5, "five classes")):
        y, p = drawn(90, k, 2.0)
        cases.append(case(f"{name}, too sure", y, p, grid(k)))
        y, p = drawn(60, k, 0.4)
        cases.append(case(f"{name}, not sure enough", y, p, grid(k)))
        y, p = drawn(60, k, 1.5)
        cases.append(case(f"{name}, weighted", y, p, grid(k), rng.rand(60) * 3))
    y, p = drawn(60, 3, 1.5)
    tied = np.round(p * 4)
    tied[:, 2] = 4 - tied[:, 0] - tied[:, 1]
    tied = np.clip(tied, 0, 4)
    tied /= tied.sum(axis=1, keepdims=True)
    cases.append(case("many equal probabilities, zeros and ones", y, tied, grid(3)))
    cases.append(case("many equal probabilities, weighted", y, tied, grid(3), rng.choice(4, 60).astype(float) + 0.5))
    y, p = drawn(40, 2, 1.0)
    cases.append(case("worse than chance", 1 - y, p, grid(2)))
    cases.append(case("a class without rows", np.where(y == 1, 2, y), np.c_[p[:, 0], 0.1 * p[:, 1], 0.9 * p[:, 1]], grid(3)))
    cases.append(case("three rows", [0, 1, 2], softmax(rng.randn(3, 3) + np.eye(3), axis=1), grid(3)))
    fixture = {"script": "tools/parity/calibration.py", **VERSIONS, "cases": cases}
    (FIXTURES / "calibration.json").write_text(json.dumps(fixture, separators=(",", ":")) + "\n")

    problems = []
    for m, n in ((30, 4), (60, 12), (12, 12)):
        a = rng.randn(n, m)
        problems.append(nnls_case(f"{n} columns of {m} rows", a, rng.randn(m)))
    a = rng.rand(8, 80)
    problems.append(nnls_case("positive columns, all in use", a, a.T @ (0.1 + rng.rand(8)) + 0.01 * rng.randn(80)))
    base = rng.rand(100)
    near = base + 1e-4 * rng.randn(10, 100)
    problems.append(nnls_case("columns that hardly differ", near, base + 1e-4 * rng.randn(100)))
    problems.append(nnls_case("nothing helps", -np.abs(rng.randn(3, 20)), np.abs(rng.randn(20))))
    truth = np.eye(3)[rng.choice(3, 60)]
    models = [softmax(s * rng.randn(60, 3) + t * truth, axis=1) for s, t in ((1, 1), (0.5, 1), (2, 2), (1, 0), (0.3, 0.3))]
    problems.append(nnls_case("probabilities against what happened", [m.ravel() for m in models], truth.ravel()))
    fixture = {"script": "tools/parity/calibration.py", **VERSIONS, "cases": problems}
    (FIXTURES / "nnls.json").write_text(json.dumps(fixture, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
