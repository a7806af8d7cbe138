"""Models of every family, adopted: their vectors are those of the library they came from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.adopt import Choices, How, adopt
from cospace.limits import override
from cospace.testing.encoder import check_encoder

pytest.importorskip("torch", reason="models are adopted from torch")

from tiny_imagebind import checkpoint
from torch_models import (
    TEXTS,
    clip_model,
    gemma_model,
    native_model,
    open_clip_model,
    text_model,
    timm_model,
    tokenizer,
)

from cospace.encode.modules.libraries import library

EQUAL = 0.9999
SENTENCES = [
    "a red chair",
    "Retro velvet armchair, in good condition!",
    "two men mended nets, and the air smelled of tar. " * 6,
    "x",
    "42 kg",
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A model home of its own, and a hub that must not be asked."""
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    yield tmp_path


@pytest.fixture(scope="module")
def photos() -> list[np.ndarray]:
    """Smooth images of several shapes: what a photo is to a resizing filter."""
    from PIL import Image

    random = np.random.default_rng(1)
    images = []
    for height, width in ((480, 640), (333, 250), (224, 224), (97, 403)):
        coarse = random.integers(0, 256, (8, 9, 3), np.uint8)
        large = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        images.append(np.array(large))
    return images


def exact(name: str) -> Any:
    return cs.load(name, engine="openvino:f32")


def cosines(a: np.ndarray, b: Any) -> np.ndarray:
    b = np.asarray(b, np.float32)
    return np.einsum("ij,ij->i", a, b / np.linalg.norm(b, axis=1, keepdims=True))


POOLINGS = {"Bert": "cls", "Qwen3": "lasttoken", "MPNet": "max", "DistilBert": "weightedmean"}


@pytest.mark.parametrize("kind", TEXTS)
def test_text_models_equal_sentence_transformers(home: Path, kind: str) -> None:
    prompts = {"query": "query: ", "document": "passage: "}
    reference = text_model(home / kind, kind, pooling=POOLINGS.get(kind, "mean"), prompts=prompts)
    added = adopt(str(home / kind / "saved"), name=kind.lower())
    model = exact(kind.lower())
    queries, documents = model.encode_query(SENTENCES), model.encode_document(SENTENCES)
    assert cosines(queries.array, reference.encode_query(SENTENCES)).min() >= EQUAL
    assert cosines(documents.array, reference.encode_document(SENTENCES)).min() >= EQUAL
    assert np.abs(queries.array - documents.array).max() > 1e-3, "the two prompts differ"
    assert added.cosines["text"] >= EQUAL
    assert (2,) == documents.truncated, "the reference cuts the same text, in silence"
    loaded = cs.load(kind.lower())  # in the precision that this processor is fastest in
    assert cosines(loaded.encode_document(SENTENCES).array, documents.array).min() >= 0.99


@pytest.mark.parametrize("kind", ["Bert", "XLMRoberta", "Qwen3"])
def test_text_models_pass_the_public_suite(home: Path, kind: str) -> None:
    text_model(home / kind, kind, dense=16)
    adopt(str(home / kind / "saved"), name="mine")
    model = exact("mine")
    assert 16 == model.space.dim
    check_encoder(model)


def test_static_embeddings_are_a_table_and_a_mean(home: Path) -> None:
    """As Word2Vec and GloVe are used, and Model2Vec: a vector a token, whatever is around."""
    st = library("sentence_transformers")
    import torch

    torch.manual_seed(3)
    tokens = tokenizer()
    module = st.sentence_transformer.modules.StaticEmbedding(tokens, embedding_dim=20)
    reference = st.SentenceTransformer(modules=[module], device="cpu")
    reference.save_pretrained(str(home / "static"))
    added = adopt(str(home / "static"), name="static")
    assert added.cosines["text"] >= EQUAL
    model = exact("static")
    found = model.encode_document(SENTENCES)
    assert cosines(found.array, reference.encode(SENTENCES)).min() >= EQUAL
    assert () == found.truncated, "it reads to the end"
    check_encoder(model)


