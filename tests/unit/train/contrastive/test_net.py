"""Encoders of other kinds learn: prompts by role, layers after the pooling, tables of words."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cospace as cs
from cospace.errors import BadItem, MissingExtra, UnsafeFile, UnsupportedModel
from cospace.train import contrastive

torch = pytest.importorskip("torch", reason="encoders are fine-tuned with torch")

from torch_models import clip_model, text_model, tokenizer  # noqa: E402 - torch comes first

from cospace.train.contrastive.net import open_net  # noqa: E402

PROMPTS = {"query": "ask: ", "document": "say: "}


def quiet(_: str) -> None:
    """Nobody is told."""


def pairs(count: int = 60) -> list[tuple[str, str]]:
    return [(f"chair number {i}", f"seat no {i} here") for i in range(count)]


def test_rows_are_those_of_sentence_transformers(tmp_path: Path) -> None:
    """Whatever the batch: texts of all lengths, one of them far beyond the limit."""
    model = text_model(tmp_path)
    net = open_net(tmp_path / "saved", quiet)
    texts = ["a", "a chair", "many chairs " * 60, "a lamp and two beds"]
    expected = model.encode(texts, normalize_embeddings=True)
    found = net.rows(net.tokens(texts, "document"))
    assert np.einsum("ij,ij->i", expected, found).min() > 0.99999


def test_both_sides_have_their_prompts(tmp_path: Path) -> None:
    text_model(tmp_path, prompts=PROMPTS)
    net = open_net(tmp_path / "saved", quiet)
    asked, said = (net.tokens(["a chair"], role)[0] for role in ("query", "document"))
    assert asked != said
    plain = open_net(tmp_path / "saved", quiet)
    plain.built.prompts.clear()  # type: ignore[attr-defined]
    assert plain.tokens(["ask: a chair"], "query")[0] == asked


def test_prompts_are_in_the_folder(tmp_path: Path) -> None:
    text_model(tmp_path, prompts=PROMPTS)
    made = contrastive(tmp_path / "saved", pairs(), epochs=1, threads=1)
    made.save(tmp_path / "mine", anyway=True, weights="f32")
    assert PROMPTS == cs.load(tmp_path / "mine").space.towers[0].prompts


def test_a_layer_after_the_pooling_learns_too(tmp_path: Path) -> None:
    text_model(tmp_path, dense=16)
    net = open_net(tmp_path / "saved", quiet)
    names = {n for n, w in net.module.named_parameters() if net.trained(1) and w.requires_grad}
    assert any(name.startswith("layers.") for name in names)
    assert not any("embeddings" in name for name in names)
    made = contrastive(tmp_path / "saved", pairs(), epochs=1, rate=1e-3, threads=1)
    made.save(tmp_path / "mine", anyway=True, weights="f32")
    assert 16 == cs.load(tmp_path / "mine").space.dim


@pytest.mark.parametrize("kind", ["MPNet", "XLMRoberta", "DistilBert"])
def test_other_architectures(kind: str, tmp_path: Path) -> None:
    text_model(tmp_path, kind)
    net = open_net(tmp_path / "saved", quiet)
    moving = net.trained(None)
    still = [w for w in net.module.parameters() if not w.requires_grad]
    assert moving and still
    assert max(len(w) for w in still) >= 300  # the table of tokens


def test_a_table_of_words_moves_itself(tmp_path: Path) -> None:
    """A static model has no layers: its table is all that can learn."""
    from cospace.encode.modules.libraries import library

    st = library("sentence_transformers")
    static = st.sentence_transformer.modules.StaticEmbedding(
        tokenizer().backend_tokenizer, embedding_dim=12
    )
    st.SentenceTransformer(modules=[static], device="cpu").save_pretrained(str(tmp_path / "s"))
    net = open_net(tmp_path / "s", quiet)
    before = net.rows(net.tokens(["a chair"], "document"))
    assert 1 == len(net.trained(None))
    made = contrastive(tmp_path / "s", pairs(), epochs=1, rate=1e-2, threads=1)
    assert made.net.rows(made.net.tokens(["a chair"], "document")).shape == before.shape


def test_a_text_without_a_token_is_named(tmp_path: Path) -> None:
    text_model(tmp_path)
    net = open_net(tmp_path / "saved", quiet)
    net.tokenizer.post_processor = None  # no marks around a text
    with pytest.raises(BadItem, match="no token"):
        net.tokens(["\u00ad"], "document")


def test_joint_models_are_not_for_it(tmp_path: Path) -> None:
    clip_model(tmp_path / "clip")
    with pytest.raises(UnsupportedModel, match="only text encoders"):
        contrastive(tmp_path / "clip", pairs())


def test_pickles_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"x")
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UnsafeFile):
        contrastive(tmp_path, pairs())


def test_without_torch_the_pip_line_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtra, match=r"\.\[torch\]"):
        contrastive("hf:any/model", pairs())


def test_threads_are_given_back(tmp_path: Path) -> None:
    text_model(tmp_path)
    usual = torch.get_num_threads()
    contrastive(tmp_path / "saved", pairs(), epochs=1, threads=1)
    assert usual == torch.get_num_threads()


def test_the_torch_files_of_a_model_folder_can_learn(tmp_path: Path, monkeypatch: Any) -> None:
    from cospace.adopt import adopt
    from cospace.adopt.write import How

    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    text_model(tmp_path)
    added = adopt(tmp_path / "saved", name="both", how=How(engines=("openvino", "torch")))
    net = open_net(added.folder, quiet)
    assert "both" == net.source.name
    assert net.base == added.model.space.towers[0].weights_sha256
