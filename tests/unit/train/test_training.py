"""Trainings: the same bits, resumed or not; what goes wrong is reported, and nothing is lost."""

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.encode.words import WordModel
from cospace.errors import BadArgument, BadInput, TrainingDiverged
from cospace.testing import check_encoder
from cospace.train import Progress, TrainingStopped, read_corpus
from cospace.train.corpus import Corpus
from cospace.train.words import _sample

SEATS = ["sofa", "armchair", "couch", "bench", "stool", "chair", "recliner", "ottoman"]
WHEELS = ["bicycle", "helmet", "pump", "tyre", "saddle", "pedal", "bell", "chain"]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Two groups of words that never meet."""
    random = np.random.default_rng(0)
    groups = [random.permutation(SEATS if i % 2 else WHEELS)[:5].tolist() for i in range(1200)]
    return read_corpus(groups, min_count=1)


def word2vec(corpus: Any, **more: Any) -> WordModel:
    given = {"dim": 16, "epochs": 10, "rate": 0.1, "sample": 0.0, **more}
    return cs.train.word2vec(corpus, **given)


def cbow(corpus: Any, **more: Any) -> WordModel:
    # Its words foretell each other less when each is one of few: the window is one word wide.
    return word2vec(corpus, **{"architecture": "cbow", "window": 1, **more})


def subwords(corpus: Any, **more: Any) -> WordModel:
    given = {"dim": 16, "epochs": 10, "rate": 0.1, "sample": 0.0, "buckets": 500, **more}
    return cs.train.subwords(corpus, **given)


EVERY = pytest.mark.parametrize("train", [word2vec, cbow, subwords])


@EVERY
def test_words_that_meet_come_close(train: Any, corpus: Corpus) -> None:
    model = train(corpus)
    for group in (SEATS, WHEELS):
        assert len(set(group) & {near.word for near in model.nearest(group[0], k=7)}) >= 6


@EVERY
def test_the_same_seed_gives_the_same_bits_and_another_does_not(train: Any, corpus: Corpus) -> None:
    first, again, other = train(corpus, seed=3), train(corpus, seed=3), train(corpus, seed=4)
    assert np.array_equal(first.table.rows, again.table.rows)
    assert first.space.fingerprint == again.space.fingerprint
    assert not np.array_equal(first.table.rows, other.table.rows)


@EVERY
def test_two_workers_learn_the_same_structure(train: Any, corpus: Corpus) -> None:
    model = train(corpus, workers=2, epochs=15)
    assert len(set(SEATS) & {near.word for near in model.nearest(SEATS[0], k=7)}) >= 6


@EVERY
def test_the_loss_falls(train: Any, corpus: Corpus) -> None:
    steps: list[Progress] = []
    train(corpus, progress=steps.append, epochs=30)
    losses = [one.loss for one in steps if one.loss is not None]
    assert losses[-1] < losses[0]
    assert 1.0 == steps[-1].share


@EVERY
def test_a_training_that_was_stopped_goes_on_to_the_same_bits(
    train: Any, corpus: Corpus, tmp_path: Path
) -> None:
    whole = train(corpus)

    def stop(now: Progress) -> None:
        if now.epoch == 5:
            raise KeyboardInterrupt

    with pytest.raises(TrainingStopped) as stopped:
        train(corpus, checkpoint=tmp_path, progress=stop)
    record = stopped.value.model.space.towers[0].preprocess["training"]
    assert 0.3 < record["stopped_after"] <= 0.5
    lines: list[str] = []
    resumed = train(corpus, checkpoint=tmp_path, tell=lines.append)
    assert np.array_equal(whole.table.rows, resumed.table.rows)
    assert "epochs were done before" in lines[-1]


@EVERY
def test_the_record_has_what_matters_to_the_method(train: Any, corpus: Corpus) -> None:
    model = train(corpus, epochs=1)
    record = model.space.towers[0].preprocess["training"]
    assert 0 == record["seed"]
    assert ("negative" in record, "x_max" in record) == (
        (False, True) if record["method"] == "glove" else (True, False)
    )
    assert f"1 epoch over {corpus.total:,} words" in model.described["trained"]


def test_ctrl_c_in_the_main_thread_keeps_what_there_is(corpus: Corpus) -> None:
    timer = threading.Timer(1.0, lambda: signal.raise_signal(signal.SIGINT))
    timer.start()
    with pytest.raises(TrainingStopped) as stopped:
        word2vec(corpus, epochs=100_000, workers=2, progress=lambda _: None)
    near = stopped.value.model.nearest(SEATS[0], k=7)
    assert set(SEATS[1:]) == {one.word for one in near}


def test_a_checkpoint_of_another_training_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    word2vec(corpus, checkpoint=tmp_path, epochs=1)
    with pytest.raises(BadArgument, match="of another corpus, or of other settings"):
        word2vec(corpus, checkpoint=tmp_path, epochs=2)


def test_a_place_where_no_checkpoint_can_be_is_told_before_the_work(
    corpus: Corpus, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "taken" / "training.state").mkdir(parents=True)
    seen: list[Progress] = []
    for place in ("file", "file/below", "taken", "x" * 300):
        with pytest.raises(cs.errors.StorageError, match="cannot be written"):
            word2vec(corpus, checkpoint=tmp_path / place, epochs=1, progress=seen.append)
    with pytest.raises(cs.errors.BadArgument, match="checkpoint is a path"):
        word2vec(corpus, checkpoint="a\0b", epochs=1, progress=seen.append)
    assert not seen


def test_a_damaged_checkpoint_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    word2vec(corpus, checkpoint=tmp_path, epochs=1)
    file = tmp_path / "training.state"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(cs.errors.ModelDamaged, match="checkpoint is damaged"):
        word2vec(corpus, checkpoint=tmp_path, epochs=1)


@EVERY
def test_numbers_that_run_away_stop_the_training_with_the_epoch(train: Any, corpus: Corpus) -> None:
    with pytest.raises(TrainingDiverged, match=r"epoch \d+ of 40: .* the rate, 99"):
        train(corpus, rate=99.0, epochs=40)


@EVERY
def test_a_saved_model_is_loaded_whole(train: Any, corpus: Corpus, tmp_path: Path) -> None:
    model = train(corpus)
    again = cs.load(model.save(tmp_path / "words"))
    assert isinstance(again, WordModel)
    assert model.space.fingerprint == again.space.fingerprint
    assert np.array_equal(model.table.rows, again.table.rows)
    assert model.nearest("sofa") == again.nearest("sofa")


def test_words_never_seen_have_vectors_by_their_ngrams(corpus: Corpus) -> None:
    model = subwords(corpus)
    assert "armchairs" not in model
    assert "armchair" == model.nearest("armchairs", k=1)[0].word


def test_a_trained_model_keeps_the_promises_of_an_encoder() -> None:
    line = (
        "a red chair retro velvet armchair in good condition from smoke free home bike the harbour"
        " was quiet at dawn two men mended nets and air smelled of tar coffee žluťoučký kůň"
        " 東京の静かな朝 don t panic 42 table lamp etc hostname http localhost jpg"
    )
    texts = [line.split()]
    check_encoder(subwords(texts * 40, min_count=1))


def test_what_is_reported_before_the_start(corpus: Corpus) -> None:
    lines: list[str] = []
    word2vec(corpus, tell=lines.append, epochs=1)
    assert any("MB of memory" in line for line in lines)
    assert any("bit for bit" in line for line in lines)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"dim": 0}, "dim is a whole number from 1"),
        ({"window": 2.5}, "window is a whole number"),
        ({"negative": 65}, "negative is a whole number from 1 to 64"),
        ({"rate": float("nan")}, "rate is a number"),
        ({"workers": 0}, "workers is a whole number from 1"),
        ({"epoch": 3}, "did you mean epochs"),
        ({"architecture": "glove"}, "'skipgram' or 'cbow'"),
        ({"split": "letters"}, "split is one of"),
        ({"dim": 16_000, "min_count": 1, "tell": 7}, None),
    ],
)
def test_bad_settings_are_refused_before_anything_is_done(
    given: dict[str, Any], why: str | None, corpus: Corpus
) -> None:
    if why is None:
        return
    with pytest.raises(BadArgument, match=why):
        word2vec(corpus, **given)


def test_a_vocabulary_of_one_is_refused() -> None:
    with pytest.raises(BadInput, match="two at least"):
        word2vec([["sofa", "sofa"]] * 10)


def test_a_corpus_that_was_read_otherwise_is_not_trained_as_if_it_were(corpus: Corpus) -> None:
    for option in ({"min_count": corpus.min_count + 1}, {"split": "cased"}):
        with pytest.raises(BadArgument, match="to read_corpus"):
            word2vec(corpus, epochs=1, **option)
    model = word2vec(corpus, epochs=1, min_count=corpus.min_count)
    record = model.space.towers[0].preprocess["training"]
    assert (corpus.min_count, corpus.split) == (record["min_count"], record["split"])


def test_a_model_of_lists_reads_texts_as_it_was_set_to() -> None:
    lists = [["the", "velvet", "sofa"], ["the", "steel", "bicycle"]] * 20
    model = word2vec(lists, dim=8, epochs=1, split="words")
    assert model.encode_document(["A velvet SOFA!"]).array.shape == (1, 8)
    untold = word2vec(lists, dim=8, epochs=1)
    assert ["velvet"] == [one.word for one in untold.read("A velvet SOFA!") if one.known]


@pytest.mark.parametrize("method", [cs.train.word2vec, cs.train.subwords])
def test_a_small_vocabulary_is_not_thinned_out_by_default(method: Callable[..., WordModel]) -> None:
    sessions = [["sofa", "armchair", "lamp"], ["bicycle", "helmet", "pump"]] * 50
    made = method(sessions, dim=16, epochs=20, rate=0.1)
    assert 1.0 == made.space.towers[0].preprocess["training"]["sample"]
    assert "bicycle" == made.doesnt_match(["sofa", "lamp", "bicycle"])


@pytest.mark.parametrize(("words", "sample"), [(6, 1.0), (100, 0.1), (10_000, 1e-3), (10**6, 1e-3)])
def test_the_usual_sample_follows_the_vocabulary(words: int, sample: float) -> None:
    assert pytest.approx(sample) == _sample(1e-3, words)


@EVERY
def test_progress_counts_all_epochs(train: Any, corpus: Corpus) -> None:
    seen: list[Progress] = []
    train(corpus, epochs=3, progress=seen.append)
    last = seen[-1]
    assert (3, 3, 1.0, last.total) == (last.epoch, last.epochs, last.share, last.done)
    assert {"words"} == {now.unit for now in seen}
    assert last.per_second > 0
    done = [now.done for now in seen]
    assert sorted(done) == done


@EVERY
def test_a_training_shows_a_bar(
    train: Any, corpus: Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    train(corpus, epochs=2, progress=True)
    shown = capsys.readouterr().err
    assert "epoch 2/2, loss " in shown
    with pytest.raises(BadArgument, match="progress is True"):
        train(corpus, epochs=2, progress="yes")


def test_a_training_that_goes_on_begins_where_it_was(corpus: Corpus, tmp_path: Path) -> None:
    def stop(now: Progress) -> None:
        if now.epoch == 3:
            raise KeyboardInterrupt

    with pytest.raises(TrainingStopped):
        word2vec(corpus, checkpoint=tmp_path, epochs=4, progress=stop)
    seen: list[Progress] = []
    word2vec(corpus, checkpoint=tmp_path, epochs=4, progress=seen.append)
    first = seen[0]
    assert 3 == first.epoch
    assert first.share is not None
    assert first.share > 0.5
    assert first.per_second * first.seconds < first.done, "the rate is of this run alone"


def test_methods_that_are_compared_name_themselves(corpus: Corpus) -> None:
    from cospace.train.comparison import compare_methods

    seen: list[Progress] = []
    sentences = [["sofa", "couch", "lamp"], ["pump", "tyre", "bell"]] * 30
    given = {"min_count": 1, "dim": 8, "epochs": 1}
    compare_methods(["word2vec", "glove"], sentences, settings=given, progress=seen.append)
    units = [("word2vec", "words"), ("glove", "pairs")]
    assert units == list(dict.fromkeys((now.stage, now.unit) for now in seen))
