"""
Golden figures for src/features/text from scikit-learn: which characters make words, counts, TF-IDF and hashed terms of a Unicode corpus
under every combination of options, and of the real posts.

    python tools/parity/text.py [folder of the real data sets]

Writes src/features/text/fixtures/*.json. Over the posts a fixture holds row numbers, hashes and figures only, never a word.
"""

import hashlib
import itertools
import json
import platform
import re
import sys
import unicodedata
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
from sklearn.utils import murmurhash3_32

OUT = Path(__file__).resolve().parents[2] / "src" / "features" / "text" / "fixtures"
VERSIONS = {
    "scikit-learn": sklearn.__version__,
    "numpy": np.__version__,
    "scipy": scipy.__version__,
    "python": platform.python_version(),
    "unicode": unicodedata.unidata_version,
}
warnings.filterwarnings("ignore")

DOCUMENTS = [
    "The quick brown fox; the LAZY dog! The fox_trot, fox-trot, don't, isn't.",
    "Caf\u00e9 cafe\u0301 CAFE\u0301 na\u00efve r\u00e9sum\u00e9 \u00c5ngstr\u00f6m fa\u00e7ade \u0141\u00f3d\u017a \u00f8re",
    "\u0130stanbul ISTANBUL \u0131s\u0131 \u039f\u0394\u039f\u03a3 \u03bf\u03b4\u03cc\u03c2 \u03a3\u03a3 stra\u00dfe STRASSE \u1e9eS",
    "\u673a\u5668\u5b66\u4e60 \u662f \u4eba\u5de5 \u667a\u80fd\u3002 \u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8 \u304c\u304e\u3099 \u30ab\u3099\u30f3 \ud55c\uad6d\uc5b4 \u110e\u1161\u11b7",
    "emoji \U0001f600 smile\U0001f600face \U0001f468\u200d\U0001f469\u200d\U0001f467 5\ufe0f\u20e3 \u2764\ufe0f\u2764\ufe0f ok\U0001f44d\U0001f3fd",
    "\U0001d4d0\U0001d4d1\U0001d4d2 \U0001d7d8\U0001d7d9 \U00010400\U00010401 \U00010428\U00010429 \U00020000\U00020001 \U00020000 \U0001d54f",
    "digits 007 3.14 1,000,000 x2 2x \u0663\u0664\u0665 \u00bd\u00bd \u2167\u2167 H\u2082O \u2460\u2461 1e-9 v1.2.3",
    "__init__ snake_case _x _ __ a_b CamelCase \u203funder\u203ftie\u203f",
    "",
    "   \t\r\n\u00a0\u2003\u3000 . , ; ! ? -",
    "a b c d e I x y \u5b66 \u00e9",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u092d\u093e\u0937\u093e \u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22 \u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u0645\u064f\u062d\u064e\u0645\u064e\u0651\u062f \u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd \u0bb5\u0ba3\u0b95\u0bcd\u0b95\u0bae\u0bcd",
    "\ufb01ne \ufb03ce \uff26\uff35\uff2c\uff2c \uff11\uff12 \u2122mark \u212bngstrom \u2126hm x\u00b2y \u00aa\u00ba \u01c4 \u01c5 \u01c6",
    "Z\u0351\u0343\u0341a\u0334l\u0345go a\u0489b k\u20ddc re\u0301sume\u0301 \u1e69\u0323 q\u0307\u0323w",
    "the the the fox fox dog dog dog dog lazy caf\u00e9 caf\u00e9 resume",
    "soft\u00adhyphen zero\u200bwidth joiner\u200dhere apos\u2019trophe line\u2028sep nul\x00byte feed\x0cform \ufeffbom",
    "quick brown fox jumps over the lazy dog and the fox and the cat",
    "\ue000\ue001 \uf8ff\uf8ff private \uff21\uff22 \U0001d400\U0001d401 \ufb1d\ufb1d \U000e0100x \u0130\u0130",
]
STOP_WORDS = ["the", "and", "don", "is", "caf\u00e9", "CAFE", "cafe", "\u662f", "\U00010428\U00010429"]

NAMES = {
    "lowercase": "lowercase",
    "stripAccents": "strip_accents",
    "ngramRange": "ngram_range",
    "stopWords": "stop_words",
    "minDf": "min_df",
    "maxDf": "max_df",
    "maxFeatures": "max_features",
    "binary": "binary",
    "norm": "norm",
    "useIdf": "use_idf",
    "smoothIdf": "smooth_idf",
    "sublinearTf": "sublinear_tf",
    "nFeatures": "n_features",
    "alternateSign": "alternate_sign",
}


def arguments(options):
    """Our options as scikit-learn's. Ours write no norm and no accents as "none", all documents as 1."""
    given = {NAMES[key]: None if value == "none" else value for key, value in options.items()}
    if "ngram_range" in given:
        given["ngram_range"] = tuple(given["ngram_range"])
    if given.get("stop_words") == []:
        given["stop_words"] = None
    return given


