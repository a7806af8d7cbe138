"""Encoding: speed and quality of all-MiniLM-L6-v2 beside its peers. One table.

    python bench/encode.py [--peers a,b] [--limit 300] [--repeats 3] [--queries 20] [--json]

Every peer is a process in an environment of its own (`peers/*.txt`, made when absent, under
bench/out/peers or $COSPACE_BENCH_PEERS; 6 GB), all with the same genuine weights. First each
encodes everything once: that warms it up and gives its quality. Then all take turns, so that a
busy machine slows all, and medians are shown; who waits, sleeps (the table says if one did not).

Long texts are msmarco passages, short ones sentences of STS Benchmark dev: of both `--limit`,
evenly spaced. STS is Spearman's correlation on all of STS dev in points, marked "=" within 0.3
of torch fp32; nDCG@10 is of exact search with `--queries` of msmarco's 50, in the passages
judged for them and their share of the others (50: in all 5,000). The first vector is timed from the
start of the process; memory is the most that was resident.

"of peak": a text of t tokens takes 6 layers x (12 x 384 x 384 t + 2 x 384 t x t) multiply-adds:
the four projections of attention and the two of the feed-forward half, which are 4 and 8 squares
of the width; and every token with every other, once for scores and once for values. Padding is
not counted, nor anything but products. The share is of the most that large matrices reach on this
machine in the numbers that the peer computes in (`peak.py`, same run).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import peak
import quality
from numpy.typing import NDArray
from peers.install import PEERS, Absent, environment, weights
from peers.process import Worker
from tokenizers import Tokenizer

REFERENCE = "torch-fp32"
SAME = 0.3  # points of STS
FASTER, THAN_ANY = 5.0, 1.3  # the bars: over the reference, and over every peer of equal quality


Array = NDArray[np.float32]
Row = dict[str, Any]


@dataclass(frozen=True)
class Texts:
    """What is timed, and the number of tokens of each long text."""

    long: list[str]
    short: list[str]
    tokens: list[int] = field(default_factory=list)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--peers", default=",".join(PEERS), help="which, with commas")
    options.add_argument("--limit", type=int, default=300, help="texts of each kind in a turn")
    options.add_argument("--repeats", type=int, default=3, help="turns; medians are shown")
    options.add_argument("--starts", type=int, default=3, help="processes started by each peer")
    options.add_argument("--queries", type=int, default=20, help="of nDCG, at most 50")
    options.add_argument("--no-quality", action="store_true", help="without STS and nDCG")
    options.add_argument("--json", action="store_true", help="print one JSON object instead")
    options.add_argument("--mask", action="store_true", help="on a processor without VNNI")
    given = options.parse_args()
    if given.mask and "COSPACE_MASKED" not in os.environ:
        mask()
    names = list(dict.fromkeys(["cospace", REFERENCE, *given.peers.split(",")]))
    unknown = [name for name in names if name not in PEERS]
    if unknown:
        sys.exit(f"no peer is called {unknown[0]!r}; there are: {', '.join(PEERS)}")
    if not quality.DATA.is_dir():
        sys.exit(f"{quality.DATA}: not there; this benchmark reads it")
    try:
        result = measure(names, given)
    except Absent as error:  # without the weights nobody can take part
        sys.exit(str(error))
    print(json.dumps(result, indent=1) if given.json else table(result))


def mask() -> None:
    """Becomes this program on a processor without VNNI: see tests/no_vnni.c."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
    from processors import WhyNot, without_vnni

    try:
        masked = {**without_vnni(), "COSPACE_MASKED": "1"}
    except WhyNot as why:
        sys.exit(str(why))
    os.execve(sys.executable, [sys.executable, *sys.argv], masked)


