"""scikit-learn's k-means, Gaussian mixtures and cluster metrics, for src/learn/cluster/fixtures/cluster.json and
src/evaluate/cluster/fixtures/cluster-metrics.json.

Run: python tools/parity/cluster.py   (scikit-learn, numpy; versions are written into the fixtures)
Inputs are made by numpy's RandomState and rounded, and are in the fixtures, so that the tests need no Python.
"""

import json
import pathlib
import platform
import warnings

import numpy as np
import scipy
import sklearn
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import (
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
    silhouette_samples,
    silhouette_score,
)
from sklearn.mixture import GaussianMixture

SEED = 20261121
SOURCE = pathlib.Path(__file__).resolve().parents[2] / "src"


def listed(array):
    return None if array is None else np.asarray(array).tolist()


def blobs(rng, n, p, k, spread=1.0):
    centers = rng.uniform(-6, 6, size=(k, p))
    groups = rng.randint(0, k, size=n)
    shapes = rng.uniform(0.4, 1.6, size=(k, p)) * spread
    return np.round(centers[groups] + rng.randn(n, p) * shapes[groups], 4), groups


def data_sets(rng):
    four, groups = blobs(rng, 120, 3, 4)
    overlapping, overlapping_groups = blobs(rng, 150, 4, 3, 3.0)
    one = np.round(np.concatenate([rng.randn(40), rng.randn(30) * 0.5 + 7]).reshape(-1, 1), 4)
    far = np.round(blobs(rng, 60, 2, 3)[0] + np.array([1e6, -1e5]), 3)
    constant = np.hstack([blobs(rng, 60, 2, 3)[0], np.full((60, 1), 5.0)])
    lattice = np.array([[i % 5, i % 3, i % 7] for i in range(90)], dtype=float) + np.round(rng.randn(90, 3) * 0.01, 4)
    truths = {"four blobs": groups, "overlapping": overlapping_groups}
    return {
        "four blobs": four,
        "overlapping": overlapping,
        "one column": one,
        "far from 0": far,
        "constant column": constant,
        "lattice": lattice,
    }, truths


def k_means(data, name, n_clusters, start=None, weights=None, seed=0, n_init=1, tol=1e-4, max_iter=300):
    x = data[name]
    model = KMeans(
        n_clusters,
        init="k-means++" if start is None else start,
        n_init=n_init,
        tol=tol,
        max_iter=max_iter,
        random_state=seed,
        algorithm="lloyd",
    ).fit(x, sample_weight=weights)
    return {
        "data": name,
        "nClusters": n_clusters,
        "start": listed(start),
        "sampleWeight": listed(weights),
        "seed": seed,
        "nInit": n_init,
        "tol": tol,
        "maxIterations": max_iter,
        "centers": listed(model.cluster_centers_),
        "labels": listed(model.labels_),
        "inertia": float(model.inertia_),
        "iterations": int(model.n_iter_),
    }


def mixture(data, name, n_clusters, covariance, start=None, seed=0, n_init=1, tol=1e-3, max_iter=100, reg_covar=1e-6):
    x = data[name]
    given = {}
    if start is not None:
        inverse = {
            "full": lambda c: np.linalg.inv(c),
            "tied": lambda c: np.linalg.inv(c),
            "diag": lambda c: 1 / c,
            "spherical": lambda c: 1 / c,
        }[covariance]
        given = {
            "weights_init": start["weights"],
            "means_init": start["means"],
            "precisions_init": inverse(start["covariances"]),
        }
    model = GaussianMixture(
        n_clusters,
        covariance_type=covariance,
        tol=tol,
        reg_covar=reg_covar,
        max_iter=max_iter,
        n_init=n_init,
        random_state=seed,
        **given,
    ).fit(x)
    return {
        "data": name,
        "nClusters": n_clusters,
        "covariance": covariance,
        "start": None if start is None else {key: listed(value) for key, value in start.items()},
        "seed": seed,
        "nInit": n_init,
        "tol": tol,
        "maxIterations": max_iter,
        "regCovar": reg_covar,
        "weights": listed(model.weights_),
        "means": listed(model.means_),
        "covariances": listed(model.covariances_),
        "labels": listed(model.predict(x)),
        "probabilities": listed(model.predict_proba(x)[:5]),
        "logLikelihoods": listed(model.score_samples(x)[:5]),
        "lowerBound": float(model.lower_bound_),
        "bic": float(model.bic(x)),
        "aic": float(model.aic(x)),
        "iterations": int(model.n_iter_),
        "converged": bool(model.converged_),
    }


