"""A collection on its way to another model: what is refused, what is told, what stays."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.cli.main import main
from cospace.errors import (
    BadArgument,
    CollectionBusy,
    CollectionReadOnly,
    DiskFull,
    SpaceMismatch,
)
from cospace.limits import override
from cospace.store.truth import Truth
from cospace.testing.tiny import tiny_folder, tiny_model

OLD, NEW = tiny_model(), tiny_model(dim=16, seed=1)
TEXTS = {f"MK-{n}": f"a {colour} armchair" for n, colour in enumerate(["red", "blue", "green"])}


@pytest.fixture
def folder(fast_path: Path) -> Path:
    return fast_path / "shop.cospace"


@pytest.fixture
def shop(folder: Path) -> Iterator[cs.Collection]:
    with cs.open(folder, model=OLD) as made:
        made.add(ids=list(TEXTS), documents=list(TEXTS.values()))
        yield made


@pytest.fixture
def texts_only(fast_path: Path) -> cs.Encoder:
    return cs.load(tiny_folder(fast_path / "texts", dim=16, seed=2, kinds=["text"]))


def rows(shop: cs.Collection) -> dict[str, Any]:
    return {
        row.id: (row.text, row.metadata, row.media, row.hash, row.reason,
                 {name: one.tobytes() for name, one in row.vectors.items()})
        for row in shop.store.scan(vectors=True)
    }  # fmt: skip


def sound(folder: Path) -> None:
    truth = Truth(folder / "truth.sqlite", read_only=True)
    assert [] == truth.verify()
    truth.close()


def photo(path: Path, seed: int) -> Path:
    from PIL import Image

    noise = np.random.default_rng(seed).integers(0, 255, (4, 4, 3), np.uint8)
    Image.fromarray(noise).resize((64, 64)).save(path)
    return path


def test_all_of_it_is_as_if_it_was_built_with_the_new_model(fast_path: Path, folder: Path) -> None:
    pictures = [photo(fast_path / f"{n}.png", n) for n in range(6)]
    items = [
        cs.Item("both", cs.Parts(text="a red chair", image=cs.Image(pictures[0])), {"price": 3}),
        cs.Item("photo", cs.Parts(image=cs.Image(pictures[1]))),
        cs.Item("text", "a blue lamp", {"tags": ["x", "y"]}),
        cs.Item("several", cs.Parts(text="a rug", image=[cs.Image(one) for one in pictures[2:4]])),
    ]
    with cs.open(folder, model=OLD) as shop, cs.open(fast_path / "new", model=NEW) as direct:
        for one in (shop, direct):
            one.add(items)
        before = rows(shop)
        made = shop.migrate(NEW)
        assert (True, 4, 0, 0) == (made.complete, made.encoded, made.partial, made.truncated)
        assert before == rows(shop)
        more = [
            cs.Item(
                "both", cs.Parts(text="a red chair", image=cs.Image(pictures[0])), {"price": 4}
            ),
            cs.Item("text", "a blue lamp shade", {"tags": ["x"]}),
            cs.Item("late", cs.Parts(text="a cup", image=[cs.Image(one) for one in pictures[4:]])),
        ]
        for one in (shop, direct):
            one.upsert(more)
            one.delete("photo")
        before = rows(shop)
        switched = shop.switch_model()
        assert (2, 1) == (switched.encoded, switched.kept)
        assert rows(direct) == rows(shop)
        assert NEW.space == shop.space == shop.model.space
        for one in (shop, direct):
            assert one.search(cs.Image(pictures[2]), k=1).ids == ["several"]
        assert 3 == shop.upsert(more).unchanged
        shop.switch_back()
        assert before == rows(shop)
        shop.drop_model()
        sound(folder)
    with cs.open(folder, model=OLD) as shop:
        assert before == rows(shop)


def test_what_was_done_is_not_done_again(shop: cs.Collection) -> None:
    assert 3 == shop.migrate(NEW).encoded
    assert 0 == shop.migrate(NEW).encoded
    shop.upsert(cs.Item("MK-1", "a yellow armchair"))
    assert 1 == shop.migrate().encoded


def test_refused_before_anything_is_written(
    shop: cs.Collection, folder: Path, fast_path: Path
) -> None:
    before = (folder / "truth.sqlite").read_bytes()
    for to, error in (
        (OLD, SpaceMismatch),
        ("no-such-model", cs.errors.ModelNotFound),
        (fast_path / "nowhere", cs.errors.ModelNotFound),
        (cs.load(tiny_folder(fast_path / "sees", kinds=["image"])), SpaceMismatch),
        (None, BadArgument),
    ):
        with pytest.raises(error):
            shop.migrate(to)
    with override(free_bytes=1 << 60), pytest.raises(DiskFull):
        shop.migrate(NEW)
    for move in (shop.switch_model, shop.switch_back, shop.drop_model, shop.candidate):
        with pytest.raises(BadArgument):
            move()
    assert shop.migration is None
    assert before == (folder / "truth.sqlite").read_bytes()


def test_what_is_no_model(shop: cs.Collection) -> None:
    wrong: Any = 5
    with pytest.raises(BadArgument, match="an Encoder, not int"):
        shop.migrate(wrong)
    shop.migrate(NEW)
    with pytest.raises(BadArgument, match="an Encoder, not int"):
        shop.candidate(wrong)


def test_what_cannot_be_migrated(folder: Path, shop: cs.Collection) -> None:
    with cs.open(":memory:", model=OLD) as memory, pytest.raises(BadArgument, match="folder"):
        memory.migrate(NEW)
    with cs.open(folder, read_only=True) as reader, pytest.raises(CollectionReadOnly):
        reader.migrate(NEW)
    with pytest.raises(CollectionBusy):
        cs.open(folder)


def test_an_empty_collection(fast_path: Path) -> None:
    with cs.open(fast_path / "empty", model=OLD) as empty, pytest.raises(BadArgument):
        empty.migrate(NEW)


def test_a_model_that_asks_alone_would_not_fit(folder: Path, shop: cs.Collection) -> None:
    shop.close()
    with cs.open(folder, model=OLD, queries=OLD) as asked, pytest.raises(BadArgument):
        asked.migrate(NEW)


def test_one_at_a_time(shop: cs.Collection) -> None:
    shop.migrate(NEW)
    with pytest.raises(BadArgument, match="drop"):
        shop.migrate(tiny_model(dim=16, seed=3))
    with pytest.raises(BadArgument, match="no switch"):
        shop.switch_back()
    shop.switch_model()
    with pytest.raises(BadArgument, match="already"):
        shop.switch_model()
    with pytest.raises(BadArgument, match="migration"):
        cs.train.adapt(shop)
    shop.drop_model()
    assert 3 == shop.migrate(tiny_model(dim=16, seed=3)).encoded


def test_a_picture_for_a_text_model_is_told(
    fast_path: Path, folder: Path, texts_only: cs.Encoder
) -> None:
    with cs.open(folder, model=OLD) as shop:
        picture = photo(fast_path / "1.png", 1)
        shop.add([cs.Item("photo", cs.Parts(image=cs.Image(picture))), cs.Item("text", "a chair")])
        shop.add(cs.Item("both", cs.Parts(text="a lamp", image=cs.Image(picture))))
        before = rows(shop)
        made = shop.migrate(texts_only)
        assert (True, 2) == (made.complete, made.partial)
        assert {"photo", "both"} == {one.name for one in made.reasons}
        assert "it cannot encode 'image'" in made.reasons[0].reason
        shop.switch_model()
        assert {"photo", "text", "both"} == {item.id for item in shop}
        assert ["both"] == shop.search("a lamp", k=1).ids
        assert {"text": 2} == shop.info().fields
        shop.switch_back()
        assert before == rows(shop)
        sound(folder)


def test_files_that_are_away_and_vectors_without_a_source(fast_path: Path, folder: Path) -> None:
    with cs.open(folder, model=OLD) as shop:
        away = photo(fast_path / "1.png", 1)
        shop.add(cs.Item("away", cs.Parts(text="a chair", image=cs.Image(away))))
        shop.add_vectors(["ready"], OLD.encode_document(["a lamp"]))
        away.unlink()
        reasons = {one.name: one.reason for one in shop.migrate(NEW).reasons}
        assert {"away", "ready"} == set(reasons)
        assert "without a file or a text" in reasons["ready"]
        photo(away, 1)
        assert 1 == shop.migrate(NEW).encoded  # its file is back
        assert ["ready"] == [one.name for one in shop.migration.reasons]  # type: ignore[union-attr]


def test_a_photo_beside_one_from_memory_keeps_its_path(fast_path: Path, folder: Path) -> None:
    path = photo(fast_path / "in-a-file.png", 1)
    memory = cs.Image(np.zeros((8, 8, 3), np.uint8))
    with cs.open(folder, model=OLD) as shop:
        shop.add([cs.Item("MK-1", cs.Parts(text="a lamp", image=[memory, cs.Image(path)]))])
        before = rows(shop)
        shop.migrate(NEW)
        shop.switch_model()
        [row] = shop.store.scan(vectors=True)
        assert {"image": str(path)} == row.media
        own = NEW.encode_document([cs.Image(path)]).normalized[0]
        assert row.vectors["image"] == pytest.approx(own, abs=1e-5)
        shop.switch_back()
        assert before == rows(shop)


def test_given_vectors_come_back_though_the_item_was_written_meanwhile(
    shop: cs.Collection, folder: Path
) -> None:
    shop.add(ids=["ready"], embeddings=OLD.encode_document(["a lamp"]), metadatas=[{"price": 1}])
    before = rows(shop)["ready"]
    shop.migrate(NEW)
    shop.switch_model()
    assert {} == rows(shop)["ready"][-1]
    shop.update("ready", price=2)
    assert 0 == shop.switch_back().partial
    assert before[2:] == rows(shop)["ready"][2:]  # hash, reason, and the bits of the vector
    shop.update("ready", price=3)
    told = {one.name: one.reason for one in shop.switch_model().reasons}
    assert "without a file or a text" in told["ready"]
    shop.add_vectors(["ready"], NEW.encode_document(["a rug"]), replace=True)
    made = shop.switch_back()  # another vector was given: the older one is not the item's any more
    assert (1, {}) == (made.partial, rows(shop)["ready"][-1])
    sound(folder)


def test_what_was_tuned_belongs_to_a_model(shop: cs.Collection) -> None:
    shop.weights = {"text": 1.0, "image": 0.1, "words": 0.25}
    shop.judge("a seat", "MK-1", 2)
    shop.migrate(NEW)
    shop.switch_model()
    assert shop.weights is None
    shop.weights = {"text": 0.5, "image": 0.1, "words": 1.0}
    assert {"a seat": {"MK-1": 2}} == shop.judgments
    shop.switch_back()
    assert {"text": 1.0, "image": 0.1, "words": 0.25} == shop.weights
    shop.switch_model()
    assert {"text": 0.5, "image": 0.1, "words": 1.0} == shop.weights


def test_the_candidate_is_the_collection_after_the_switch(shop: cs.Collection) -> None:
    shop.migrate(NEW)
    with shop.candidate() as after:
        assert NEW.space == after.space
        expected = [(hit.id, hit.score) for hit in after.search("a blue seat", by="text")]
        with pytest.raises(CollectionReadOnly):
            after.delete("MK-1")
    shop.switch_model()
    assert expected == [(hit.id, hit.score) for hit in shop.search("a blue seat", by="text")]


def test_a_reader_follows(shop: cs.Collection, folder: Path) -> None:
    with cs.open(folder, read_only=True) as reader:
        for model in (OLD, NEW):
            reader.keep(model)
        assert ["MK-1"] == reader.search("a blue armchair", k=1).ids
        shop.migrate(NEW)
        shop.switch_model()
        assert ["MK-1"] == reader.search("a blue armchair", k=1).ids
        assert NEW.space == reader.space
        shop.upsert(cs.Item("MK-9", "a black violin"))
        assert ["MK-9"] == reader.search("a black violin", k=1).ids
        shop.switch_back()
        assert ["MK-9"] == reader.search("a black violin", k=1).ids
        assert OLD.space == reader.space


def test_an_ingest_goes_on_over_a_switch(shop: cs.Collection, fast_path: Path) -> None:
    shop.migrate(NEW)
    asked, go = threading.Event(), threading.Event()

    def items() -> Iterator[cs.Item]:
        for n in range(40):
            if n == 20:
                asked.set()
                assert go.wait(60)
            yield cs.Item(f"new-{n}", f"a chair of {n} legs")

    reports: list[Any] = []

    def ingest() -> None:
        with override(batch_items=5):
            reports.append(shop.upsert(items()))

    thread = threading.Thread(target=ingest)
    thread.start()
    assert asked.wait(60)
    shop.switch_model()
    go.set()
    thread.join()
    assert (40, 0) == (reports[0].added, reports[0].failed)
    with cs.open(fast_path / "direct", model=NEW) as direct:
        direct.add(ids=list(TEXTS), documents=list(TEXTS.values()))
        direct.add(cs.Item(f"new-{n}", f"a chair of {n} legs") for n in range(40))
        assert rows(direct) == rows(shop)


def test_vectors_of_the_older_model_are_refused_after_the_switch(shop: cs.Collection) -> None:
    shop.migrate(NEW)
    shop.switch_model()
    with pytest.raises(SpaceMismatch):
        shop.add_vectors(["x"], OLD.encode_document(["a lamp"]))
    with pytest.raises(SpaceMismatch):
        shop.store.extend(OLD.space, shop.store.schema)


def test_upkeep_holds(shop: cs.Collection, folder: Path, fast_path: Path) -> None:
    shop.migrate(NEW)
    shop.upsert(cs.Item("MK-0", "a purple armchair"))
    shop.delete("MK-2")
    for state in ("coming", "switched"):
        before = rows(shop)
        shop.store.compact()  # type: ignore[attr-defined]
        assert before == rows(shop)
        assert 0 == main(["backup", str(folder), str(fast_path / f"{state}.backup")])
        assert 0 == main(["verify", str(folder)])
        assert 2 == shop.export(fast_path / f"{state}.parquet")
        with cs.open(fast_path / f"{state}.backup") as copy:
            for model in (OLD, NEW):
                copy.keep(model)
            assert before == rows(copy)
            (copy.switch_model if state == "coming" else copy.switch_back)()
            assert ["MK-0"] == copy.search("a purple armchair", k=1).ids
            other = rows(copy)
        (shop.switch_model if state == "coming" else shop.switch_back)()
        assert other == rows(shop)
    sound(folder)


def test_damage_to_the_second_set_is_named(shop: cs.Collection, folder: Path) -> None:
    import apsw

    shop.migrate(NEW)
    shop.close()
    db = apsw.Connection(str(folder / "truth.sqlite"))
    db.execute("UPDATE beside SET crc = crc + 1 WHERE n = 2")
    db.execute("UPDATE beside_items SET reason = 'x' WHERE n = 3")
    db.close()
    truth = Truth(folder / "truth.sqlite", read_only=True)
    faults = truth.verify()
    truth.close()
    assert 2 == len(faults)
    assert "'MK-1': its text vector of the other model" in faults[0]
    assert "'MK-2': its record for the other model" in faults[1]


def test_an_older_cospace_leaves_it_alone(shop: cs.Collection, folder: Path) -> None:
    from cospace.store.sqlite import peek

    def version() -> int:
        shop.store._truth._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # type: ignore[attr-defined]
        header = peek(folder / "truth.sqlite")
        assert header is not None
        return header.version

    assert 1 == version()
    shop.migrate(NEW)
    assert 2 == version()
    shop.drop_model()
    assert 1 == version()
    shop.migrate(NEW)
    shop.switch_model()
    shop.drop_model()
    assert 2 == version()  # its index has another name now
    assert ["cache-2"] == [path.name for path in folder.glob("cache*")]


def test_the_command_line(fast_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    models = [tiny_folder(fast_path / "a"), tiny_folder(fast_path / "b", dim=16, seed=1)]
    folder = str(fast_path / "shop.cospace")
    with cs.open(folder, model=models[0]) as shop:
        shop.add(ids=list(TEXTS), documents=list(TEXTS.values()))

    def ran(*options: str) -> Any:
        assert 0 == main(["migrate", folder, *options, "--json"])
        return json.loads(capsys.readouterr().out)["migration"]

    assert ran() is None
    begun = ran("--to", str(models[1]), "--model", str(models[0]))
    assert (3, 3, False, True) == (
        begun["encoded"],
        begun["of"],
        begun["switched"],
        begun["complete"],
    )
    assert 0 == main(["info", folder])
    assert "to tiny-1" in capsys.readouterr().out
    assert ran("--to", str(models[1]))["encoded"] == 0
    assert ran("--switch", "--anyway")["switched"]
    assert 0 == main(["search", folder, "a blue armchair", "--model", str(models[1])])
    assert "MK-1" in capsys.readouterr().out
    assert not ran("--back", "--model", str(models[1]))["switched"]
    assert ran("--switch", "--anyway")["switched"]
    assert not ran("--back", "--to", str(models[0]))["switched"]
    assert ran("--drop") is None
    capsys.readouterr()
    never = ["--switch", "--anyway", "--wanted", "0"]
    for wrong in (["--back", "--drop"], ["--switch"], ["--back"], ["--drop"], never):
        assert 2 == main(["migrate", folder, *wrong])