def test_both_engines_give_the_same_vectors(home: Path) -> None:
    reference = text_model(home, dense=16, pooling="mean_sqrt_len_tokens")
    added = adopt(str(home / "saved"), name="mine", how=How(engines=("openvino", "torch")))
    by_torch = cs.load("mine", engine="torch:cpu")
    assert {"text": "f32 on cpu"} == by_torch.warm().precision
    assert added.model.space.fingerprint == by_torch.space.fingerprint
    rows = by_torch.encode_document(SENTENCES).array
    assert cosines(rows, reference.encode(SENTENCES)).min() >= EQUAL
    assert cosines(rows, exact("mine").encode_document(SENTENCES).array).min() >= EQUAL
    check_encoder(by_torch)


def test_weights_in_8_bits_stay_close(home: Path) -> None:
    text_model(home)
    added = adopt(str(home / "saved"), name="mine", how=How(weights="int8"))
    adopt(str(home / "saved"), name="whole")
    sizes = {
        n: (added.folder.parent / n / "text/model.bin").stat().st_size for n in ("mine", "whole")
    }
    assert sizes["mine"] < sizes["whole"] * 0.8, "small tensors stay as they are"
    assert 0.99 <= added.cosines["text"] < 1


def test_a_plain_model_takes_its_pooling_and_prompts_from_the_user(home: Path) -> None:
    reference = text_model(home, pooling="mean")
    with pytest.raises(cs.errors.UnsupportedModel, match="--pooling"):
        adopt(str(home / "inner"), name="plain")
    added = adopt(str(home / "inner"), name="plain", choices=Choices(pooling="mean"))
    assert any("prompts are unknown" in note for note in added.notes)
    given = Choices(pooling="mean", query_prompt="find: ", document_prompt="")
    prompted = adopt(str(home / "inner"), name="prompted", choices=given)
    assert not any("prompts" in note for note in prompted.notes)
    rows = exact("prompted").encode_query(SENTENCES).array
    assert cosines(rows, reference.encode(SENTENCES, prompt="find: ")).min() >= EQUAL


def test_a_known_name_brings_its_prompts(home: Path) -> None:
    text_model(home, pooling="cls")
    adopt(str(home / "inner"), name="bge-small-en-v1.5")
    tower = cs.load("bge-small-en-v1.5").space.towers[0]
    assert "cls" == tower.pooling
    assert tower.prompts["query"].startswith("Represent this sentence")


@pytest.mark.parametrize("kind", ["CLIP", "SIGLIP"])
def test_joint_models_equal_transformers(home: Path, photos: list[np.ndarray], kind: str) -> None:
    import torch

    reference, tokens, images = clip_model(home / kind, kind)
    adopt(str(home / kind), name="joint")
    model = exact("joint")
    most = 64 if kind == "SIGLIP" else 77
    padding = {"padding": "max_length" if kind == "SIGLIP" else True, "max_length": most}
    lower = [text.lower() for text in SENTENCES]
    given = tokens(lower, truncation=True, return_tensors="pt", **padding)
    if kind == "SIGLIP":
        given = {"input_ids": given["input_ids"]}
    else:
        given = {key: given[key] for key in ("input_ids", "attention_mask")}
    with torch.no_grad():
        texts = reference.get_text_features(**given).pooler_output
        pixels = images(photos, return_tensors="pt")["pixel_values"]
        seen = reference.get_image_features(pixel_values=pixels).pooler_output
    assert cosines(model.encode_query(SENTENCES).array, texts).min() >= EQUAL
    found = model.encode_document([cs.Image(photo) for photo in photos]).array
    assert cosines(found, seen).min() >= EQUAL
    assert ("text", "image") == model.space.kinds
    check_encoder(model)


