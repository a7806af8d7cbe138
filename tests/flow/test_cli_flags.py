"""The command line speaks of options: never of the arguments of Python."""

import re
from pathlib import Path

import pytest

from cospace.cli.flags import spoken
from cospace.cli.main import main

ARGUMENT = re.compile(r"(?<![\w.\-/'\"])[a-z_]+=(?![=\w]*\.json)")


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("say id=..., the column", "say --id COLUMN, the column"),
        ("say text=... or image=...", "say --text COLUMN or --image COLUMN"),
        ("write metadata=['price']", "write --metadata price"),
        ('write metadata=["a", "b"]', "write --metadata a,b"),
        ("name those with metadata=[...]. Left", "name those with --metadata COLUMNS. Left"),
        ("say location=('lat', 'lon')", "say --lat lat --lon lon"),
        ('location=("a b", "c") it is', "--lat a b --lon c it is"),
        ("with images=FOLDER", "with --images FOLDER"),
        ("leave out id=, text=, images=, ...", "leave out --id, --text, --images, ..."),
        ("leave out quantization=", "leave out --quantization"),
        ("Open it with quantization='int8', or", "Open it with --quantization int8, or"),
        ("such as model='starter'", "such as --model starter"),
        ("with model=FOLDER, on the command line --model FOLDER", "with --model FOLDER"),
        ("without model= (on the command line without --model), or", "without --model, or"),
        ("text=..., or read(..., changes=True).", "--text COLUMN."),
        # What is not an argument stays.
        ("the cell holds 'id=5'", "the cell holds 'id=5'"),
        ("https://x.org/?id=5&text=a", "https://x.org/?id=5&text=a"),
        ("--model=starter", "--model=starter"),
        ("grid=3, paid=4", "grid=3, paid=4"),
        ("a chair", "a chair"),
    ],
)  # fmt: skip
def test_arguments_become_options(said: str, heard: str) -> None:
    assert heard == spoken(said)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.csv").write_text("sku,name,price,photo\nA1,Oak chair,5,gone.jpg\n")
    (tmp_path / "bare.csv").write_text("a,b\n1,2\n3,4\n")
    (tmp_path / "noid.csv").write_text("price\n5\n")
    wide = ",".join(f"c{n}" for n in range(90))
    (tmp_path / "wide.csv").write_text(f"sku,name,{wide}\nA1,Chair,{','.join('x' * 90)}\n")
    (tmp_path / "place.csv").write_text("sku,name,lat,lon,location\nA1,Chair,5,6,Kiel\n")
    far = tmp_path.parent / "far.jpg"
    (tmp_path / "far.csv").write_text(f"sku,name,photo\nA1,Chair,{far}\nA2,Lamp,../x.jpg\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/a.txt").write_text("a chair")
    assert 0 == main(["index", "good.csv", "--into", "good.cospace"])
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "index bare.csv",
        "index bare.csv --json",
        "index noid.csv --into good.cospace --update",
        "update good.cospace noid.csv",
        "index wide.csv",
        "index place.csv",
        "index far.csv",
        "index folder --id sku",
        "index folder --images folder",
        "index good.csv --images nowhere",
        "index good.csv --metadata nothing",
        "index good.csv --text {nothing}",
        "index good.csv --id nothing",
        "index good.csv --into good.cospace --dim 100",
        "index good.csv --into good.cospace --model gone",
        "search good.cospace chair --where {}x",
        'search good.cospace chair --where {"prize":1}',
        "search nowhere.cospace chair",
        "search good.cospace",
        "delete good.cospace",
        "embed bare.csv -o x.npy",
        "embed good.csv -o x.npy --image photo --model starter",
        "compare starter --table bare.csv",
        "compare starter --table good.csv --label sku",
        "evaluate nothing.csv",
        "tokens --file bare.csv",
    ],
)
def test_no_message_speaks_python(
    shop: Path, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    main(line.split())
    said = "\n".join(capsys.readouterr())
    assert [] == ARGUMENT.findall(said.replace("…", "...")), said


def test_embed_says_that_it_takes_one_of_several_photos(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    for name in "ab":
        Image.new("RGB", (8, 8), "red").save(f"{name}.png")
    (shop / "two.csv").write_text("sku,name,photos\nA1,Chair,a.png;b.png\n")
    told = "of several photos of an item the first is embedded"
    for line, said in (
        ("embed two.csv -o x.npy --part image --model starter", True),
        ("embed two.csv -o x.npy --part image --model starter --json", True),
        ("embed good.csv -o x.npy --model starter", False),
    ):
        capsys.readouterr()
        assert 0 == main(line.split())
        assert said == (told in "".join(capsys.readouterr()))