def combinations(**choices):
    return [dict(zip(choices, values)) for values in itertools.product(*choices.values())]


def entries(matrix):
    """Canonical CSR: sorted, without stored zeros."""
    matrix = matrix.tocsr().copy()
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return matrix


def numbers(values):
    return [int(value) if float(value).is_integer() else float(value) for value in values]


def checks(matrix):
    """Three figures that every entry has a part in: their number, their sum, and their sum weighed by place."""
    coo = matrix.tocoo()
    weights = (coo.row + 1.0) * (coo.col % 1009 + 1.0)
    return [int(matrix.nnz), float(coo.data.sum()), float((coo.data * weights).sum())]


def csr(matrix):
    return {
        "indptr": matrix.indptr.tolist(),
        "indices": matrix.indices.tolist(),
        "values": numbers(matrix.data),
    }


def terms_of(vectoriser):
    return [term for term, _ in sorted(vectoriser.vocabulary_.items(), key=lambda item: item[1])]


def write(name, document):
    """One line per key, and one per entry of its lists, so that a change shows as a small difference."""
    lines = []
    for key, value in {"made by": "tools/parity/text.py", "versions": VERSIONS, **document}.items():
        if isinstance(value, list) and value and isinstance(value[0], (dict, str)):
            rows = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in value)
            lines.append(f"{json.dumps(key)}: [\n{rows}\n]")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}")
    (OUT / name).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def ranges(belongs):
    """Begin and end of each run of code points, one after the other."""
    found, begin = [], None
    for code in range(0x110001):
        inside = code < 0x110000 and belongs(chr(code))
        if inside and begin is None:
            begin = code
        elif not inside and begin is not None:
            found += [begin, code - 1]
            begin = None
    return found


def unicode_tables():
    word = re.compile(r"(?u)\w")
    write(
        "unicode.json",
        {
            "word": ranges(lambda c: bool(word.match(c))),
            "combining": ranges(lambda c: unicodedata.combining(c) != 0),
            "unassigned": ranges(lambda c: unicodedata.category(c) == "Cn"),
        },
    )


ANALYSES = combinations(
    lowercase=[True, False],
    stripAccents=["none", "ascii", "unicode"],
    ngramRange=[[1, 1], [1, 2], [2, 3]],
    stopWords=[[], STOP_WORDS],
)
WEIGHTS = combinations(
    binary=[False, True],
    norm=["l1", "l2", "none"],
    useIdf=[True, False],
    smoothIdf=[True, False],
    sublinearTf=[False, True],
)
LIMITS = [
    {"minDf": 2},
    {"minDf": 2, "maxDf": 3},
    {"maxDf": 2},
    {"minDf": 0.1},
    {"minDf": 1 / 6},
    {"minDf": 3 / 18, "maxDf": 0.5},
    {"maxDf": 2 / 18},
    {"maxDf": 0.06},
    {"minDf": 0.0, "maxDf": 1.0},
    {"minDf": 2, "maxFeatures": 3},
    {"maxFeatures": 1},
    {"maxFeatures": 10_000},
    {"minDf": 2, "ngramRange": [1, 2]},
]