def starts(rng, x, k, covariance):
    p = x.shape[1]
    weights = rng.uniform(1, 2, size=k)
    square = rng.randn(k, p, p) * 0.5
    full = np.einsum("kij,klj->kil", square, square) + np.eye(p)
    covariances = {
        "full": full,
        "tied": full[0],
        "diag": rng.uniform(0.5, 3, size=(k, p)),
        "spherical": rng.uniform(0.5, 3, size=k),
    }[covariance]
    return {"weights": weights / weights.sum(), "means": x[rng.choice(len(x), k, replace=False)], "covariances": covariances}


def clusterers(rng, data, truths):
    fits = []
    for name, k in (("four blobs", 4), ("overlapping", 3), ("one column", 2), ("far from 0", 3), ("constant column", 3)):
        x = data[name]
        fits.append(k_means(data, name, k, start=x[rng.choice(len(x), k, replace=False)]))
    x = data["overlapping"]
    weights = np.round(rng.uniform(0, 3, size=len(x)), 3)
    weights[::9] = 0
    fits.append(k_means(data, "overlapping", 5, start=x[[1, 2, 3, 4, 5]], weights=weights, tol=0))
    fits.append(k_means(data, "overlapping", 4, start=x[[0, 10, 20, 30]], tol=0))
    fits.append(k_means(data, "overlapping", 6, start=x[:6], max_iter=3))
    # No row is nearest to the last starting point: its cluster is empty and is given the farthest row.
    fits.append(k_means(data, "four blobs", 3, start=np.vstack([data["four blobs"][:2], [[500.0, 500.0, 500.0]]])))
    fits.append(k_means(data, "lattice", 7, start=data["lattice"][:7]))
    for name, k in (("four blobs", 4), ("overlapping", 5), ("one column", 3), ("far from 0", 3), ("lattice", 8)):
        for seed in (0, 1, 42):
            fits.append(k_means(data, name, k, seed=seed))
    # Stopped by a wide tolerance, so that two starts end with the same clusters and other centres: the first is kept.
    for seed in (0, 4):
        fits.append(k_means(data, "four blobs", 4, seed=seed, n_init=5, tol=0.02))
    fits.append(k_means(data, "overlapping", 5, start=x[[1, 2, 3, 4, 5]], tol=0.1))
    fits.append(k_means(data, "overlapping", 6, seed=7, n_init=10))
    fits.append(k_means(data, "overlapping", 6, seed=7, n_init=4, weights=weights))

    mixtures = []
    for covariance in ("full", "tied", "diag", "spherical"):
        for name, k in (("four blobs", 4), ("overlapping", 3), ("one column", 2)):
            mixtures.append(mixture(data, name, k, covariance, start=starts(rng, data[name], k, covariance)))
        mixtures.append(mixture(data, "overlapping", 3, covariance, seed=0))
        mixtures.append(mixture(data, "four blobs", 4, covariance, seed=42))
        mixtures.append(mixture(data, "constant column", 3, covariance, seed=1))
        mixtures.append(mixture(data, "overlapping", 4, covariance, seed=3, n_init=4, tol=1e-6, max_iter=20))
        mixtures.append(mixture(data, "four blobs", 1, covariance, seed=0, reg_covar=0.1))

    seeds = range(30)
    quality = []
    for name, k in (("four blobs", 4), ("overlapping", 3)):
        found = [KMeans(k, n_init=1, random_state=seed).fit(data[name]) for seed in seeds]
        mixed = [GaussianMixture(k, random_state=seed).fit(data[name]) for seed in seeds]
        quality.append(
            {
                "data": name,
                "nClusters": k,
                "truth": listed(truths[name]),
                "seeds": len(seeds),
                "inertia": [float(model.inertia_) for model in found],
                "adjustedRand": [float(adjusted_rand_score(truths[name], model.labels_)) for model in found],
                "mixtureLowerBound": [float(model.lower_bound_) for model in mixed],
                "mixtureAdjustedRand": [float(adjusted_rand_score(truths[name], model.predict(data[name]))) for model in mixed],
            }
        )
    return {"data": {name: listed(x) for name, x in data.items()}, "kMeans": fits, "mixtures": mixtures, "quality": quality}


