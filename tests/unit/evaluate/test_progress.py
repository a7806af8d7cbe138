"""Every measurement says how far it is, in one way: all of its models, up to the last."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cospace.encode.words import WordModel, WordVectors
from cospace.errors import BadArgument
from cospace.evaluate import Table, compare, retrieval, sts, words
from cospace.evaluate.encoding import encode_texts
from cospace.progress import Progress
from cospace.testing import tiny_model

MODELS = [tiny_model(), tiny_model(seed=1)]
TEXTS = ["a red chair", "a lamp", "my blue bicycle", "the red chair", "an old coat", "a sofa"]


def run_texts(place: Path, progress: Any) -> int:
    encode_texts(MODELS[0], TEXTS, "document", progress=progress)
    return len(TEXTS)


def run_sts(place: Path, progress: Any) -> int:
    lines = [f"{a},{b},{i}" for i, (a, b) in enumerate(pairwise(TEXTS))]
    (place / "pairs.csv").write_text("\n".join(["sentence1,sentence2,score", *lines]) + "\n")
    sts(place / "pairs.csv", MODELS, progress=progress)
    return 2 * len(TEXTS)


def run_retrieval(place: Path, progress: Any) -> int:
    (place / "qrels").mkdir()
    for name, prefix in (("corpus", "d"), ("queries", "q")):
        rows = [json.dumps({"_id": f"{prefix}{i}", "text": t}) for i, t in enumerate(TEXTS)]
        (place / f"{name}.jsonl").write_text("\n".join(rows) + "\n")
    (place / "qrels/test.tsv").write_text("q0\td3\t1\nq1\td1\t1\n")
    retrieval(place, MODELS, progress=progress)
    return 2 * (len(TEXTS) + 2)  # queries without a judgment are not run


def run_compare(place: Path, progress: Any) -> int:
    rows = [f"{text} {i},{'seat' if 'chair' in text else 'no'}" for i in range(4) for text in TEXTS]
    (place / "labels.csv").write_text("\n".join(["text,kind", *rows]) + "\n")
    compare(MODELS, Table(str(place / "labels.csv"), "kind", text="text"), progress=progress)
    return 2 * len(rows)


def run_words(place: Path, progress: Any) -> int:
    (place / "rated.csv").write_text("word1,word2,score\nred,lamp,1\nred,sofa,2\nlamp,sofa,3\n")
    (place / "asked.txt").write_text(": all\nred lamp sofa chair\n")
    rows = np.eye(4, dtype=np.float32)
    table = WordVectors(["red", "lamp", "sofa", "chair"], rows)
    models = [WordModel.of(table, name=name) for name in ("one", "two")]
    words(models, [place / "rated.csv", place / "asked.txt"], progress=progress)
    return 2 * 2


EVERY = pytest.mark.parametrize(
    "run", [run_texts, run_sts, run_retrieval, run_compare, run_words], ids=lambda run: run.__name__
)


@EVERY
def test_it_rises_to_all_there_is(tmp_path: Path, run: Callable[[Path, Any], int]) -> None:
    seen: list[Progress] = []
    total = run(tmp_path, seen.append)
    assert (total, total) == (seen[-1].done, seen[-1].total)
    assert {total} == {now.total for now in seen}, "the whole is known from the first step"
    done = [now.done for now in seen]
    assert sorted(set(done)) == done
    stages = dict.fromkeys(now.stage for now in seen)
    assert (1 if run is run_texts else 2) == len(stages), "each model is named, in its turn"


@EVERY
def test_true_draws_a_bar_on_stderr(
    tmp_path: Path, run: Callable[[Path, Any], int], capsys: pytest.CaptureFixture[str]
) -> None:
    total = run(tmp_path, True)
    shown = capsys.readouterr()
    assert f"/{total}" in shown.err
    assert "/s" in shown.err
    assert "" == shown.out


@EVERY
def test_nothing_is_shown_unless_it_is_asked_for(
    tmp_path: Path, run: Callable[[Path, Any], int], capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, False)
    assert ("", "") == capsys.readouterr()


@EVERY
def test_anything_else_is_refused(tmp_path: Path, run: Callable[[Path, Any], int]) -> None:
    with pytest.raises(BadArgument, match="progress is True, False, or a function"):
        run(tmp_path, 3)