def corpus():
    analyses = []
    for options in ANALYSES:
        vectoriser = CountVectorizer(**arguments(options))
        matrix = entries(vectoriser.fit_transform(DOCUMENTS))
        analyses.append({"options": options, "names": terms_of(vectoriser), **csr(matrix)})
    few = [DOCUMENTS[i] for i in (0, 1, 8, 14, 16)]
    weights = []
    for options in WEIGHTS:
        vectoriser = TfidfVectorizer(**arguments(options))
        matrix = entries(vectoriser.fit_transform(few))
        idf = vectoriser.idf_.tolist() if options["useIdf"] else None
        weights.append({"options": options, "idf": idf, "values": numbers(matrix.data)})
    limits = []
    for options in LIMITS:
        given = arguments(options)
        # The default of max_df is a share of 1; a whole 1 would mean one document.
        given["max_df"] = given.get("max_df", 1.0)
        vectoriser = CountVectorizer(**given)
        matrix = entries(vectoriser.fit_transform(DOCUMENTS))
        limits.append({"options": options, "names": terms_of(vectoriser), **csr(matrix)})
    ties = []
    for most in (2, 4, 5, 6, 20, 100):
        # Which of the terms with equally many occurrences stay is left to an unstable sort there; which ones are in question is not.
        vectoriser = CountVectorizer()
        occurrences = np.asarray(vectoriser.fit_transform(DOCUMENTS).sum(axis=0)).ravel()
        least = np.sort(occurrences)[::-1][most - 1]
        terms = np.array(terms_of(vectoriser))
        kept = CountVectorizer(max_features=most).fit(DOCUMENTS).vocabulary_
        above, tied = terms[occurrences > least].tolist(), terms[occurrences == least].tolist()
        assert set(above) <= set(kept) <= set(above) | set(tied)
        ties.append({"maxFeatures": most, "above": above, "tied": tied})
    product = []
    for analysis, weight in itertools.product(ANALYSES, WEIGHTS):
        matrix = entries(TfidfVectorizer(**arguments({**analysis, **weight})).fit_transform(DOCUMENTS))
        product.append(checks(matrix))
    hashing = []
    for options in combinations(
        nFeatures=[1, 7, 1024, 2**20],
        alternateSign=[True, False],
        binary=[False, True],
        norm=["l1", "l2", "none"],
        ngramRange=[[1, 1], [1, 2]],
    ):
        matrix = entries(HashingVectorizer(**arguments(options)).transform(DOCUMENTS))
        whole = options["norm"] == "none" and not options["binary"] and options["nFeatures"] > 1024
        hashing.append({"options": options, "checks": checks(matrix), **(csr(matrix) if whole else {})})
    unseen = ["the unseen fox caf\u00e9", "nothing here", "", "\U00010428\U00010429 fox fox"]
    vectoriser = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit(DOCUMENTS)
    write(
        "corpus.json",
        {
            "documents": DOCUMENTS,
            "fewDocuments": [0, 1, 8, 14, 16],
            "analyses": analyses,
            "weights": weights,
            "limits": limits,
            "ties": ties,
            "hashing": hashing,
            "unseen": [{"texts": unseen, **csr(entries(vectoriser.transform(unseen)))}],
            "hashes": [
                {"text": text, "seed": seed, "hash": int(murmurhash3_32(text.encode(), seed=seed))}
                for seed in (0, 42)
                for text in ["", "a", "ab", "abc", "abcd", "abcde", "caf\u00e9", "\u673a\u5668", "\U0001d4d0", "x" * 97]
            ],
            "productChecks": product,
        },
    )


def digest(array, kind):
    return hashlib.sha256(np.asarray(array).astype(kind).tobytes()).hexdigest()


def posts(folder):
    path = Path(folder) / "cross-validated" / "crossvalidated-2016.jsonl"
    texts = [json.loads(line)["Question_content"] for line in path.read_text(encoding="utf-8").split("\n") if line]
    rows = list(range(0, len(texts), 131))
    cases = []
    for kind, options in [
        ("tfidf", {}),
        (
            "tfidf",
            {
                "ngramRange": [1, 2],
                "stripAccents": "unicode",
                "stopWords": ["the", "of", "and", "to", "in", "is", "that", "it", "for", "this"],
                "minDf": 2,
                "maxDf": 0.5,
                "sublinearTf": True,
            },
        ),
        ("tfidf", {"lowercase": False, "minDf": 0.01, "norm": "l1", "smoothIdf": False, "ngramRange": [1, 3]}),
        ("hashing", {"nFeatures": 2**18, "ngramRange": [1, 2]}),
        ("hashing", {}),
    ]:
        case = {"kind": kind, "options": options}
        if kind == "tfidf":
            vectoriser = TfidfVectorizer(**arguments(options))
            matrix = entries(vectoriser.fit_transform(texts))
            terms = terms_of(vectoriser)
            frequency = np.bincount(matrix.indices, minlength=len(terms))
            case["nTerms"] = len(terms)
            case["termsSha256"] = hashlib.sha256("\n".join(terms).encode()).hexdigest()
            case["frequencySha256"] = digest(frequency, "<u4")
            counter = {k: v for k, v in options.items() if k not in ("sublinearTf", "norm", "smoothIdf")}
            counts = entries(CountVectorizer(**arguments(counter)).fit_transform(texts))
            case["countsSha256"] = digest(counts.data, "<f8")
            case["idf"] = [[int(j), float(vectoriser.idf_[j])] for j in range(0, len(terms), max(1, len(terms) // 25))]
        else:
            matrix = entries(HashingVectorizer(**arguments(options)).transform(texts))
        case["indptrSha256"] = digest(matrix.indptr, "<u4")
        case["indicesSha256"] = digest(matrix.indices, "<u4")
        case["checks"] = checks(matrix)
        case["rows"] = []
        for row in rows:
            begin, end = matrix.indptr[row], matrix.indptr[row + 1]
            case["rows"].append(
                {
                    "row": row,
                    "values": [float(f"{v:.15g}") for v in matrix.data[begin:end][:40]],
                    "sum": float(matrix.data[begin:end].sum()),
                }
            )
        cases.append(case)
    write(
        "posts.json",
        {
            "file": path.name,
            "nTexts": len(texts),
            "fileSha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "cases": cases,
        },
    )


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    unicode_tables()
    corpus()
    if len(sys.argv) > 1:
        posts(sys.argv[1])
