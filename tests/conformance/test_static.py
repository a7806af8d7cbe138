"""Static embeddings, followed as their own library has them; prompts that another would not use."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.adopt import Choices, adopt
from cospace.errors import BadInput, UnsupportedModel

pytest.importorskip("torch", reason="models are adopted from torch")

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from torch_models import text_model

from cospace.encode.modules.libraries import library

WORDS = ["[UNK]", "[PAD]", "chair", "red", "lamp", "a", "green", "velvet"]
WORDS += [f"w{n}" for n in range(600)]
TEXTS = [
    "a red chair",
    "a zeppelin red",
    "zeppelin lamp zeppelin zeppelin",
    "velvet",
    "a green velvet chair xyzzy",
]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    yield tmp_path


def tokenizer(kind: str) -> Tokenizer:
    if kind == "Unigram":
        made = Tokenizer(models.Unigram([(word, -float(i)) for i, word in enumerate(WORDS)], 0))
    else:
        vocabulary = {word: i for i, word in enumerate(WORDS)}
        made = Tokenizer(getattr(models, kind)(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made


TABLE = torch.randn(len(WORDS), 16, generator=torch.Generator().manual_seed(1))
WEIGHTS = torch.linspace(0.2, 2, len(WORDS))
MAPPING = torch.tensor([7, 1, 2, 2, 4, 5, 6, 0, *range(8, len(WORDS))])


def model2vec(folder: Path, kind: str = "WordLevel", **config: Any) -> Path:
    """A folder as model2vec saves it, with its weights and its mapping of tokens to rows."""
    folder.mkdir()
    tensors = {"embeddings": TABLE, "weights": WEIGHTS, "mapping": MAPPING}
    save_file(tensors, folder / "model.safetensors")
    tokenizer(kind).save(str(folder / "tokenizer.json"))
    record = {"model_type": "model2vec", "architectures": ["StaticModel"], "normalize": True}
    (folder / "config.json").write_text(json.dumps(record | config))
    return folder


def as_model2vec(text: str, tokens: Tokenizer, most: int = 512) -> np.ndarray:
    """model2vec 0.10: the mean of embeddings[mapping] * weights over the tokens that are known."""
    ids = [i for i in tokens.encode(text, add_special_tokens=False).ids[:most] if i != 0]
    row = (TABLE[MAPPING[ids]] * WEIGHTS[ids, None]).mean(0).numpy()
    return row / np.linalg.norm(row)


@pytest.mark.parametrize("kind", ["WordLevel", "WordPiece", "Unigram"])
@pytest.mark.parametrize("listed", [False, True])
def test_model2vec_leaves_unknown_words_out(home: Path, kind: str, listed: bool) -> None:
    folder = model2vec(home / "m2v", kind)
    if listed:  # as its repositories are, for sentence-transformers to read
        kind_of = "sentence_transformers.models.StaticEmbedding"
        row = {"idx": 0, "name": "0", "path": ".", "type": kind_of}
        (folder / "modules.json").write_text(json.dumps([row]))
    added = adopt(str(folder), name="m2v")
    assert any("made by model2vec" in note for note in added.notes)
    model = cs.load("m2v")
    texts = TEXTS if kind != "Unigram" else [t for t in TEXTS if "z" not in t]
    found = model.encode_document(texts).array
    expected = np.stack([as_model2vec(text, tokenizer(kind)) for text in texts])
    assert (found * expected).sum(1).min() > 0.9999
    if kind != "Unigram":
        with pytest.raises(BadInput):
            model.encode_document(["zeppelin xyzzy"])


def test_model2vec_reads_as_many_tokens_as_it_says(home: Path) -> None:
    adopt(str(model2vec(home / "short", max_length=3)), name="short")
    adopt(str(model2vec(home / "long")), name="long")
    text = "red red red lamp lamp"
    short, long = (cs.load(name).encode_document([text]) for name in ("short", "long"))
    assert [[0], []] == [list(short.truncated), list(long.truncated)]
    for found, most in ((short, 3), (long, 512)):
        assert float(found.array[0] @ as_model2vec(text, tokenizer("WordLevel"), most)) > 0.9999


def test_sentence_transformers_own_counts_unknown_words(home: Path) -> None:
    st = library("sentence_transformers")
    module = st.sentence_transformer.modules.StaticEmbedding(
        tokenizer("WordLevel"), embedding_weights=TABLE.numpy()
    )
    reference = st.SentenceTransformer(modules=[module], device="cpu")
    reference.save_pretrained(str(home / "own"))
    added = adopt(str(home / "own"), name="own")
    assert not any("model2vec" in note for note in added.notes)
    found = cs.load("own").encode_document(TEXTS).array
    expected = reference.encode(TEXTS, normalize_embeddings=True)
    assert (found * expected).sum(1).min() > 0.9999
    ours = as_model2vec(TEXTS[2], tokenizer("WordLevel"))
    assert float(found[2] @ ours) < 0.99, "unknown words count here"


def test_other_tensors_are_refused(home: Path) -> None:
    folder = model2vec(home / "odd")
    save_file({"embeddings": TABLE, "bias": WEIGHTS}, folder / "model.safetensors")
    with pytest.raises(UnsupportedModel, match="static embedding with the tensors"):
        adopt(str(folder), name="odd")


@pytest.mark.parametrize("name", ["passage", "corpus"])
def test_a_prompt_that_sentence_transformers_would_not_use_is_told(home: Path, name: str) -> None:
    reference = text_model(home, prompts={"query": "query: ", name: "passage: "})
    added = adopt(str(home / "saved"), name="mine")
    [told] = [note for note in added.notes if "sentence-transformers" in note]
    assert f"documents get its prompt {name} ('passage: ')" in told
    found = cs.load("mine").encode_document(["a red chair"]).array[0]
    with_it = reference.encode(["passage: a red chair"], normalize_embeddings=True)[0]
    assert float(found @ with_it) > 0.999
    # And so it is: their own encode_document gives no prompt.
    theirs = reference.encode_document(["a red chair"], normalize_embeddings=True)[0]
    bare = reference.encode(["a red chair"], normalize_embeddings=True)[0]
    assert float(theirs @ bare) > 0.9999


@pytest.mark.parametrize("prompts", [{"query": "q: ", "document": "d: ", "passage": "p: "}, {}])
def test_other_prompts_are_not(home: Path, prompts: dict[str, str]) -> None:
    text_model(home, prompts=prompts)
    added = adopt(str(home / "saved"), name="mine")
    assert not any("encode_document" in note for note in added.notes)


def test_a_prompt_that_the_user_gives_is_not_told(home: Path) -> None:
    text_model(home, prompts={"query": "q: ", "passage": "p: "})
    added = adopt(str(home / "saved"), name="mine", choices=Choices(document_prompt=""))
    assert not any("encode_document" in note for note in added.notes)
    assert "" == added.model.space.towers[0].prompts["document"]