def measure(names: list[str], given: argparse.Namespace) -> dict[str, Any]:
    """Everything that is shown: a row by peer, and what they have in common."""
    began = time.perf_counter()
    texts = read_texts(given.limit)
    search = None if given.no_quality else quality.retrieval(given.queries)
    rows: dict[str, Row] = {name: {} for name in names}
    workers: dict[str, Worker] = {}
    vectors: dict[str, Array] = {}
    for name in names:
        print(f"{name}: starting, and encoding everything once", file=sys.stderr)
        try:
            worker, rows[name]["first s"] = start(name, given.starts)
            vectors[name] = first_pass(worker, texts, rows[name], search)
            workers[name] = worker
        except Absent as error:
            rows[name] = {"absent": str(error)}
    present = {name: rows[name] for name in workers}
    speed(workers, texts, given.repeats, present)
    for name, worker in workers.items():
        present[name].update(worker.ask({}))
    peaks = peak.peaks()
    for worker in workers.values():
        worker.close()
    compare(present, vectors)
    adds = sum(multiply_adds(count) for count in texts.tokens)
    for row in present.values():
        row["tokens/s"] = sum(texts.tokens) / row["long s"]
        row["of peak"] = adds / row["long s"] / peaks[row["computed in"]]
    return {
        "command": f"python {' '.join(sys.argv)}",
        "cores": len(os.sched_getaffinity(0)),
        "long texts": len(texts.long),
        "short texts": len(texts.short),
        "tokens of a long text": statistics.mean(texts.tokens),
        "queries, passages": [len(search.queries), len(search.passages)] if search else None,
        "peaks": peaks,
        "peers": rows,
        "bars": bars(present),
        "minutes": (time.perf_counter() - began) / 60,
    }


