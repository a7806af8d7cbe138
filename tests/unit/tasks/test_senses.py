"""Contexts are what stands around a word; groups are its senses."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cospace.encode.words import WordModel, WordVectors
from cospace.errors import BadArgument, BadItem, EmptyItem, UnknownWord
from cospace.tasks import senses
from cospace.tasks.senses.contexts import contexts_of
from cospace.tasks.senses.grouping import centred, grouped, silhouette, spherical

CONTEXTS = Path(__file__).parents[3] / "bench/senses/contexts.txt"


def written() -> dict[str, list[list[str]]]:
    """Sentences by word and sense."""
    found: dict[str, list[list[str]]] = {}
    for line in CONTEXTS.read_text().splitlines():
        if line.startswith("= "):
            found.setdefault(line[2:].split(": ")[0], []).append([])
            word = line[2:].split(": ")[0]
        elif line and not line.startswith("#"):
            found[word][-1].append(line)
    return found


def test_every_written_sentence_holds_its_word_and_all_senses_are_as_many():
    for word, groups in written().items():
        assert [12, 12] == [len(some) for some in groups], word
        assert all(contexts_of([one], word).kept for some in groups for one in some), word


def test_two_senses_are_two_groups_with_their_words():
    money, river = written()["bank"]
    rows = np.eye(3, dtype=np.float32)
    glove = WordModel.of(WordVectors(["bank", "money", "water"], rows), name="table")
    found = senses([*money, *river], "bank", words=glove)
    assert 2 == len(found.senses)
    right = [one.group for one in found.occurrences]
    assert max(np.mean(right[:12]), 1 - np.mean(right[:12])) > 0.9
    assert "bank" not in {word for one in found.senses for word in one.words}
    for one in found.senses:
        assert one.within > one.between
    assert found.static is not None and found.static.known
    assert 1.0 == found.to_json()["static"]["cosine"]


def test_a_word_that_the_table_lacks_is_said_to_be_lacking():
    money, river = written()["bank"]
    table = WordModel.of(WordVectors(["a", "b"], np.eye(2, dtype=np.float32)), name="table")
    found = senses([*money, *river], "bank", words=table, groups=2)
    assert found.static is not None and not found.static.known


def test_a_corpus_may_be_a_packed_file_of_long_lines(tmp_path: Path):
    file = tmp_path / "corpus.txt.gz"
    line = "the boat on the bank of the river " * 60_000  # more than a block, without an end
    file.write_bytes(gzip.compress(line.encode()))
    found = contexts_of(str(file), "Bank", most=10, window=3)
    assert 60_000 - 3 <= found.found <= 60_000
    assert {"boat on the bank of the river"} >= {one.text for one in found.kept}
    assert {"boat on the of the river"} >= {one.around for one in found.kept}


def test_a_word_in_a_word_is_none_and_other_sentences_stay_out():
    found = contexts_of(["Banks close. The BANK, he said, is shut. It rained."], "bank")
    assert ["The BANK, he said, is shut."] == [one.text for one in found.kept]
    assert ["The , he said, is shut."] == [one.around for one in found.kept]


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 5))
def test_at_most_so_many_are_kept_and_all_are_counted(count, most, seed):
    texts = [f"number {n} of the bank" for n in range(count)]
    found = contexts_of(texts, "bank", most=most, seed=seed)
    assert (min(count, most), count) == (len(found.kept), found.found)
    assert len(found.kept) == len({one.text for one in found.kept})


def test_groups_are_the_clouds_and_their_number_is_found():
    draw = np.random.default_rng(0)
    for count in (2, 3, 4):
        truth = np.repeat(np.arange(count), 30)
        rows = np.eye(8)[truth] + 0.1 * draw.standard_normal((30 * count, 8))
        found = grouped(
            centred((rows / np.linalg.norm(rows, axis=1)[:, None]).astype("f4")), (2, 3, 4)
        )
        assert count == len(set(zip(truth, found.labels, strict=True)))


def test_the_silhouette_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    draw = np.random.default_rng(0)
    rows = centred(draw.standard_normal((60, 5)).astype(np.float32))
    labels = spherical(rows, 3)
    expected = metrics.silhouette_score(rows, labels, metric="cosine")
    assert expected == pytest.approx(silhouette(rows, labels), abs=1e-5)


def test_equal_contexts_are_one_group():
    assert 1 == len(senses(["at the bank of it"] * 6, "bank").senses)


@pytest.mark.parametrize(
    ("texts", "word", "error", "match"),
    [
        (["a house"], "bank", UnknownWord, "does not hold 'bank'"),
        (["bank", "Bank."], "bank", UnknownWord, "alone"),
        (["the bank here", "a bank there"], "bank", BadArgument, "occurs 2 times"),
        ([], "bank", EmptyItem, "no text"),
        (["", "  "], "bank", EmptyItem, "no text"),
        (["a bank"], "  ", BadArgument, "give the word"),
        ([b"a bank"], "bank", BadArgument, "bytes"),
    ],
)
def test_what_cannot_be_is_typed(texts, word, error, match):
    with pytest.raises(error, match=match):
        senses(texts, word)


def test_files_that_hold_no_text_are_typed(tmp_path: Path):
    empty, binary = tmp_path / "empty.txt", tmp_path / "binary.txt"
    empty.write_bytes(b"")
    binary.write_bytes(b"the bank \xff\xfe of it")
    with pytest.raises(EmptyItem):
        senses(empty, "bank")
    with pytest.raises(BadItem, match="UTF-8"):
        senses(binary, "bank")
    with pytest.raises(BadArgument):
        senses(["a bank"], "bank", groups=1)


def test_a_seed_that_is_none_is_typed():
    with pytest.raises(BadArgument, match="seed is"):
        senses(["a bank"] * 6, "bank", seed=-1)
