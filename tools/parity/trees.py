"""Figures of scikit-learn, LightGBM and shap that the tests of src/learn/{tree,boosting,forest} compare with.

    pip install numpy scikit-learn lightgbm shap && python tools/parity/trees.py

Data are synthetic and made on both sides from numpy's legacy random stream (src/table/random.ts gives the same numbers),
so that the fixture holds figures only. Writes src/learn/tree/fixtures/trees.json.
"""

import hashlib
import json
import pathlib
import sys
import warnings

import lightgbm
import numpy as np
import shap
import sklearn
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.ensemble._hist_gradient_boosting.binning import _find_binning_thresholds
from sklearn.metrics import log_loss, mean_squared_error

warnings.filterwarnings("ignore")
N_TRAIN, N_TEST, N_COLUMNS = 800, 2000, 10


def normals(seed, n, p):
    """n * p normal numbers row by row, then n more: the columns and the noise."""
    rs = np.random.RandomState(seed)
    x = np.array([rs.randn() for _ in range(n * p)]).reshape(n, p)
    noise = np.array([rs.randn() for _ in range(n)])
    return x, noise


def signal(x, noise):
    return 1.5 * x[:, 0] + x[:, 1] * x[:, 2] + np.where(x[:, 3] > 0, x[:, 4], -x[:, 4]) + noise


def target(kind, x, noise):
    s = signal(x, noise)
    if kind == "regression":
        return s
    if kind == "binary":
        return (s > 0.5).astype(int)
    return (s > -0.8).astype(int) + (s > 0.8).astype(int)


def quality(kind, seed):
    x, noise = normals(seed, N_TRAIN + N_TEST, N_COLUMNS)
    y = target(kind, x, noise)
    # The last column loses its smallest values, so that missing ones tell something.
    x[:, 9] = np.where(x[:, 9] + noise < -1.5, np.nan, x[:, 9])
    train, test = slice(0, N_TRAIN), slice(N_TRAIN, None)
    classify = kind != "regression"

    def losses(make):
        out = []
        for random_state in range(10):
            model = make(random_state).fit(x[train], y[train])
            out.append(
                log_loss(y[test], np.clip(model.predict_proba(x[test]), 1e-3, 1))
                if classify
                else mean_squared_error(y[test], model.predict(x[test]))
            )
        return {"mean": float(np.mean(out)), "sd": float(np.std(out, ddof=1)), "seeds": 10}

    gbm = lightgbm.LGBMClassifier if classify else lightgbm.LGBMRegressor
    hgb = HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor
    forest = RandomForestClassifier if classify else RandomForestRegressor
    common = dict(n_estimators=100, learning_rate=0.1, num_leaves=15, min_child_samples=20, n_jobs=1, verbose=-1)
    sampled = dict(subsample=0.8, subsample_freq=1, colsample_bytree=0.5)
    result = {
        "kind": kind,
        "seed": seed,
        "checksum": float(np.nansum(x)),
        "lightgbm": losses(lambda r: gbm(**common, **sampled, random_state=r)),
        "lightgbmExtraTrees": losses(lambda r: gbm(**common, **sampled, extra_trees=True, random_state=r)),
        "histGradientBoosting": losses(
            lambda r: hgb(max_iter=100, max_leaf_nodes=15, max_features=0.5, early_stopping=False, random_state=r)
        ),
        "forest": losses(lambda r: forest(n_estimators=60, min_samples_leaf=3, random_state=r)),
    }
    if kind == "multiclass":
        result["balancedForest"] = losses(
            lambda r: forest(n_estimators=60, min_samples_leaf=3, class_weight="balanced", random_state=r)
        )
    return result


def integers(seed, n, p, k):
    rs = np.random.RandomState(seed)
    x = np.array([rs.randint(k) for _ in range(n * p)], dtype=float).reshape(n, p)
    noise = np.array([rs.randn() for _ in range(n)])
    return x, noise


