"""The peer of bench/ours/text.ts: scikit-learn's TfidfVectorizer and LogisticRegression.

python text.py documents.jsonl
"""

import json
import sys

import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline

from tables import answer, timed


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    texts, labels = [row["text"] for row in rows], [row["label"] for row in rows]
    n = int(len(rows) * 0.9)
    model, fit_seconds = timed(lambda: make_pipeline(TfidfVectorizer(min_df=2), LogisticRegression()).fit(texts[:n], labels[:n]))
    probabilities, predict_seconds = timed(lambda: model.predict_proba(texts[n:])[:, 1])
    auc = float(roc_auc_score(labels[n:], probabilities))
    answer(peer=f"scikit-learn {sklearn.__version__}", fitSeconds=fit_seconds, predictSeconds=predict_seconds, auc=auc)


main()
