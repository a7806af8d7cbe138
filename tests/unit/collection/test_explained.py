"""Why: the words and the squares that matter are those that are marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

import cospace as cs
from cospace.collection.explained import Explanation
from cospace.errors import BadItem, ItemNotFound
from cospace.item import Content, Parts
from cospace.read.audio import open_audio
from cospace.space import Space, Tower
from cospace.testing.signals import wav_bytes


def disc(colour: tuple[int, int, int], row: int, column: int) -> np.ndarray:
    """A disc on a plain grey ground, in one of nine places."""
    image = np.full((300, 300, 3), 200, np.uint8)
    y, x = np.mgrid[:300, :300]
    image[(y - 50 - 100 * row) ** 2 + (x - 50 - 100 * column) ** 2 < 45**2] = colour
    return image


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cs.Collection]:
    from PIL import Image

    place: Path = tmp_path_factory.mktemp("explain")
    Image.fromarray(disc((220, 30, 30), 0, 2)).save(place / "ball.png")
    Image.fromarray(np.full((64, 64, 3), 128, np.uint8)).save(place / "plain.png")
    (place / "gone.png").write_bytes((place / "plain.png").read_bytes())
    with cs.open(place / "shop.cospace", model="starter") as made:
        made.add(
            [
                cs.Item("sofa", "From my aunt's flat in Graz: velvet armchair, collect by Friday"),
                cs.Item("rake", "Steel rake"),
                cs.Item("ball", cs.Image(place / "ball.png")),
                cs.Item("plain", cs.Parts(text="Grey paint", image=cs.Image(place / "plain.png"))),
                cs.Item("gone", cs.Parts(text="A gate", image=cs.Image(place / "gone.png"))),
                cs.Item("long", "A garden bench. " + "It stood in the sun for a while. " * 60),
            ]
        )
        (place / "gone.png").unlink()
        yield made


def marked(found: Explanation, text: str) -> dict[str, float]:
    return {text[one.start : one.end]: one.weight for one in found.words}


def test_the_word_that_answers_is_marked_most(shop: cs.Collection):
    found = shop.explain("somewhere comfortable to sit", "sofa")
    weights = marked(found, found.text)
    assert "armchair" == max(weights, key=weights.__getitem__)
    assert 1.0 == weights["armchair"]
    assert "Friday" not in weights
    assert all(0.1 <= weight <= 1 for weight in weights.values())


def test_a_word_of_the_question_counts_whatever_it_costs(shop: cs.Collection):
    found = shop.explain("velvet from Graz", "sofa")
    exact = {found.text[one.start : one.end] for one in found.words if one.exact}
    assert {"velvet", "Graz"} == exact
    assert {1.0} == {one.weight for one in found.words if one.exact}


def test_the_score_is_that_of_the_search(shop: cs.Collection):
    found = shop.explain("velvet armchair", "sofa")
    [hit] = [hit for hit in shop.search("velvet armchair", explain=True) if hit.id == "sofa"]
    assert hit.why == found.score


def test_neighbouring_words_of_a_long_text_are_left_out_together(shop: cs.Collection):
    found = shop.explain("a bench for the garden", "long")
    assert {"garden", "bench"} <= set(marked(found, found.text))


def test_the_region_covers_the_thing(shop: cs.Collection):
    asked = cs.Image(disc((220, 30, 30), 0, 2))
    region = shop.explain(asked, "ball").region
    heat = np.array(region.heat)
    assert (7, 7) == heat.shape
    assert 1.0 == heat.max()
    rows, columns = np.nonzero(heat >= 0.5)
    assert rows.max() <= 3  # the disc lies in the upper right
    assert columns.min() >= 3
    assert heat[:3, 4:].mean() > 5 * heat[4:, :3].mean()


def test_a_plain_photo_has_no_warm_square(shop: cs.Collection):
    region = shop.explain("grey paint", "plain").region
    assert 0.0 == np.array(region.heat).max()


def test_a_photo_that_is_gone_is_told(shop: cs.Collection):
    found = shop.explain("a gate", "gone")
    assert found.region is None
    [note] = found.notes
    assert note.startswith("image cannot be read now")
    assert "gate" in marked(found, found.text)


def test_an_error_in_the_question_is_mended_here_too(shop: cs.Collection):
    found = shop.explain("velvte", "sofa")
    assert {"velvet"} == {found.text[one.start : one.end] for one in found.words if one.exact}


def test_what_cannot_be_told_says_why(shop: cs.Collection):
    with pytest.raises(ItemNotFound):
        shop.explain("a", "nobody")
    with pytest.raises(BadItem):
        shop.explain("", "sofa")


def test_the_record_is_plain(shop: cs.Collection):
    record = shop.explain("velvet", "sofa").to_json()
    told = {"id", "text", "words", "exact", "score", "region", "notes", "rank", "sentence"}
    assert told | {"asked", "text_shares", "query", "stretches"} == set(record)
    start, end, _ = next(one for one in record["words"] if one[2] == 1.0)
    assert "velvet" == record["text"][start:end]
    assert [[start, end]] == record["exact"]
    assert None is record["region"]


def test_the_place_is_told_in_a_sentence(shop: cs.Collection):
    found = shop.explain("velvet armchair", "sofa")
    assert 1 == found.rank
    assert found.sentence.startswith("First of all answers: first by the meaning of its text")


def test_every_word_has_its_share(shop: cs.Collection):
    found = shop.explain("somewhere comfortable to sit", "sofa")
    shares = found.text_shares
    assert shares is not None and shares.exact
    total = sum(one.share or 0 for one in shares.words) + shares.rest
    vector = shop.model.encode_query(["somewhere comfortable to sit"]).normalized[0]
    assert total == pytest.approx(
        float(shop.get("sofa", vectors=True)[0].vectors["text"] @ vector), abs=1e-5
    )


def test_the_words_of_the_question_have_theirs(shop: cs.Collection):
    found = shop.explain("a velvet thing", "sofa")
    best = found.query["text"].top(1)[0]
    assert "velvet" == found.asked[best.start : best.end]
    assert {"text", "image"} == set(shop.explain("grey paint", "plain").query)


def test_the_question_may_have_several_parts(shop: cs.Collection):
    asked = cs.Parts(text="grey paint", image=cs.Image(disc((220, 30, 30), 0, 2)))
    found = shop.explain(asked, "plain")
    of_text = found.query["text"]
    assert not of_text.exact
    assert {"grey", "paint"} == {found.asked[one.start : one.end] for one in of_text.words}
    assert found.region is not None
    assert {} == shop.explain(cs.Image(disc((220, 30, 30), 0, 2)), "ball").query


def test_a_text_that_is_cut_is_told(shop: cs.Collection):
    notes = shop.explain("a bench", "long").notes
    assert [True] == [note.startswith("the model reads ") for note in notes]


def test_an_item_of_vectors_alone(tmp_path: Path):
    with cs.open(tmp_path / "a.cospace", model="starter") as made:
        made.add_vectors(["MK-1"], made.model.encode_document(["a chair"]))
        found = made.explain("a chair", "MK-1")
    assert (None, None, ()) == (found.text_shares, found.region, found.words)
    assert ["the item has neither a text nor files: only its vectors are stored"] == list(
        found.notes
    )


def test_a_word_model_explains_too(tmp_path: Path):
    from cospace.encode.words import WordModel, WordVectors

    rows = np.float32([[1, 0, 0], [0.9, 0.1, 0], [0, 1, 0], [0, 0, 1]])
    model = WordModel.of(WordVectors(["sofa", "couch", "rake", "red"], rows), name="demo")
    with cs.open(tmp_path / "a.cospace", model=model) as made:
        made.add(ids=["MK-1", "MK-2"], documents=["Red couch", "Rake"])
        found = made.explain("sofa", "MK-1")
    assert found.text_shares is not None and found.text_shares.exact
    assert {"couch": 1.0} == marked(found, "Red couch")


class Ear:
    """An encoder of texts and sounds that hears how much of a sound is high."""

    space = Space("ear", 2, towers=(Tower(kind="text", model="ear"), Tower("audio", "ear")))

    def encode_query(self, inputs: Sequence[Content]) -> cs.Vectors:
        return self.encode_document(inputs)

    def encode_document(self, inputs: Sequence[Content]) -> cs.Vectors:
        return cs.Vectors(np.array([self._row(one) for one in inputs], np.float32), self.space)

    def _row(self, content: Content) -> tuple[float, float]:
        [part] = Parts.of(content).values()
        if part.kind == "text":
            return (1.0, 0.2) if "whistle" in str(part.value) else (0.2, 1.0)
        data = part.value if isinstance(part.value, bytes) else part.value.read_bytes()
        sound = open_audio(data)
        power = np.abs(np.fft.rfft(sound.mono(0, sound.frames)))
        half = len(power) // 4
        return float(power[half:].sum()) + 1e-3, float(power[:half].sum()) + 1e-3


def test_the_stretch_that_carries_a_recording(tmp_path: Path):
    seconds = np.arange(8 * 8_000) / 8_000
    low, high = np.sin(2 * np.pi * 200 * seconds), np.sin(2 * np.pi * 3_000 * seconds)
    samples = np.where((seconds >= 3) & (seconds < 4), high, 0.2 * low) * 0.5
    (tmp_path / "park.wav").write_bytes(wav_bytes(samples, 8_000))
    with cs.open(tmp_path / "a.cospace", model=Ear()) as made:
        made.add([cs.Item("park", cs.Audio(tmp_path / "park.wav"))])
        [heard] = made.explain("a whistle", "park").stretches
        assert (3.0, 4.0) == heard.best
        (tmp_path / "park.wav").unlink()
        found = made.explain("a whistle", "park")
    assert () == found.stretches
    assert [True] == [note.startswith("audio cannot be read now") for note in found.notes]