def lightgbm_trees(kind, seed):
    """Deterministic boosting on few whole numbers: every engine must grow these trees."""
    n, p, k = 400, 5, 12
    x, noise = integers(seed, n, p, k)
    s = x[:, 0] - 0.4 * x[:, 1] + (x[:, 2] > 5) * x[:, 3] * 0.7 + 2 * noise
    if kind == "regression":
        y = s
    elif kind == "binary":
        y = (s > 5).astype(int)
    else:
        y = (s > 3).astype(int) + (s > 7).astype(int)
    objective = {"regression": "regression", "binary": "binary", "multiclass": "multiclass"}[kind]
    params = dict(
        objective=objective,
        num_leaves=8,
        learning_rate=0.1,
        min_data_in_leaf=1,
        min_data_in_bin=1,
        lambda_l2=1.0,
        num_threads=1,
        deterministic=True,
        force_col_wise=True,
        verbose=-1,
        feature_pre_filter=False,
    )
    if kind == "multiclass":
        params["num_class"] = 3
    booster = lightgbm.train(params, lightgbm.Dataset(x, y), num_boost_round=10)
    raw = booster.predict(x, raw_score=True)
    first = booster.dump_model()["tree_info"][0]["tree_structure"]

    def leaves(node):
        return [node["leaf_value"]] if "leaf_value" in node else leaves(node["left_child"]) + leaves(node["right_child"])

    return {
        "kind": kind,
        "seed": seed,
        "n": n,
        "p": p,
        "k": k,
        "rootFeature": first["split_feature"],
        "rootThreshold": first["threshold"],
        "firstTreeLeaves": leaves(first),
        "raw": [list(map(float, np.atleast_1d(row))) for row in raw[:60]],
        "rawMean": float(np.mean(raw)),
    }


def shap_values():
    """A small forest, node by node, and what shap says of its answers (path-dependent, probability)."""
    x, noise = normals(7, 300, 5)
    y = target("multiclass", np.hstack([x, x]), noise)
    forest = RandomForestClassifier(n_estimators=3, max_depth=5, random_state=0).fit(x, y)
    explainer = shap.TreeExplainer(forest, feature_perturbation="tree_path_dependent")
    rows = list(range(12))
    values = np.array(explainer.shap_values(x[rows].astype(np.float32)))
    if values.shape[0] == 3:
        values = np.moveaxis(values, 0, -1)
    trees = []
    for estimator in forest.estimators_:
        t = estimator.tree_
        trees.append(
            {
                "left": t.children_left.tolist(),
                "right": t.children_right.tolist(),
                "feature": t.feature.tolist(),
                "threshold": t.threshold.tolist(),
                "cover": t.weighted_n_node_samples.tolist(),
                "value": (t.value[:, 0, :] / t.value[:, 0, :].sum(axis=1, keepdims=True)).tolist(),
            }
        )
    return {
        "seed": 7,
        "n": 300,
        "p": 5,
        "rows": rows,
        "trees": trees,
        "base": np.asarray(explainer.expected_value).tolist(),
        "values": values.tolist(),
    }


def thresholds():
    """Cuts of a column with more distinct values than bins, and with fewer."""
    cases = []
    for seed, n, max_bins, spread in [(1, 1000, 255, 0), (2, 500, 16, 0), (3, 257, 255, 0), (4, 400, 32, 20), (5, 60, 255, 0)]:
        rs = np.random.RandomState(seed)
        column = np.array([rs.randint(spread) if spread else rs.randn() for _ in range(n)], dtype=float)
        cuts = _find_binning_thresholds(column, max_bins)
        cases.append({"seed": seed, "n": n, "maxBins": max_bins, "spread": spread, "thresholds": cuts.tolist()})
    return cases


def main():
    script = pathlib.Path(__file__)
    fixture = {
        "made by": "tools/parity/trees.py",
        "scriptSha256": hashlib.sha256(script.read_bytes()).hexdigest(),
        "versions": {
            "python": sys.version.split()[0],
            "numpy": np.__version__,
            "scikit-learn": sklearn.__version__,
            "lightgbm": lightgbm.__version__,
            "shap": shap.__version__,
        },
        "quality": [quality("binary", 11), quality("multiclass", 12), quality("regression", 13)],
        "lightgbm": [lightgbm_trees("binary", 21), lightgbm_trees("multiclass", 22), lightgbm_trees("regression", 23)],
        "shap": shap_values(),
        "thresholds": thresholds(),
    }
    out = script.parents[2] / "src/learn/tree/fixtures/trees.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(fixture) + "\n")
    print(out, out.stat().st_size)


main()
