"""The peers of bench/ours/quality.ts: scikit-learn, LightGBM and XGBoost with a randomised search of equal budget, nested.

    python quality.py academic-risk|math-performance|exam-score|posts data.csv folds repeats trials threads peer split

Same outer splits (RepeatedStratifiedKFold or RepeatedKFold, random_state 0), inside of each training part as many trials over as many
folds as Bellwether's default run has for one kind of model, chosen by log loss (RMSE), refitted on the whole training part. The peers get
the same derived columns. Of texts, linear models have as many terms as Bellwether's (25,000 of each column), trees 1,000 where Bellwether's
have 300. Prints one line of JSON.
"""

import json
import sys
import time
import warnings

import numpy as np
import pandas as pd
from scipy.stats import loguniform, randint, uniform
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, f1_score, log_loss, mean_squared_error
from sklearn.model_selection import (KFold, RandomizedSearchCV, RepeatedKFold, RepeatedStratifiedKFold,
                                     StratifiedKFold)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, LabelEncoder, OneHotEncoder, OrdinalEncoder, StandardScaler

warnings.filterwarnings("ignore")

# Codes of the columns of UCI 697 that are categories and not numbers.
CODES = ["Marital status", "Application mode", "Course", "Previous qualification", "Nacionality", "Mother's qualification",
         "Father's qualification", "Mother's occupation", "Father's occupation"]  # fmt: skip


def read(work, file):
    table = pd.read_csv(file, sep=None, engine="python", encoding="utf-8-sig")
    table.columns = [name.strip() for name in table.columns]
    if work == "posts":
        y = table["Tags"].str.contains("<machine-learning>", regex=False).to_numpy().astype(int)
        return table[["Title", "Body"]], y
    if work != "academic-risk":
        y = table.pop("G3" if work == "math-performance" else "math_score").astype(float).to_numpy()
        return table, y
    y = LabelEncoder().fit_transform(table.pop("Target"))
    table = table.drop(columns=["Gender"])
    units = lambda semester, what: table[f"Curricular units {semester} sem ({what})"].astype(float)
    ratio = lambda a, b: np.where(b > 0, a / b.where(b > 0, 1), 0)
    for semester in ("1st", "2nd"):
        enrolled, approved, evaluations = (units(semester, what) for what in ("enrolled", "approved", "evaluations"))
        table[f"share approved {semester}"] = ratio(approved, enrolled)
        table[f"approved per evaluation {semester}"] = ratio(approved, evaluations)
        table[f"evaluations per unit {semester}"] = ratio(evaluations, enrolled)
        table[f"units not approved {semester}"] = enrolled - approved
        table[f"grade points {semester}"] = units(semester, "grade") * approved
    table["change in approved"] = units("2nd", "approved") - units("1st", "approved")
    table["change in grade"] = units("2nd", "grade") - units("1st", "grade")
    for name in CODES:
        table[name] = table[name].astype(str)
    return table, y


def columns(scaled):
    """Categories one-hot, numbers as they are or scaled."""
    words, numbers = make_column_selector(dtype_exclude="number"), make_column_selector(dtype_include="number")
    kept = StandardScaler() if scaled else "passthrough"
    return ColumnTransformer([("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), words), ("numbers", kept, numbers)])


def ordinal():
    words, numbers = make_column_selector(dtype_exclude="number"), make_column_selector(dtype_include="number")
    encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    return ColumnTransformer([("words", encode, words), ("numbers", "passthrough", numbers)])


def terms(count):
    """TF-IDF of each text, and how long it is."""
    lengths = FunctionTransformer(lambda texts: np.array([[len(text), len(text.split())] for text in texts.iloc[:, 0]]))
    parts = [(f"{name} terms", TfidfVectorizer(min_df=2, max_features=count), name) for name in ("Title", "Body")]
    parts += [(f"{name} lengths", make_pipeline(lengths, StandardScaler()), [name]) for name in ("Title", "Body")]
    return ColumnTransformer(parts)


def models(classes, texts):
    """Peer -> pipeline and distributions, those of Bellwether's default search where the options are the same."""
    import lightgbm
    import xgboost

    forest, linear = (RandomForestClassifier, LogisticRegression) if classes else (RandomForestRegressor, Ridge)
    for_linear, for_trees = (terms(25000), terms(1000)) if texts else (columns(True), ordinal())
    boosted = {"n_estimators": randint(100, 401), "learning_rate": loguniform(0.02, 0.1), "subsample": uniform(0.6, 0.4)}
    return {
        "scikit-learn forest": (
            make_pipeline(for_trees, forest(random_state=0)),
            {"n_estimators": randint(100, 301), "max_features": ["sqrt", 0.3, 0.5], "min_samples_leaf": randint(1, 11)},
        ),
        "scikit-learn linear": (
            make_pipeline(for_linear, linear(**({"max_iter": 2000} if classes else {}))),
            {"C": loguniform(3e-3, 10)} if classes else {"alpha": loguniform(1e-3, 1e3)},
        ),
        "LightGBM": (
            make_pipeline(for_trees, (lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor)(verbose=-1, n_jobs=1, subsample_freq=1, random_state=0)),
            boosted | {"num_leaves": randint(4, 25), "min_child_samples": randint(5, 41), "colsample_bytree": uniform(0.2, 0.6), "reg_lambda": loguniform(0.1, 10)},
        ),
        "XGBoost": (
            make_pipeline(for_trees, (xgboost.XGBClassifier if classes else xgboost.XGBRegressor)(n_jobs=1, random_state=0)),
            boosted | {"max_depth": randint(2, 7), "min_child_weight": loguniform(0.5, 10), "colsample_bytree": uniform(0.2, 0.6), "reg_lambda": loguniform(0.1, 10)},
        ),
    }  # fmt: skip


def main():
    work, file = sys.argv[1:3]
    k, repeats, trials, threads = (int(each) for each in sys.argv[3:7])
    x, y = read(work, file)
    classes = work in ("academic-risk", "posts")
    pipeline, space = models(classes, work == "posts")[sys.argv[7]]
    wanted = int(sys.argv[8])
    space = {f"{pipeline.steps[-1][0]}__{name}": distribution for name, distribution in space.items()}
    outer = (RepeatedStratifiedKFold if classes else RepeatedKFold)(n_splits=k, n_repeats=repeats, random_state=0)
    inner = (StratifiedKFold if classes else KFold)(5, shuffle=True, random_state=42)
    for split, (train, test) in enumerate(outer.split(x, y)):
        if split != wanted:
            continue
        started = time.perf_counter()
        scoring = "neg_log_loss" if classes else "neg_root_mean_squared_error"
        search = RandomizedSearchCV(pipeline, space, n_iter=trials, cv=inner, scoring=scoring, random_state=42, n_jobs=threads)
        search.fit(x.iloc[train], y[train])
        if classes:
            probabilities = search.predict_proba(x.iloc[test])
            labels = probabilities.argmax(axis=1)
            scores = {
                "log_loss": log_loss(y[test], probabilities),
                "accuracy": accuracy_score(y[test], labels),
                "f1_macro": f1_score(y[test], labels, average="macro"),
            }
        else:
            scores = {"rmse": mean_squared_error(y[test], search.predict(x.iloc[test])) ** 0.5}
        print(json.dumps({"split": split, **scores, "seconds": time.perf_counter() - started}), flush=True)


main()
