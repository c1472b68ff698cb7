"""The peer of bench/search.ts: scikit-learn's RandomizedSearchCV over random forest and gradient boosting.

    python search_sklearn.py data.csv trials threads

Same rows (train_test_split and StratifiedKFold, random_state 42), same scoring, same number of trials; the numbers as they are. Prints one
JSON line.
"""

import json
import sys
import time

import numpy as np
import pandas as pd
import sklearn
from scipy.stats import loguniform, randint, uniform
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.model_selection import RandomizedSearchCV, StratifiedKFold, train_test_split

def main() -> None:
    file, trials, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    started = time.perf_counter()
    table = pd.read_csv(file, sep=";", encoding="utf-8-sig")
    table.columns = [name.strip() for name in table.columns]
    target = table.pop("Target")
    table = table.drop(columns=["Gender"])
    for semester in ("1st", "2nd"):
        approved, enrolled = (table[f"Curricular units {semester} sem ({what})"] for what in ("approved", "enrolled"))
        table[f"share approved {semester}"] = np.where(enrolled > 0, approved / enrolled.where(enrolled > 0, 1), 0)
    x, x_test, y, y_test = train_test_split(table, target, test_size=0.2, stratify=target, random_state=42)
    folds = StratifiedKFold(5, shuffle=True, random_state=42)
    families = {
        "random-forest": (
            RandomForestClassifier(random_state=42),
            {
                "n_estimators": randint(100, 301), "max_features": ["sqrt", "log2", 0.3], "min_samples_leaf": randint(1, 11),
                "class_weight": [None, "balanced"],
            },
        ),
        "gradient-boosting": (
            GradientBoostingClassifier(random_state=42),
            {
                "n_estimators": randint(50, 251), "learning_rate": loguniform(0.03, 0.2), "max_depth": randint(2, 6), "subsample": uniform(0.7, 0.3),
                "max_features": uniform(0.3, 0.5), "min_samples_leaf": randint(1, 31),
            },
        ),
    }  # fmt: skip
    candidates = []
    for name, (model, space) in families.items():
        begun = time.perf_counter()
        search = RandomizedSearchCV(model, space, n_iter=trials, cv=folds, scoring="f1_macro", random_state=42, n_jobs=threads)
        search.fit(x, y)
        probabilities = search.predict_proba(x_test)
        answers = search.predict(x_test)
        candidates.append({
            "estimator": name,
            "cvF1Macro": float(search.best_score_),
            "accuracy": float(accuracy_score(y_test, answers)),
            "f1Macro": float(f1_score(y_test, answers, average="macro")),
            "logLoss": float(log_loss(y_test, probabilities)),
            "seconds": time.perf_counter() - begun,
        })
    print(json.dumps({"peer": f"scikit-learn {sklearn.__version__}", "seconds": time.perf_counter() - started, "candidates": candidates}))


main()
