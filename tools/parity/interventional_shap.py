"""Writes src/learn/tree/fixtures/interventional-shap.json: shap's interventional TreeExplainer on a LightGBM model of three
classes with holes in the rows. Run: python tools/parity/interventional_shap.py (lightgbm and shap from PyPI)."""
import json
import os

import lightgbm
import numpy as np
import shap

SEED = 3
rng = np.random.RandomState(SEED)
x = np.round(rng.randn(300, 5), 3)
y = np.digitize(x[:, 0] + x[:, 1] * x[:, 2] + 0.3 * rng.randn(300), [-0.5, 0.6])
model = lightgbm.LGBMClassifier(n_estimators=6, num_leaves=7, random_state=SEED, n_jobs=1, verbose=-1).fit(x, y)
background, rows = x[:20], x[20:30]
values = shap.TreeExplainer(model, background, feature_perturbation="interventional").shap_values(rows)
values = np.array(values) if isinstance(values, list) else np.moveaxis(np.asarray(values), -1, 0)


def nodes_of(tree):
    """A tree as a nested list: [feature, threshold, left, right], or a leaf's value."""
    if "leaf_value" in tree:
        return tree["leaf_value"]
    return [tree["split_feature"], tree["threshold"], nodes_of(tree["left_child"]), nodes_of(tree["right_child"])]


dump = model.booster_.dump_model()
out = {
    "script": "tools/parity/interventional_shap.py",
    "versions": {"shap": shap.__version__, "lightgbm": lightgbm.__version__, "numpy": np.__version__},
    "seed": SEED,
    "trees": [nodes_of(info["tree_structure"]) for info in dump["tree_info"]],
    "background": background.tolist(),
    "rows": rows.tolist(),
    "contributions": values.tolist(),
}
path = os.path.join(os.path.dirname(__file__), "../../src/learn/tree/fixtures/interventional-shap.json")
with open(path, "w") as file:
    json.dump(out, file)
    file.write("\n")