def metrics(rng, data, truths):
    cases = []

    def case(name, x, labels):
        cases.append(
            {
                "name": name,
                "x": listed(x),
                "labels": listed(labels),
                # scikit-learn's own Euclidean distances lose half of the digits of small ones; SciPy's do not.
                "silhouettes": listed(silhouette_samples(x, labels, metric="minkowski")),
                "silhouette": float(silhouette_score(x, labels, metric="minkowski")),
                "sampled": float(silhouette_score(x, labels, metric="minkowski", sample_size=len(x) // 2, random_state=5)),
                # Likewise, and here the kind of distance can't be chosen: far from 0 it would be wrong in the fifth digit.
                "daviesBouldin": float(davies_bouldin_score(x - x.mean(axis=0), labels)),
                "calinskiHarabasz": float(calinski_harabasz_score(x, labels)),
            }
        )

    four = data["four blobs"]
    case("true blobs", four, truths["four blobs"])
    case("random labels", four[:60], rng.randint(0, 5, size=60))
    case("one column", data["one column"], KMeans(3, n_init=1, random_state=0).fit_predict(data["one column"]))
    case("a row alone", four[:40], np.concatenate([[9], rng.randint(-1, 2, size=39)]))
    case("far from 0", data["far from 0"], KMeans(3, n_init=1, random_state=0).fit_predict(data["far from 0"]))
    repeated = np.repeat(np.round(four[:12], 1), 4, axis=0)
    case("repeated rows", repeated, rng.randint(0, 3, size=48))
    case("constant column", data["constant column"], rng.randint(0, 2, size=60))

    pairs = []
    for name, a, b in (
        ("the same", [0, 0, 1, 2], [0, 0, 1, 2]),
        ("renamed", [0, 0, 1, 2], [5, 5, -3, 0]),
        ("one finer", [0, 0, 1, 1], [0, 0, 1, 2]),
        ("split up wholly", [0, 0, 0, 0], [0, 1, 2, 3]),
        ("worse than chance", [0, 0, 1, 1], [0, 1, 0, 1]),
        ("one cluster each", [1, 1, 1], [2, 2, 2]),
        ("no rows", [], []),
        ("one row", [4], [2]),
        ("random", listed(rng.randint(0, 4, size=200)), listed(rng.randint(0, 6, size=200))),
        ("k-means and truth", listed(truths["overlapping"]), listed(KMeans(3, n_init=1, random_state=0).fit_predict(data["overlapping"]))),
    ):
        pairs.append({"name": name, "a": a, "b": b, "adjustedRand": float(adjusted_rand_score(a, b))})
    return {"scores": cases, "pairs": pairs}


def write(path, document):
    document = {
        "madeBy": "tools/parity/cluster.py",
        "seed": SEED,
        "versions": {
            "python": platform.python_version(),
            "scikit-learn": sklearn.__version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        **document,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


def main():
    warnings.simplefilter("ignore", ConvergenceWarning)
    rng = np.random.RandomState(SEED)
    data, truths = data_sets(rng)
    write(SOURCE / "learn" / "cluster" / "fixtures" / "cluster.json", clusterers(rng, data, truths))
    write(SOURCE / "evaluate" / "cluster" / "fixtures" / "cluster-metrics.json", metrics(rng, data, truths))


main()
