"""Small data on disk for the evaluation's tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

WORDS = ("chair", "bicycle", "lamp", "coat", "table", "vase")

PAIRS = [
    ("a red chair", "the red chair", 5),
    ("a red chair", "red chairs", 4),
    ("a red chair", "a blue bicycle", 1),
    ("my blue bicycle", "blue bicycles", 4.5),
    ("my blue bicycle", "a winter coat", 0),
    ("a winter coat", "the winter coat", 5),
]


def write_pairs(path: Path, pairs: Iterable[tuple[Any, Any, Any]] = PAIRS) -> Path:
    rows = [",".join(f'"{cell}"' for cell in pair) for pair in pairs]
    path.write_text("\n".join(["sentence1,sentence2,score", *rows, ""]), encoding="utf-8")
    return path


def write_beir(
    folder: Path,
    *,
    documents: Mapping[str, str] | None = None,
    queries: Mapping[str, str] | None = None,
    qrels: str | None = None,
    split: str = "test",
) -> Path:
    """A folder in BEIR's layout; six things, and a query for each of three."""
    documents = documents or {f"d{i}": f"a {word} to sell" for i, word in enumerate(WORDS)}
    queries = queries or {f"q{i}": f"a {word}" for i, word in enumerate(WORDS[:3])}
    if qrels is None:
        qrels = "query-id\tcorpus-id\tscore\nq0\td0\t2\nq0\td4\t1\nq1\td1\t1\nq2\td2\t1\n"
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    corpus = [json.dumps({"_id": k, "title": "", "text": t}) for k, t in documents.items()]
    asked = [json.dumps({"_id": k, "text": t}) for k, t in queries.items()]
    (folder / "corpus.jsonl").write_text("\n".join(corpus) + "\n")
    (folder / "queries.jsonl").write_text("\n".join(asked) + "\n")
    (folder / "qrels" / f"{split}.tsv").write_text(qrels)
    return folder


def write_images(folder: Path, classes: Mapping[str, int], *, seed: int = 0) -> Path:
    """A subfolder for each class, with so many images of about one colour."""
    random = np.random.default_rng(seed)
    for number, (name, count) in enumerate(classes.items()):
        (folder / name).mkdir(parents=True, exist_ok=True)
        base = np.array([(37 * number) % 200, (91 * number + 60) % 200, (151 * number) % 200])
        for i in range(count):
            pixels = (base + random.integers(0, 50, (24, 24, 3))).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i}.png")
    return folder


def write_labelled(path: Path, rows: Iterable[tuple[str, str]] | None = None) -> Path:
    """Texts of two topics, ten each, with columns body and topic."""
    things = [("chair", "home"), ("bicycle", "sport")]
    if rows is None:
        rows = [(f"a {thing} number {i}", topic) for i in range(10) for thing, topic in things]
    lines = [f'"{text}","{topic}"' for text, topic in rows]
    path.write_text("\n".join(["body,topic", *lines, ""]), encoding="utf-8")
    return path
