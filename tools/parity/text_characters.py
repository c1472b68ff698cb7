"""
Golden figures for src/features/text from scikit-learn: n-grams of characters, the built-in stop words, and logistic regression on sparse TF-IDF.

    python tools/parity/text_characters.py [folder of the real data sets]

Writes src/features/text/fixtures/characters.json and posts-characters.json. Over the posts a
fixture holds row numbers, hashes and figures only, never a word.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from text import DOCUMENTS, OUT, VERSIONS, arguments, checks, combinations, csr, digest, entries, terms_of

ANALYSERS = {"word": "word", "char": "char", "charWithinWords": "char_wb"}
SPACES = [
    "two  blanks\tand a\t\ttab\nline\n\nlines\r\nend ",
    " \x1c\x1dfile\x85next\u00a0\u00a0hard\u2003em\u3000wide\ufeffbom\ufeff\ufeff ",
    "a bc def ghij",
]


def given(options):
    options = dict(options)
    analyser = ANALYSERS[options.pop("analyser", "word")]
    english = options.get("stopWords") == "english"
    found = arguments({k: v for k, v in options.items() if not (english and k == "stopWords")})
    return {**found, "analyzer": analyser, **({"stop_words": "english"} if english else {})}


def write(path, document):
    lines = []
    for key, value in {"made by": "tools/parity/text_characters.py", "versions": VERSIONS, **document}.items():
        if isinstance(value, list) and value and isinstance(value[0], (dict, str)):
            rows = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in value)
            lines.append(f"{json.dumps(key)}: [\n{rows}\n]")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def corpus():
    documents = [DOCUMENTS[i] for i in (0, 2, 4, 5, 8, 9, 10, 13)] + SPACES
    cases = []
    for options in combinations(
        analyser=["char", "charWithinWords"],
        ngramRange=[[1, 1], [1, 3], [2, 2], [3, 5], [6, 7]],
        stripAccents=["none", "unicode"],
    ):
        vectoriser = CountVectorizer(**given(options))
        matrix = entries(vectoriser.fit_transform(documents))
        terms = terms_of(vectoriser)
        case = {"options": options, "nTerms": len(terms), "termsSha256": hashlib.sha256("\n".join(terms).encode()).hexdigest()}
        whole = options["ngramRange"] in ([1, 1], [6, 7]) and options["stripAccents"] == "none"
        cases.append({**case, "checks": checks(matrix), **({"names": terms, **csr(matrix)} if whole else {})})
    hashed = {"nFeatures": 1024, "analyser": "charWithinWords", "ngramRange": [2, 4], "norm": "none"}
    hashing = {k: v for k, v in hashed.items()}
    english = ["This is not the system that I would have described, but it is mine.", "Hello world, whoever you are: hello!"]
    words = TfidfVectorizer(stop_words="english", ngram_range=(1, 2))
    matrix = entries(words.fit_transform(english))
    write(
        OUT / "characters.json",
        {
            "documents": documents,
            "cases": cases,
            "hashing": {"options": hashed, "checks": checks(entries(HashingVectorizer(**given(hashing)).transform(documents)))},
            "stopWordsSha256": hashlib.sha256("\n".join(sorted(ENGLISH_STOP_WORDS)).encode()).hexdigest(),
            "english": {"texts": english, "names": terms_of(words), **csr(matrix)},
        },
    )


def posts(folder):
    path = Path(folder) / "cross-validated" / "crossvalidated-2016.jsonl"
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    texts = [line["Question_content"] for line in lines]
    cases = []
    for options in [
        {"analyser": "charWithinWords", "ngramRange": [3, 4], "minDf": 5, "sublinearTf": True},
        {"analyser": "char", "ngramRange": [2, 3], "minDf": 0.01, "lowercase": False},
        {"stopWords": "english", "ngramRange": [1, 2], "minDf": 2},
    ]:
        vectoriser = TfidfVectorizer(**given(options))
        matrix = entries(vectoriser.fit_transform(texts))
        terms = terms_of(vectoriser)
        cases.append(
            {
                "options": options,
                "nTerms": len(terms),
                "termsSha256": hashlib.sha256("\n".join(terms).encode()).hexdigest(),
                "indptrSha256": digest(matrix.indptr, "<u4"),
                "indicesSha256": digest(matrix.indices, "<u4"),
                "checks": checks(matrix),
            }
        )
    # Logistic regression on the first 600 posts: coefficients of both penalties, converged.
    y = np.array([int("machine-learning" in line["Tags"]) for line in lines[:600]])
    vectoriser = TfidfVectorizer(min_df=5)
    x = vectoriser.fit_transform(texts[:600])
    logistic = []
    for C in (0.1, 1.0, 10.0):
        model = LogisticRegression(C=C, tol=1e-12, max_iter=10_000, solver="newton-cholesky").fit(x, y)
        logistic.append(
            {
                "C": C,
                "intercept": float(model.intercept_[0]),
                "coefficients": [[int(j), float(model.coef_[0, j])] for j in range(0, x.shape[1], max(1, x.shape[1] // 60))],
                "norm": float(np.linalg.norm(model.coef_)),
                "probabilities": [float(p) for p in model.predict_proba(vectoriser.transform(texts[600:660]))[:, 1]],
            }
        )
    write(
        OUT / "posts-characters.json",
        {
            "file": path.name,
            "fileSha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "cases": cases,
            "logistic": {"rows": 600, "tested": 60, "minDf": 5, "positives": int(y.sum()), "nTerms": x.shape[1], "fits": logistic},
        },
    )


if __name__ == "__main__":
    corpus()
    if len(sys.argv) > 1:
        posts(sys.argv[1])