def read_texts(limit: int) -> Texts:
    """The long and the short texts that are timed."""
    pairs = quality.sentences()
    passages = list(quality.retrieval(50).passages.values())
    long = quality.spaced(passages, limit)
    tokenizer = Tokenizer.from_file(str(weights() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    tokens = [len(one.ids) for one in tokenizer.encode_batch(long)]
    return Texts(long, quality.spaced(pairs.first + pairs.second, limit), tokens)


def start(name: str, starts: int) -> tuple[Worker, float]:
    """A worker that stays, and the median seconds from a process's start to its first vector."""
    python, folder = environment(name)
    taken = []
    for _ in range(starts - 1):
        worker = Worker(python, name, folder)
        taken.append(worker.first)
        worker.close()
    worker = Worker(python, name, folder)
    return worker, statistics.median([*taken, worker.first])


def first_pass(worker: Worker, texts: Texts, row: Row, search: quality.Retrieval | None) -> Array:
    """The vectors that are compared; on the way the peer warms up, and its quality is found."""
    if search is None:
        return worker.encode(texts.long + texts.short)
    passages = worker.encode(list(search.passages.values()))
    row["ndcg"] = search.ndcg(passages, lambda queries: worker.encode(queries, "query"))
    pairs = quality.sentences()
    sentences = worker.encode(pairs.first + pairs.second)
    row["sts"] = pairs.sts(sentences)
    return np.concatenate([passages, sentences])


def speed(workers: dict[str, Worker], texts: Texts, repeats: int, rows: dict[str, Row]) -> None:
    """Medians over turns: seconds for long and short texts, for one query, and of the processor."""
    asked = list(quality.retrieval(50).queries.values())
    turns: dict[str, list[dict[str, float]]] = {name: [] for name in workers}
    for number in range(repeats):
        print(f"turn {number + 1} of {repeats}", file=sys.stderr)
        for name, worker in workers.items():
            long = worker.ask({"texts": texts.long, "role": "document"})
            short = worker.ask({"texts": texts.short, "role": "document"})
            alone = worker.ask({"texts": asked, "role": "query", "alone": True})
            turns[name].append(
                {
                    "long s": long["seconds"][0],
                    "short s": short["seconds"][0],
                    "query ms": 1_000 * statistics.median(alone["seconds"]),
                    "long cpu ms": 1_000 * long["busy"] / len(texts.long),
                    "short cpu ms": 1_000 * short["busy"] / len(texts.short),
                    "idle cpu s": long["idle"],  # while the others had their turns
                }
            )
    for name, all_ in turns.items():
        row = rows[name]
        row.update({what: statistics.median(turn[what] for turn in all_) for what in all_[0]})
        row["docs/s"] = len(texts.long) / row["long s"]
        row["texts/s"] = len(texts.short) / row["short s"]


def compare(rows: dict[str, Row], vectors: dict[str, Array]) -> None:
    """Each peer beside the reference: times as fast, cosines, and whether it is as good."""
    reference = rows.get(REFERENCE, {})
    for name, row in rows.items() if reference else ():
        cosines = np.einsum("ij,ij->i", vectors[name], vectors[REFERENCE])
        row["cosine"] = {"mean": float(cosines.mean()), "least": float(cosines.min())}
        row["times"] = {what: row[what] / reference[what] for what in ("docs/s", "texts/s")}
        if "sts" in row:
            row["as good"] = row["sts"] >= reference["sts"] - SAME


def bars(rows: dict[str, Row]) -> list[str]:
    """Whether cospace is as fast as it means to be, in words."""
    if REFERENCE not in rows or "cospace" not in rows:
        return [f"no bar can be judged: cospace and {REFERENCE} must both run"]
    mine, said = rows["cospace"], []
    if not mine.get("as good", True):
        said.append("cospace itself is NOT of equal quality")
    equal = {
        name: row
        for name, row in rows.items()
        if not name.startswith("cospace") and row.get("as good", True)
    }
    for what, texts in (("docs/s", "long"), ("texts/s", "short")):
        fastest = max(equal, key=lambda name: equal[name][what])
        for other, bar in ((REFERENCE, FASTER), (fastest, THAN_ANY)):
            times = mine[what] / rows[other][what]
            met = "reached" if times >= bar else "NOT reached"
            best = ", the fastest peer of equal quality" if bar == THAN_ANY else ""
            said.append(f"{texts} texts: {times:.2f} times {other}{best}; bar {bar}: {met}")
    return said


def multiply_adds(tokens: int, layers: int = 6, width: int = 384) -> int:
    """Of one text; the formula stands at the top."""
    return layers * (12 * width * width * tokens + 2 * width * tokens * tokens)


def table(result: dict[str, Any]) -> str:
    """The result as a table, with the command that made it and the versions at work."""
    peaks = [f"{kind} {rate / 1e9:.0f}" for kind, rate in result["peaks"].items()]
    long = f"{result['long texts']} long texts ({result['tokens of a long text']:.0f} tokens each)"
    lines = [
        f"$ {result['command']}",
        f"{result['cores']} cores, {long}, {result['short texts']} short",
        f"billions of multiply-adds per second, at most: {', '.join(peaks)}",
        f"queries and passages of nDCG: {result['queries, passages']}",
        f"{result['minutes']:.1f} minutes",
        "",
        "".join([f"{'':22}", *(f"{title:>{width}}" for title, width in COLUMNS)]),
    ]
    rows = result["peers"]
    lines += [f"{name:22}{shown(row)}" for name, row in rows.items()]
    busiest = max((row.get("idle cpu s", 0), name) for name, row in rows.items())
    lines += ["", f"while others had their turns, {busiest[1]} used most: {busiest[0]:.2f} cpu s"]
    alike: dict[str, list[str]] = {}
    for name, row in rows.items():
        versions = [f"{package} {number}" for package, number in row.get("versions", {}).items()]
        alike.setdefault(", ".join(versions), []).append(name)
    lines += [f"{', '.join(names)}: {versions}" for versions, names in alike.items() if versions]
    return "\n".join([*lines, "", *result["bars"]])


COLUMNS = (
    ("docs/s", 8), ("x", 6), ("texts/s", 9), ("x", 6), ("cpu ms", 8), ("short", 7),
    ("query ms", 10), ("STS", 8), ("nDCG@10", 9), ("cosine", 9), ("least", 8),
    ("first s", 9), ("MB", 7), ("tokens/s", 10), ("of peak", 13),
)  # fmt: skip


def shown(row: Row) -> str:
    """One line of the table, after the name."""
    if "absent" in row:
        return f"  {row['absent']}"
    times, cosine = row.get("times", {}), row.get("cosine", {})
    sts = f"{row['sts']:.2f}{'=' if row.get('as good') else ' '}" if "sts" in row else "-"
    cells = [
        f"{row['docs/s']:.1f}", f"{times.get('docs/s', 0):.2f}",
        f"{row['texts/s']:.0f}", f"{times.get('texts/s', 0):.2f}",
        f"{row['long cpu ms']:.2f}", f"{row['short cpu ms']:.2f}", f"{row['query ms']:.2f}",
        sts, f"{row['ndcg']:.2f}" if "ndcg" in row else "-",
        f"{cosine.get('mean', 0):.5f}", f"{cosine.get('least', 0):.4f}",
        f"{row['first s']:.2f}", f"{row['bytes'] / 1e6:.0f}", f"{row['tokens/s']:,.0f}",
        f"{100 * row['of peak']:.0f}% of {row['computed in']}",
    ]  # fmt: skip
    return "".join(f"{cell:>{width}}" for cell, (_, width) in zip(cells, COLUMNS, strict=True))


if __name__ == "__main__":
    main()
