"""Commands, and what reads a collection, with an address in place of a folder."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import cospace as cs
from cospace.audit.view import view_of
from cospace.cli.main import main
from cospace.errors import BadArgument, CollectionBusy, CollectionReadOnly, StoreUnreachable
from cospace.serve.app import build
from cospace.serve.settings import Settings
from cospace.store.remote.address import read_address
from cospace.store.remote.open import ENGINES, STORES, engine_of
from cospace.testing.tiny import tiny_model
from stores import running

IDS = [f"MK-{n}" for n in range(8)]
THINGS = ["armchair", "rake", "lamp", "kettle", "bicycle", "drum", "coat", "puzzle"]


@pytest.fixture(scope="module", params=["postgresql", "qdrant"])
def address(request: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("addressed")
    with running.STORES[request.param](folder) as given:
        place = running.addressed(given, folder / "truth.cospace")
        with cs.open(place, model="starter") as shop:
            shop.add(ids=IDS, documents=THINGS)
        yield place


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("map ADDRESS", "points"),
        ("map ADDRESS -o map.html", "drawn in map.html"),
        ("compact ADDRESS", "before"),
        ("export ADDRESS out.parquet", "8 items written"),
        ("compare ADDRESS copied.cospace", "both share"),
        ("compare ADDRESS ADDRESS", "both share 100"),
        ("info ADDRESS", "8"),
        ("facets ADDRESS", "8 items"),
        ("search ADDRESS chair -k 1", "MK-0"),
    ],
)
def test_a_command_takes_an_address(
    words: str,
    told: str,
    address: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if "copied" in words:
        assert 0 == main(["copy", address, "copied.cospace"])
    before = {path.name for path in tmp_path.iterdir()}
    code = main([address if word == "ADDRESS" else word for word in words.split()])
    out, err = capsys.readouterr()
    assert code in (0, 11), err
    assert told in out
    assert {path.name for path in tmp_path.iterdir()} <= before | {"map.html", "out.parquet"}


def test_verify_says_what_it_did_not_look_at(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = address.startswith("postgresql")
    assert (2 if whole else 0) == main(["verify", address])
    out, err = capsys.readouterr()
    assert ("cospace copy ADDRESS FOLDER" if whole else "not looked at") in out + err


def test_a_collection_is_not_audited_against_itself(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["audit", address, "--against", address, "--checks", "leaks"])
    assert "given twice" in capsys.readouterr().err


def test_what_another_collection_has_there_is_refused_before_anything_is_stored(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if address.startswith("postgresql"):
        pytest.skip("it has no folder")
    (tmp_path / "things.csv").write_text("id,title\na,an armchair\n")
    with cs.open(address) as shop:
        shop.search("chair")
    other = f"{address.partition('folder=')[0]}folder={tmp_path / 'other.cospace'}"
    assert 4 == main(["index", str(tmp_path / "things.csv"), "--into", other])
    assert "belongs to another collection" in capsys.readouterr().err
    assert ["things.csv"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("words", ["backup shop.cospace ADDRESS", "demo --into ADDRESS"])
def test_what_goes_into_folders_makes_none_for_an_address(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with cs.open("shop.cospace", model=tiny_model()) as shop:
        shop.add(ids=IDS, documents=THINGS)
    address = "qdrant://127.0.0.1:1/market"
    assert 2 == main([address if word == "ADDRESS" else word for word in words.split()])
    assert "cospace copy" in capsys.readouterr().err
    assert ["shop.cospace"] == [path.name for path in tmp_path.iterdir()]


def test_a_collection_is_served_by_the_name_in_its_address(address: str) -> None:
    with TestClient(build(Settings(collections=(address,))), base_url="http://localhost") as web:
        assert ["market"] == [one["name"] for one in web.get("/collections").json()["collections"]]
        found = web.post("/collections/market/search", json={"query": "chair", "k": 1}).json()
        assert ["MK-0"] == [one["id"] for one in found["hits"]]
        answer = web.get("/collections/market/map")
        assert answer.status_code in (200, 400, 404), answer.text


def test_what_audit_advises_names_the_collection(address: str) -> None:
    with cs.open(address, read_only=True) as shop:
        place = view_of(shop).folder
    with cs.open(shlex.split(place)[0], read_only=True) as again:
        assert 8 == len(again)


def test_a_reader_refuses_all_that_writes(address: str) -> None:
    with cs.open(address, read_only=True) as shop:
        with pytest.raises(CollectionReadOnly):
            shop.store.compact()  # type: ignore[attr-defined]
        with pytest.raises(CollectionReadOnly):
            shop.delete(IDS)
        shop.store.optimize()
        assert 8 == len(shop)
    with pytest.raises(BadArgument, match="owner's: leave them out to read"):
        cs.open(address, read_only=True, language="german")


def test_who_may_still_read_while_an_engine_is_in_use(address: str) -> None:
    if address.startswith("postgresql"):
        pytest.skip("it may be open in several processes")
    with cs.open(address) as shop, pytest.raises(CollectionBusy, match="cospace search") as busy:
        cs.open(address, read_only=True)
    assert str(shop.store.folder) in str(busy.value).rpartition("cospace search")[2]  # type: ignore[attr-defined]


@pytest.mark.parametrize("place", ["qdrant:/host/market", "Qdrant://host/market", "MILVUS:/x"])
def test_a_mistyped_address_is_no_folder(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for given in (place, Path(place)):
        with pytest.raises(BadArgument, match="no address"):
            cs.open(given, model="starter")
    assert [] == list(tmp_path.iterdir())


def test_the_folder_of_an_address_can_be_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    old, new = tiny_model(), tiny_model(dim=16, seed=1)
    with running.STORES["qdrant"](tmp_path) as place:
        with cs.open(place, model=old) as shop:
            shop.add(ids=IDS, documents=THINGS)
            assert ["MK-0"] == shop.search("armchair", k=1).ids
            with pytest.raises(BadArgument, match=r"cospace migrate market\.cospace"):
                shop.migrate(new)
        with cs.open("market.cospace", model=old) as local:
            local.migrate(new)
            local.switch_model()
        with cs.open(place, model=new) as shop:
            assert ["MK-0"] == shop.search("armchair", k=1).ids
            assert 8 == shop.store._engine.count("text")  # type: ignore[attr-defined]


def test_a_write_while_the_engine_is_away_is_stored(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with ExitStack() as until:
        with running.STORES["qdrant"](tmp_path) as given:
            place = running.addressed(given, tmp_path / "m").replace("timeout=30", "timeout=0.2")
            shop = until.enter_context(cs.open(place, model=tiny_model()))
            shop.add(ids=["MK-0"], documents=["armchair"])
        assert 1 == shop.add(ids=["MK-1"], documents=["rake"]).added
        assert "all is stored" in caplog.text
        assert 2 == len(shop)
        with pytest.raises(StoreUnreachable):
            shop.search("rake")


def test_what_the_server_lost_is_there_again(address: str) -> None:
    if address.startswith("postgresql"):
        pytest.skip("all of it is there")
    parts = read_address(address, options=("folder",))
    with cs.open(address) as shop:
        shop.search("chair", k=1)
        other: Any = engine_of(parts)
        other.remove()  # as a server does that begins anew without its disk
        other.close()
        shop.upsert(ids="MK-8", documents="fountain pen")
        assert ["MK-0"] == shop.search("chair", k=1).ids
        shop.delete(["MK-8"])
    with cs.open(address) as shop:
        assert ["MK-0"] == shop.search("chair", k=1).ids
        assert 8 == shop.store._engine.count("text")  # type: ignore[attr-defined]


@pytest.mark.parametrize("scheme", [*ENGINES, *STORES])
def test_no_scheme_is_taken_for_a_folder(scheme: str) -> None:
    with pytest.raises(BadArgument, match="no address"):
        cs.open(Path(f"{scheme}://host/market"))


def test_info_tells_what_is_here_while_the_engine_is_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with cs.open(tmp_path / "shop", model=tiny_model()) as shop:
        shop.add(ids=IDS, documents=THINGS)
    away = f"qdrant://127.0.0.1:1/market?timeout=0.2&folder={tmp_path / 'shop'}"
    assert 0 == main(["info", away])
    out = capsys.readouterr().out
    assert "does not answer" in out
    assert "8 text" in out
