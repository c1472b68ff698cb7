"""
The tag machine-learning of the real questions, told from title and text by scikit-learn: what test/e2e/questions.test.ts stands beside.

    python tools/parity/questions.py FOLDER-OF-THE-REAL-DATA-SETS

Prints figures alone. The features are ours: TF-IDF of each column (in two and more texts, 1 + ln(count)), its characters and words scaled.
"""

import csv
import json
import sys
from pathlib import Path

import numpy as np
import scipy.sparse as sp
import sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

csv.field_size_limit(10**7)
path = Path(sys.argv[1]) / "cross-validated" / "crossvalidated-questions.csv"
rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
y = np.array([int("<machine-learning>" in row["Tags"]) for row in rows])
train, test = train_test_split(np.arange(len(rows)), test_size=0.25, stratify=y, random_state=42)

parts = []
for name in ("Title", "Body"):
    texts = [row[name] for row in rows]
    learn, ask = [texts[i] for i in train], [texts[i] for i in test]
    tfidf = TfidfVectorizer(min_df=2, max_features=25_000, sublinear_tf=True).fit(learn)
    sizes = lambda of: np.array([[len(text), len(text.split())] for text in of], dtype=float)
    scale = StandardScaler().fit(sizes(learn))
    parts.append([sp.hstack([tfidf.transform(of), scale.transform(sizes(of))]) for of in (learn, ask)])
x, x_test = (sp.hstack([part[i] for part in parts]).tocsr() for i in (0, 1))
model = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(x, y[train])
p = model.predict_proba(x_test)[:, 1]
figures = {"roc_auc": roc_auc_score(y[test], p), "average_precision": average_precision_score(y[test], p), "log_loss": log_loss(y[test], p)}
print(json.dumps({"scikit-learn": sklearn.__version__, "train": len(train), "test": len(test), "columns": x.shape[1], **figures}))
