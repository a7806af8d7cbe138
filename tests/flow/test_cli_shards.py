"""A source to shards, and shards to a collection, on the command line."""

import json
from pathlib import Path

from cli_shop import Cli


def table(path: Path, count: int = 25) -> Path:
    rows = "".join(f"i{n},{'' if n == 7 else f'Red chair {n}'},{n}\n" for n in range(count))
    path.write_text(f"sku,title,price\n{rows}")
    return path


def test_a_source_becomes_shards_and_these_a_collection(cli: Cli, tmp_path: Path) -> None:
    embed = ["embed", table(tmp_path / "t.csv"), "--model", "tiny-0", "--shard-rows", "10"]
    ran = cli(*embed, "-o", "t.shards")
    assert (0, "3 shards of 3 written to t.shards: 25 rows, 24 with") == (ran.code, ran.out[:51])
    assert "1 row without vectors" in ran.err
    Path("t.shards/0000000010.parquet").unlink()
    ran = cli("import", "t.shards", "shop.cospace")
    assert (2, False) == (ran.code, "stored" in ran.err)
    assert "rows 10 to 19 are missing" in ran.err
    ran = cli(*embed, "-o", "t.shards", "--json")
    assert (3, 1, 24) == (ran.json["shards"], ran.json["written"], ran.json["vectors"])
    assert ["t.csv:9"] == [one["name"] for one in ran.json["failed"]]
    ran = cli("import", "t.shards", "shop.cospace", "--json")
    assert (24, 0, 24) == (ran.json["read"], ran.json["unchanged"], ran.json["items"])
    ran = cli("import", "t.shards", "shop.cospace")
    assert "0 items read from t.shards, 24 were there already" in ran.out
    ran = cli("search", "shop.cospace", "Red chair 3", "--json", "--where", '{"price": 3}')
    assert "i3" == ran.json["hits"][0]["id"]
    assert 1 == cli("info", "shop.cospace", "--json").json["failures"]


def test_a_collection_goes_on_from_its_shards(cli: Cli, tmp_path: Path) -> None:
    source = table(tmp_path / "t.csv")
    cli("embed", source, "--model", "tiny-0", "-o", "t.shards")
    cli("import", "t.shards", "shop.cospace")
    ran = cli("index", source, "--into", "shop.cospace", "--model", "tiny-0", "--json")
    assert 24 == ran.json["report"]["unchanged"], "nothing is encoded again"


def test_what_cannot_be_is_refused(cli: Cli, tmp_path: Path) -> None:
    source = table(tmp_path / "t.csv")
    embed = ["embed", source, "--model", "tiny-0", "-o"]
    cli(*embed, "t.shards")
    for words, code, why in (
        ([*embed, "v.npy", "--shard-rows", "5"], 2, "OUT.shards"),
        ([*embed, "t.shards", "--part", "text"], 2, "leave out --part"),
        ([*embed, "t.shards", "--shard-rows", "5"], 2, "10,000 rows a shard"),
        ([*embed, "t.shards", "--dim", "8"], 3, "was begun with"),
        ([*embed, "no/t.shards"], 2, "there is no folder"),
        ([*embed, "x.shards", "--ray", "nowhere"], 2, "HOST:PORT"),
        (["embed", "--query", "a", "-o", "v.npy", "--ray"], 2, "leave out --ray"),
        (["import", tmp_path, "shop.cospace"], 4, "no manifest.json"),
    ):
        ran = cli(*words)
        assert (code, True) == (ran.code, why in ran.err), (words, ran.err)
    assert not Path("shop.cospace").exists()
    record = json.loads(Path("t.shards/manifest.json").read_text())
    assert (25, 1) == (record["rows"], len(record["shards"]))
