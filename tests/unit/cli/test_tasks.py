"""The four tasks as commands: what they print, what they write, what they refuse."""

import json
from pathlib import Path

import pytest

import cospace as cs
from cospace.cli.main import main

CHAIRS = [f"{wood} chair with {n} legs" for wood in ("Oak", "Pine", "Ash", "Elm") for n in "34"]
RAKES = [f"Garden rake, {colour}, {n} teeth" for colour in ("red", "blue", "grey") for n in "789"]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tasks") / "market.cospace"
    with cs.open(folder, model="starter") as shop:
        for at, text in enumerate([*CHAIRS, *RAKES]):
            kind = {} if at % 4 == 3 else {"kind": "chair" if at < 8 else "rake"}
            shop.add(cs.Item(f"i{at}", text, kind))
    return folder


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(list(words))
    return code, capsys.readouterr().out


def test_nothing_is_written_without_fill(market: Path, capsys) -> None:
    code, out = run(capsys, "classify", str(market), "--label", "kind")
    assert 0 == code
    assert "chance" in out and "nothing was written" in out
    code, out = run(capsys, "classify", str(market), "--label", "kind", "--fill", "--dry-run")
    assert 0 == code and "nothing was written" in out
    with cs.open(market) as shop:
        assert 4 == sum("kind" not in item.metadata for item in shop)


def test_fill_fills_and_says_how_many(market: Path, capsys) -> None:
    words = ("classify", str(market), "--label", "kind", "--fill", "--confidence", "sure", "--json")
    code, out = run(capsys, *words)
    record = json.loads(out)
    assert (0, 4) == (code, record["filled"]["written"])
    assert {"held_out", "answers", "classes"} <= record.keys()
    with cs.open(market) as shop:
        assert "chair" == shop["i3"].metadata["kind"]
        assert "sure" in shop["i3"].metadata and "sure" not in shop["i0"].metadata


def test_cluster_names_and_writes(market: Path, capsys) -> None:
    pytest.importorskip("sklearn")
    code, out = run(capsys, "cluster", str(market), "-k", "2", "--write", "group", "--silhouettes")
    assert 0 == code
    assert "chair" in out and "rake" in out and "stability" in out and "17 items written" in out
    assert 2 == run(capsys, "cluster", str(market), "-k", "2", "--write", "group")[0]
    code, out = run(capsys, "cluster", str(market), "--hdbscan", "--least", "3", "--json")
    assert "hdbscan" == json.loads(out)["method"]


def test_one_is_not_told_in_the_plural(tmp_path: Path, capsys) -> None:
    pytest.importorskip("sklearn")
    folder = tmp_path / "same.cospace"
    with cs.open(folder, model="starter") as shop:
        shop.add(ids=["1", "2"], documents=["Oak chair"] * 2)
    out = run(capsys, "cluster", str(folder), "-k", "2")[1]
    assert "1 cluster of 2 items" in out and "stability" not in out
    assert "1 class by" in run(capsys, "classify", str(folder), "--names", "furniture")[1]


def test_what_cannot_be_written_is_told(tmp_path: Path, capsys) -> None:
    pytest.importorskip("sklearn")
    folder = tmp_path / "priced.cospace"
    with cs.open(folder, model="starter") as shop:
        shop.add([cs.Item(f"i{at}", text, {"price": at}) for at, text in enumerate(CHAIRS[:4])])
    words = ("cluster", str(folder), "-k", "2", "--write", "price", "--replace")
    assert 2 == main(list(words))
    told = capsys.readouterr()
    assert "price: 0 items written" in told.out
    assert 4 == told.err.count("not written: i")
    code, out = run(capsys, *words, "--json")
    assert (2, 4) == (code, len(json.loads(out)["written"]["failed"]))
    assert all(one["reason"] for one in json.loads(out)["written"]["failed"])


def test_recommend_with_sessions(market: Path, tmp_path: Path, capsys) -> None:
    log = tmp_path / "log.csv"
    rows = [f"s{n},i{item}" for n in range(40) for item in (0, 9, n % 17)]
    log.write_text("\n".join(["session,item", *rows]))
    words = ("recommend", str(market), "--like", "i0", "--unlike", "i16", "-k", "4")
    code, out = run(capsys, *words)
    assert 0 == code and "chair" in out
    code, out = run(capsys, *words, "--sessions", str(log), "--diversity", "0.2")
    assert 0 == code and "popularity" in out and "recall@10" in out
    record = json.loads(run(capsys, *words, "--sessions", str(log), "--json")[1])
    assert 4 == len(record["items"]) and 0 <= record["sessions"]["share_of_sessions"] <= 1


def test_senses_are_told_and_drawn(tmp_path: Path, capsys) -> None:
    pytest.importorskip("matplotlib")
    corpus = tmp_path / "corpus.txt"
    money = ["She paid cash into the bank.", "The bank gave a loan.", "My bank charges a fee."]
    river = ["A boat lay at the river bank.", "Reeds cover the bank.", "The bank was muddy."]
    corpus.write_text("\n".join([*money, *river]))
    picture = tmp_path / "bank.png"
    words = ("senses", "bank", "--corpus", str(corpus), "-k", "2")
    code, out = run(capsys, *words, "-o", str(picture))
    assert 0 == code and "6 occurrences" in out
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert 2 == len(json.loads(run(capsys, *words, "--json")[1])["senses"])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["classify"], 2),
        (["classify", "MARKET", "--fill", "--names", "a,b"], 2),
        (["classify", "MARKET", "--label", "nothing"], 2),
        (["classify", "MARKET", "--names", "a,b, a"], 2),
        (["classify", "MARKET", "--names", ","], 2),
        (["classify", "MARKET", "--label", "kind", "--seed", "-1"], 2),
        (["cluster", "MARKET", "--seed", "-1"], 2),
        (["recommend", "MARKET", "--like", "i0", "--seed", "-1"], 2),
        (["senses", "bank", "--corpus", "none.txt", "--seed", "-1"], 2),
        (["tune", "MARKET", "--seed", "-1"], 2),
        (["compare", "starter", "--seed", "1.5"], 2),
        (["map", "MARKET", "--seed", "-1"], 2),
        (["align", "a", "b", "--seed", "-1"], 2),
        (["classify", "MARKET", "--label", "kind", "--confidence", "x"], 2),
        (["cluster", "MARKET", "--least", "3"], 2),
        (["cluster", "MARKET", "--replace"], 2),
        (["recommend", "MARKET", "--like", "nobody"], 4),
        (["recommend", "MARKET"], 2),
        (["senses", "bank", "--corpus", "none.txt"], 4),
        (["senses", "bank", "--corpus", "none.txt", "-k", "x"], 2),
    ],
)
def test_what_cannot_be_has_its_exit_code(market: Path, words, code, capsys) -> None:
    assert code == main([str(market) if one == "MARKET" else one for one in words])
    said = capsys.readouterr().err
    assert said.startswith("cospace: ")
    if "--seed" in words:
        assert "argument --seed: expected a whole number, 0 or more" in said
