"""Figures of LightGBM and scikit-learn that the tests of src/learn/boosting compare with: category splits, losses, constraints.

    pip install numpy scikit-learn lightgbm && python tools/parity/boosting.py

Data are synthetic and made on both sides from numpy's legacy random stream (src/table/random.ts gives the same numbers),
so that the fixture holds figures only. Writes src/learn/boosting/fixtures/boosting.json.
"""

import hashlib
import json
import pathlib
import warnings

import lightgbm
import numpy as np
import sklearn
from sklearn.ensemble import HistGradientBoostingRegressor

warnings.filterwarnings("ignore")
EFFECTS = [0.5, -2, 3, 0, 1.5, -1, 2.5, -3, 0.2, 1, -0.5, 4]


def data(seed, n, p, k):
    """Whole numbers row by row, then one of noise a row. The first column's numbers mean nothing by their order."""
    rs = np.random.RandomState(seed)
    x = np.array([rs.randint(k) for _ in range(n * p)], dtype=float).reshape(n, p)
    noise = np.array([rs.randn() for _ in range(n)])
    signal = np.array([EFFECTS[int(c)] for c in x[:, 0]]) + 0.3 * x[:, 1] - 0.2 * x[:, 2] + noise
    return x, signal


def lightgbm_rounds(name, seed, rounds, n=400, objective="regression", categories=True, **extra):
    x, signal = data(seed, n, 3, 12)
    y = (signal > 0).astype(int) if objective == "binary" else signal
    params = dict(
        objective=objective,
        num_leaves=8,
        learning_rate=0.1,
        min_data_in_leaf=5,
        min_data_in_bin=1,
        lambda_l2=1.0,
        min_data_per_group=20,
        num_threads=1,
        deterministic=True,
        force_col_wise=True,
        verbose=-1,
        feature_pre_filter=False,
    )
    params.update(extra)
    dataset = lightgbm.Dataset(x, y, categorical_feature=[0] if categories else [])
    booster = lightgbm.train(params, dataset, num_boost_round=rounds)
    raw = booster.predict(x, raw_score=True)
    root = booster.dump_model()["tree_info"][0]["tree_structure"]
    on_categories = root["decision_type"] == "=="
    return {
        "name": name,
        "seed": seed,
        "rounds": rounds,
        "objective": objective,
        "n": n,
        "rootFeature": root["split_feature"],
        "rootCategories": sorted(int(c) for c in root["threshold"].split("||")) if on_categories else None,
        "raw": list(map(float, raw[:60])),
        "rawMean": float(np.mean(raw)),
    }


def sklearn_loss(loss, seed, rounds, **extra):
    x, signal = data(seed, 400, 3, 12)
    y = np.floor(np.exp(signal / 4)) if loss == "poisson" else signal
    model = HistGradientBoostingRegressor(
        loss=loss,
        max_iter=rounds,
        max_leaf_nodes=8,
        min_samples_leaf=5,
        l2_regularization=1.0,
        early_stopping=False,
        categorical_features=None,
        **extra,
    ).fit(x, y)
    predictions = model.predict(x)
    return {
        "loss": loss,
        "seed": seed,
        "rounds": rounds,
        "n": 400,
        "predictions": list(map(float, predictions[:60])),
        "mean": float(np.mean(predictions)),
        **extra,
    }


def main():
    script = pathlib.Path(__file__)
    fixture = {
        "made by": "tools/parity/boosting.py",
        "scriptSha256": hashlib.sha256(script.read_bytes()).hexdigest(),
        "versions": {"lightgbm": lightgbm.__version__, "scikit-learn": sklearn.__version__, "numpy": np.__version__},
        "categories": [
            lightgbm_rounds("regression", 51, 10),
            # LightGBM guesses counts from hessians, ours are exact: equal in the first round, where hessians are.
            lightgbm_rounds("binary", 61, 1, objective="binary"),
            # Where L2 makes all splits of a column lose, LightGBM does not try the column below either; ours does. Without L2 none loses.
            lightgbm_rounds("binary without L2", 52, 1, objective="binary", lambda_l2=0.0, cat_l2=0.0),
            # Two splits of the second node gain the same: the first column's is taken.
            lightgbm_rounds("binary with a tie", 68, 1, objective="binary", lambda_l2=0.0, cat_l2=0.0),
            # Nothing here depends on counts, so that guessing them does no harm.
            lightgbm_rounds("binary without L2, ten rounds", 52, 10, objective="binary", lambda_l2=0.0, cat_l2=0.0,
                            min_data_per_group=1, cat_smooth=1.0, min_data_in_leaf=1),
            # Two leaves gain 7.0470643 both and one may still be split: with nine leaves each is, whichever came first.
            lightgbm_rounds("two leaves gain the same", 43, 1, objective="binary", lambda_l2=0.0, cat_l2=0.0,
                            min_data_per_group=1, cat_smooth=1.0, min_data_in_leaf=1, num_leaves=9),
            # At 1 the guess of rows, bin by bin, leaves none for a leaf that has one (round 9); at 0 it is not asked.
            lightgbm_rounds("leaves of one row", 63, 10, objective="binary", lambda_l2=0.0, cat_l2=0.0,
                            min_data_per_group=1, cat_smooth=1.0, min_data_in_leaf=0),
            lightgbm_rounds("one against the rest", 53, 10, max_cat_to_onehot=20),
        ],
        "monotone": [
            lightgbm_rounds("falling in x1", 54, 10, categories=False, monotone_constraints=[0, -1, -1]),
            lightgbm_rounds("rising in x1", 55, 10, categories=False, monotone_constraints=[1, 1, 0]),
        ],
        "losses": [
            sklearn_loss("absolute_error", 56, 3),
            sklearn_loss("quantile", 57, 3, quantile=0.8),
            sklearn_loss("poisson", 58, 10),
        ],
    }
    out = script.parents[2] / "src/learn/boosting/fixtures/boosting.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
    print(out, out.stat().st_size, "bytes")


main()
