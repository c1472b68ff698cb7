"""The peer of bench/search.ts: scikit-learn's search over random forest and gradient boosting.

    python search_sklearn.py data.csv trials threads

`trials` is a JSON object: kind of model -> options of each trial, as Bellwether's randomised search drew them. Same rows
(train_test_split and StratifiedKFold, random_state 42), same columns as numbers, same scoring, the best of each kind fitted again
on all training rows. Prints one JSON line.
"""

import json
import sys
import time

import numpy as np
import pandas as pd
import sklearn
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split

def main() -> None:
    file, trials, threads = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
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
        "random-forest": RandomForestClassifier(random_state=42),
        "gradient-boosting": GradientBoostingClassifier(random_state=42),
    }
    candidates = []
    for name, model in families.items():
        begun = time.perf_counter()
        # A grid of one point for each trial: what a randomised search does with these draws.
        points = [{option: [value] for option, value in params.items()} for params in trials[name]]
        search = GridSearchCV(model, points, cv=folds, scoring="f1_macro", n_jobs=threads)
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