def test_open_clip_models_equal_open_clip(home: Path, photos: list[np.ndarray]) -> None:
    import torch
    from PIL import Image

    open_clip = library("open_clip")
    reference = open_clip_model(home / "clip")
    adopt(str(home / "clip"), name="joint")
    model = exact("joint")
    transform = open_clip.image_transform(
        32, is_train=False, mean=(0.4, 0.5, 0.6), std=(0.2, 0.25, 0.3), interpolation="bicubic"
    )
    with torch.no_grad():
        texts = reference.encode_text(open_clip.tokenizer.tokenize(SENTENCES))
        pixels = torch.stack([transform(Image.fromarray(photo)) for photo in photos])
        seen = reference.encode_image(pixels)
    assert cosines(model.encode_document(SENTENCES).array, texts).min() >= EQUAL
    found = model.encode_document([cs.Image(photo) for photo in photos]).array
    assert cosines(found, seen).min() >= EQUAL
    check_encoder(model)


@pytest.mark.parametrize("name", ["resnet10t", "vit_tiny_patch16_224"])
def test_timm_models_equal_timm(home: Path, photos: list[np.ndarray], name: str) -> None:
    import torch
    from PIL import Image

    timm = library("timm")
    reference = timm_model(home / name, name)
    adopt(str(home / name), name="images")
    recipe = timm.data.resolve_data_config(model=reference, use_test_size=True)
    transform = timm.data.create_transform(**recipe)
    reference.reset_classifier(0)
    with torch.no_grad():
        seen = reference(torch.stack([transform(Image.fromarray(photo)) for photo in photos]))
    model = exact("images")
    found = model.encode_document([cs.Image(photo) for photo in photos]).array
    assert cosines(found, seen).min() >= EQUAL
    check_encoder(model)


@pytest.mark.parametrize("made", [native_model, gemma_model])
def test_a_native_model_takes_both_as_one(
    home: Path, photos: list[np.ndarray], made: Callable[[Path], Any]
) -> None:
    """Qwen3-VL and EmbeddingGemma 2."""
    from PIL import Image

    reference = made(home)
    added = adopt(str(home / "saved"), name="native")
    model = cs.load("native")
    assert {} == added.cosines, "torch runs it, so there is nothing to compare it with"
    image = Image.fromarray(photos[0])
    both = cs.Parts(text="in green", image=cs.Image(photos[0]))
    found = model.encode_document(["a red chair", cs.Image(photos[0]), both]).array
    given = [{"text": "a red chair"}, {"image": image}, {"text": "in green", "image": image}]
    expected = np.concatenate([reference.encode_document([one]) for one in given])
    assert cosines(found, expected).min() >= EQUAL
    prompted = reference.encode_query([{"text": "a red chair"}])
    assert cosines(model.encode_query(["a red chair"]).array, prompted).min() >= EQUAL
    check_encoder(model)


def test_imagebind_brings_seven_kinds(home: Path) -> None:
    folder = checkpoint(home / "mine")
    added = adopt(str(folder), name="bind")
    assert ("text", "image", "video", "audio", "depth", "thermal", "imu") == added.model.space.kinds
    assert min(added.cosines.values()) >= EQUAL
    assert "CC-BY-NC-SA-4.0" == added.license
    towers = {tower.kind: tower for tower in added.model.space.towers}
    assert towers["image"].graph == towers["video"].graph, "one graph for both"
    check_encoder(exact("bind"))


def test_a_text_model_given_an_image_says_so(home: Path, photos: list[np.ndarray]) -> None:
    text_model(home)
    adopt(str(home / "saved"), name="mine")
    with pytest.raises(cs.errors.BadItem, match="takes text"):
        cs.load("mine").encode_document(["a chair", cs.Image(photos[0])])


def test_a_collection_finds_its_added_model_again(home: Path) -> None:
    text_model(home)
    adopt(str(home / "saved"), name="mine")
    with cs.open(home / "shop", model="mine") as shop, override(free_bytes=0):
        shop.add([cs.Item("1", "a red chair"), cs.Item("2", "a bus")])
    with cs.open(home / "shop") as shop:
        assert "1" == shop.search("a red chair", by="text")[0].id


def test_the_process_that_loads_it_needs_no_torch(home: Path) -> None:
    import subprocess
    import sys

    text_model(home)
    adopt(str(home / "saved"), name="mine")
    code = (
        "import sys, cospace as cs; cs.load('mine').encode_query(['a chair'])\n"
        "print(sorted({'torch', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    assert "[]" == done.stdout.strip()
