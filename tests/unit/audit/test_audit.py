"""audit and dedupe on real collections, and on those that have hardly anything to audit."""

import json
from pathlib import Path

import pytest

import cospace as cs
from cospace.audit import CHECKS, audit, duplicates
from cospace.audit.units import unit_of
from cospace.cli.main import main
from cospace.errors import BadArgument, CollectionNotFound, SpaceMismatch

MARKET = Path(__file__).parents[3] / "examples/marketplace"
KINDS = (
    "oak chair",
    "steel rake",
    "wool coat",
    "desk lamp",
    "street bike",
    "tea pot",
    "board game",
)
WORDS = ("red", "blue", "small", "large", "old", "new", "garden", "kitchen", "office", "holiday")


def texts(n: int) -> list[str]:
    return [
        f"{WORDS[i % 10]} {KINDS[i % 7]} number {i} for the {WORDS[(i // 7) % 10]} room, "
        f"bought in {1980 + i % 41}, {WORDS[(i * 3) % 10]} and {WORDS[(i // 10) % 10]}"
        for i in range(n)
    ]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audit") / "market.cospace"
    rows = [item for _, item in zip(range(60), cs.read(MARKET / "listings.csv"), strict=False)]
    first = rows[0]
    with cs.open(folder, model="starter") as shop:
        shop.add(rows)
        shop.add(cs.Item("copy", cs.Parts(**dict(first.parts.items())), {"price": 3}))
        shop.add(cs.Item("loud", (rows[5].parts.text or "").upper(), {"price": 4}))
    return folder


def test_every_check_says_something_of_the_marketplace(market: Path) -> None:
    with cs.open(market, read_only=True) as shop:
        found = audit(shop, label="category")
    # A check may have several findings: "flips: colour", "flips: name".
    assert list(CHECKS) == list(dict.fromkeys(one.check.split(":")[0] for one in found.findings))
    assert all(one.said and (one.p is not None or one.verdict != "found" or one.why_no_p)
               for one in found.findings)  # fmt: skip
    assert ("MK-1008", "copy") in [one.ids for one in found["duplicates"].groups]
    assert found["duplicates"].mend.startswith("cospace dedupe")
    json.dumps(found.to_json(), allow_nan=False)


def test_the_fuller_item_is_kept(market: Path) -> None:
    with cs.open(market, read_only=True) as shop:
        groups = [one.ids for one in duplicates(shop)]
        assert ("MK-1008", "copy") in groups
        assert all(len(ids) == 2 for ids in groups)


