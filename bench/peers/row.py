"""The peer of bench/ours/row.ts: LightGBM answers one row at a time, from Python.

python row.py table.parquet rows trees threads
"""

import statistics
import sys
import time

import lightgbm

from tables import answer, read_table


def main() -> None:
    file, rows, trees, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    x, y, x_test, _ = read_table(file, rows)
    model = lightgbm.LGBMClassifier(n_estimators=trees, num_leaves=31, n_jobs=threads, random_state=0, verbose=-1).fit(x, y)
    booster = model.booster_
    times = []
    for row in range(min(1000, len(x_test))):
        begun = time.perf_counter()
        booster.predict(x_test[row : row + 1], num_threads=1)
        times.append((time.perf_counter() - begun) * 1e6)
    answer(peer=f"lightgbm {lightgbm.__version__} (from Python)", rowMicroseconds=statistics.median(times))


main()
