"""One peer of bench/trees.ts in a process of its own.

    python trees.py lightgbm|xgboost|sklearn|sklearn-forest table.parquet rows trees threads

Boosting: trees of 31 leaves on 255 bins, learning rate 0.1, no early stopping; each grows leaf by leaf. Forest: scikit-learn's
defaults. Learns from the first rows of the table, answers the others.
"""

import sys

from sklearn.metrics import roc_auc_score

from tables import answer, read_table, timed


def lightgbm(trees: int, threads: int):
    import lightgbm

    model = lightgbm.LGBMClassifier(n_estimators=trees, num_leaves=31, max_bin=255, n_jobs=threads, random_state=0, verbose=-1)
    return f"lightgbm {lightgbm.__version__}", model


def xgboost(trees: int, threads: int):
    import xgboost

    model = xgboost.XGBClassifier(
        n_estimators=trees, tree_method="hist", grow_policy="lossguide", max_leaves=31, max_depth=0, max_bin=255, learning_rate=0.1,
        n_jobs=threads, random_state=0,
    )  # fmt: skip
    return f"xgboost {xgboost.__version__}", model


def sklearn(trees: int, threads: int):
    import sklearn
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(max_iter=trees, max_leaf_nodes=31, max_bins=255, early_stopping=False, random_state=0)
    return f"scikit-learn {sklearn.__version__}", model


def sklearn_forest(trees: int, threads: int):
    import sklearn
    from sklearn.ensemble import RandomForestClassifier

    model = RandomForestClassifier(n_estimators=trees, n_jobs=threads, random_state=0)
    return f"scikit-learn {sklearn.__version__}", model


PEERS = {"lightgbm": lightgbm, "xgboost": xgboost, "sklearn": sklearn, "sklearn-forest": sklearn_forest}


def main() -> None:
    which, file, rows, trees, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
    x, y, x_test, y_test = read_table(file, rows)
    peer, model = PEERS[which](trees, threads)
    _, fit_seconds = timed(lambda: model.fit(x, y))
    probabilities, predict_seconds = timed(lambda: model.predict_proba(x_test)[:, 1])
    answer(peer=peer, fitSeconds=fit_seconds, predictSeconds=predict_seconds, auc=float(roc_auc_score(y_test, probabilities)))


main()