def test_dedupe_deletes_what_it_said(market: Path, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "twice.cospace"
    with cs.open(folder, model="starter") as shop:
        shop.add(ids=["a", "b", "c"], documents=["Oak chair", "Steel rake", "Oak  chair"])
    assert 0 == main(["dedupe", str(folder), "--json"])
    said = json.loads(capsys.readouterr().out)
    assert [{"keep": "c", "drop": ["a"], "said": "the very same"}] == said["groups"] or [
        {"keep": "a", "drop": ["c"], "said": "the very same"}
    ] == said["groups"]
    assert 0 == said["deleted"]
    assert 0 == main(["dedupe", str(folder), "--delete"])
    assert "drop" in capsys.readouterr().out
    with cs.open(folder, read_only=True) as shop:
        assert 2 == len(shop)
        assert [] == duplicates(shop)


def test_the_command_prints_findings_and_what_mends_them(market: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    assert 0 == main(["audit", str(market), "--checks", "duplicates,missing parts"])
    out = capsys.readouterr().out
    assert "duplicates: " in out
    assert "mend: cospace dedupe" in out


def shop_of(documents: list[str], **columns) -> cs.Collection:  # type: ignore[no-untyped-def]
    shop = cs.open(":memory:", model="starter")
    shop.add(ids=[f"{i:04}" for i in range(len(documents))], documents=documents, **columns)
    return shop


def verdicts(shop: cs.Collection, **told) -> dict[str, str]:  # type: ignore[no-untyped-def]
    return {one.check: one.verdict for one in audit(shop, **told).findings}


def test_one_item_is_too_little_to_tell() -> None:
    found = verdicts(shop_of(["Oak chair"]))
    assert "inconclusive" == found["duplicates"] == found["hubs"] == found["shape of the space"]
    assert "skipped" == found["text and photo"] == found["wrong labels"] == found["drift"]


def test_an_empty_collection_is_refused() -> None:
    shop = cs.open(":memory:", model="starter")
    with pytest.raises(BadArgument, match="no items"):
        audit(shop)
    with pytest.raises(BadArgument, match="no items"):
        duplicates(shop)


def test_equal_texts_are_one_group() -> None:
    shop = shop_of(["Oak chair with arms"] * 40)
    [group] = duplicates(shop)
    assert 40 == len(group.ids)
    assert "0000" == group.ids[0]
    found = verdicts(shop)
    assert "found" == found["duplicates"]
    assert "found" != found["hubs"]


def test_one_class_cannot_be_told_wrong() -> None:
    shop = shop_of(texts(60), metadatas=[{"kind": "thing"}] * 60)
    found = audit(shop, label="kind", checks=["wrong labels", "constant columns"])
    assert "skipped" == found["wrong labels"].verdict
    assert "found" == found["constant columns"].verdict


def test_a_field_that_is_not_there_is_told_with_those_that_are() -> None:
    shop = shop_of(texts(3), metadatas=[{"kind": "thing"}] * 3)
    with pytest.raises(BadArgument, match="it has: kind"):
        audit(shop, label="category")
    with pytest.raises(BadArgument, match="there is no check"):
        audit(shop, checks=["beauty"])
    with pytest.raises(BadArgument, match="since is a date"):
        audit(shop, date="kind", since="soon", checks=["drift"])


def test_another_space_is_refused(tmp_path: Path) -> None:
    other = cs.open(":memory:")
    other.add_vectors(["a"], cs.Vectors([[1.0, 0.0]], cs.Space.of("mine", 2)))
    with pytest.raises(SpaceMismatch):
        audit(shop_of(["Oak chair"]), against=other)
    with pytest.raises(CollectionNotFound):
        cs.open(tmp_path / "none", create=False)


def test_ready_vectors_without_a_model_are_audited() -> None:
    import numpy as np

    rows = np.random.default_rng(0).normal(size=(200, 16)).astype(np.float32)
    rows[1] = rows[0]
    shop = cs.open(":memory:")
    shop.add_vectors([f"{i:03}" for i in range(200)], cs.Vectors(rows, cs.Space.of("mine", 16)))
    found = audit(shop)
    assert [("000", "001")] == [one.ids for one in found["duplicates"].groups]
    assert "skipped" == found["texts cut short"].verdict


def test_leaks_between_two_values_of_a_column() -> None:
    documents = texts(60)
    documents[45] = documents[3].upper()
    metadatas = [{"split": "test" if i >= 40 else "train"} for i in range(60)]
    found = audit(shop_of(documents, metadatas=metadatas), split="split", checks=["leaks"])
    assert ("0003", "0045") in [one.ids for one in found["leaks"].groups]


def test_mixed_currencies_and_scales_are_named() -> None:
    prices = [f"{10 + i} EUR" for i in range(40)]
    prices[7] = "$12"
    weights = [500.0 + i for i in range(40)]
    weights[:6] = [0.5 + i / 100 for i in range(6)]
    metadatas = [{"price": p, "weight": w} for p, w in zip(prices, weights, strict=True)]
    found = audit(shop_of(texts(40), metadatas=metadatas), checks=["mixed units"])["mixed units"]
    assert "found" == found.verdict
    assert {"0007", *(f"{i:04}" for i in range(6))} == set(found.ids)
    assert "kg" == unit_of("3 kgs")


def test_the_order_of_the_items_changes_nothing() -> None:
    documents = texts(80)
    documents[50] = documents[4].lower() + "."
    ids = [f"{i:04}" for i in range(80)]
    one, two = cs.open(":memory:", model="starter"), cs.open(":memory:", model="starter")
    one.add(ids=ids, documents=documents)
    two.add(ids=ids[::-1], documents=documents[::-1])
    groups = [{frozenset(group.ids) for group in duplicates(shop)} for shop in (one, two)]
    assert groups[0] == groups[1]


def test_it_ends_when_it_is_told_to(market: Path) -> None:
    def stop(_: object) -> None:
        raise KeyboardInterrupt

    with cs.open(market, read_only=True) as shop, pytest.raises(KeyboardInterrupt):
        audit(shop, progress=stop)


def test_a_photo_that_is_gone_and_a_part_that_failed_are_named(tmp_path: Path) -> None:
    for name in ("MK-1008", "MK-1009"):
        (tmp_path / f"{name}.jpg").write_bytes((MARKET / f"photos/{name}.jpg").read_bytes())
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    shop = cs.open(":memory:", model="starter")
    shop.add(
        [
            cs.Item(name, cs.Parts(text=f"thing {name}", image=cs.Image(tmp_path / f"{name}.jpg")))
            for name in ("MK-1008", "MK-1009", "broken")
        ],
        errors="report",
    )
    (tmp_path / "MK-1009.jpg").unlink()
    found = audit(shop, checks=["missing parts"])["missing parts"]
    assert "found" == found.verdict
    assert {"MK-1009", "broken"} == set(found.ids)
    assert {1.0} == {found.figures["failed part"], found.figures["file gone"]}


def test_long_texts_are_named_with_what_is_lost() -> None:
    shop = shop_of(["Oak chair", "word " * 900])
    found = audit(shop, checks=["texts cut short"])["texts cut short"]
    assert ("0001",) == found.ids
    assert found.figures["tokens lost"] > 600
    assert "--chunks" in found.mend


def test_new_items_of_one_category_that_drift_are_named() -> None:
    old = [f"{text} of plain make" for text in texts(140)]
    new = texts(140)
    for i in range(0, 140, 7):  # the first kind: oak chairs
        new[i] = f"oak chair, wholesale lot of {i} cartons, invoice with VAT, customs tariff code"
    metadatas = [{"kind": KINDS[i % 7], "listed": f"{2024 + i // 140}-05-05"} for i in range(280)]
    shop = shop_of([*old, *[f"{text} of plain make" for text in new]], metadatas=metadatas)
    told = {"label": "kind", "date": "listed", "since": "2025-01-01"}
    found = audit(shop, **told, checks=["drift"])["drift"]
    assert "found" == found.verdict
    assert ["oak chair"] == [group.said.partition(":")[0] for group in found.groups]
