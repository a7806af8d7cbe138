"""Cross-encoders of torch become rerankers: their scores are those of sentence-transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch_models

import cospace as cs
from cospace.adopt import Choices, How, adopt
from cospace.adopt.pairs import PROBES, error_of
from cospace.cli.main import main
from cospace.encode.modules.libraries import library
from cospace.encode.modules.pairs import activation_of, is_pair
from cospace.encode.reranker import Reranker, load_reranker
from cospace.errors import BadArgument, ModelDamaged, UnsafeFile, UnsupportedModel

torch = torch_models.torch

DOCUMENTS = [
    "a red chair", "blue bus near the wall", "it costs 42", "oak " * 12, "x", "velvet, retro!",
    "stone " * 200,
]  # fmt: skip
QUERY = "a chair of red velvet"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COSPACE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def cross_encoder(place: Path, kind: str = "Bert", *, labels: int = 1, plain: bool = False) -> Any:
    """A random one, saved at `place` as CrossEncoder saves it, or as transformers; itself."""
    transformers, st = library("transformers"), library("sentence_transformers")
    torch.manual_seed(5)
    settings = {**torch_models._TEXT, **torch_models.TEXTS[kind], "num_labels": labels}
    config = getattr(transformers, f"{kind}Config")(**settings)
    model = getattr(transformers, f"{kind}ForSequenceClassification")(config)
    with torch.no_grad():  # the default scale of random weights makes all pairs alike
        for weight in model.parameters():
            if weight.ndim > 1:
                weight.mul_(4)
        for name, weight in model.named_parameters():
            if name in ("classifier.weight", "classifier.out_proj.weight"):
                weight.mul_(40)
    model.save_pretrained(place)
    pad = torch_models.TEXTS[kind].get("pad_token_id", 0)
    torch_models.tokenizer(pad=pad).save_pretrained(place)
    made = st.CrossEncoder(str(place))
    if not plain:
        made.save_pretrained(str(place))
    return made


@pytest.mark.parametrize("kind", ["Bert", "DistilBert", "XLMRoberta", "ModernBert"])
def test_scores_are_those_of_sentence_transformers(tmp_path: Path, kind: str) -> None:
    theirs = cross_encoder(tmp_path / "theirs", kind)
    added = adopt(tmp_path / "theirs", name="judge")
    assert isinstance(added.model, Reranker)
    assert "sigmoid" == added.model.activation
    assert added.error is not None
    assert added.error < 0.005
    expected = theirs.predict([(QUERY, one) for one in DOCUMENTS])
    exact = load_reranker("judge", engine="openvino:f32").score(QUERY, DOCUMENTS)
    np.testing.assert_allclose(exact, expected, atol=1e-4)
    assert "f32" == added.model.precision
    np.testing.assert_allclose(added.model.score(QUERY, DOCUMENTS), expected, atol=1e-4)


def test_the_function_that_scores_go_through_is_the_models(tmp_path: Path) -> None:
    theirs = cross_encoder(tmp_path / "theirs")
    theirs.activation_fn = torch.nn.Identity()
    theirs.save_pretrained(str(tmp_path / "theirs"))
    assert "identity" == adopt(tmp_path / "theirs", name="judge").model.activation
    expected = theirs.predict([(QUERY, one) for one in DOCUMENTS])
    exact = load_reranker("judge", engine="openvino:f32").score(QUERY, DOCUMENTS)
    np.testing.assert_allclose(exact, expected, atol=1e-4)
    assert np.ptp(exact) > 0.1, "logits, which a sigmoid would squeeze"


def test_one_of_transformers_alone_has_a_sigmoid(tmp_path: Path) -> None:
    theirs = cross_encoder(tmp_path / "theirs", plain=True)
    added = adopt(tmp_path / "theirs")
    assert ("theirs", "sigmoid") == (added.model.name, added.model.activation)
    expected = theirs.predict([(QUERY, one) for one in DOCUMENTS])
    exact = load_reranker("theirs", engine="openvino:f32").score(QUERY, DOCUMENTS)
    np.testing.assert_allclose(exact, expected, atol=1e-4)


def test_a_pair_keeps_its_score_in_every_batch(tmp_path: Path) -> None:
    cross_encoder(tmp_path / "theirs")
    model = adopt(tmp_path / "theirs").model
    documents = [document for _, document in PROBES] * 2
    for query in ("a place to sit", "word " * 40):
        together = model.score(query, documents)
        alone = np.concatenate([model.score(query, [one]) for one in documents])
        np.testing.assert_allclose(together, alone, atol=1e-4)


def test_weights_in_8_bits_are_close_or_refused(tmp_path: Path) -> None:
    cross_encoder(tmp_path / "theirs")
    try:
        error = adopt(tmp_path / "theirs", how=How(weights="int8")).error
        assert error is not None
        assert error <= 0.01
    except UnsupportedModel as refused:
        assert "Store it with --weights f32" in str(refused)


def test_unlike_documents_have_unlike_scores(tmp_path: Path) -> None:
    """In bf16 a logit has so few digits that many are equal: rerankers do not run in it."""
    cross_encoder(tmp_path / "theirs")
    model = adopt(tmp_path / "theirs").model
    documents = [f"{a} {b} chair" for a in "abcdefgh" for b in "stuvwxyz"]
    assert len(documents) == len(set(model.judge(QUERY, documents).logits.tolist()))


def test_it_searches(tmp_path: Path) -> None:
    cross_encoder(tmp_path / "theirs")
    adopt(tmp_path / "theirs", name="judge")
    with cs.open(":memory:", model="starter") as shop:
        shop.add(ids=["a", "b"], documents=["a red chair", "a blue bus"])
        found = shop.search("chair", rerank="judge")
        assert {"a", "b"} == set(found.ids)


def test_more_labels_than_one_are_refused(tmp_path: Path) -> None:
    cross_encoder(tmp_path / "theirs", labels=3)
    with pytest.raises(UnsupportedModel, match="3 classes; a reranker has one label"):
        adopt(tmp_path / "theirs")


def test_with_a_pooling_it_is_an_encoder(tmp_path: Path) -> None:
    cross_encoder(tmp_path / "theirs", labels=3, plain=True)
    added = adopt(tmp_path / "theirs", choices=Choices(pooling="mean"))
    assert ("text",) == added.model.space.kinds


@pytest.mark.parametrize("choices", [Choices(layer="fc7"), Choices(query_prompt="q: ")])
def test_what_a_reranker_has_not_is_refused(tmp_path: Path, choices: Choices) -> None:
    cross_encoder(tmp_path / "theirs")
    with pytest.raises(BadArgument, match="a reranker has neither"):
        adopt(tmp_path / "theirs", choices=choices)
    with pytest.raises(BadArgument, match="leave out --engine"):
        adopt(tmp_path / "theirs", how=How(engines=("openvino", "torch")))


def test_an_encoder_is_no_reranker(tmp_path: Path) -> None:
    torch_models.text_model(tmp_path)
    assert not is_pair(tmp_path / "saved")
    changed(tmp_path / "saved", "config.json", architectures=["BertForSequenceClassification"])
    assert not is_pair(tmp_path / "saved"), "its token vectors are pooled"
    assert ("text",) == adopt(tmp_path / "saved").model.space.kinds


def changed(folder: Path, name: str, **more: Any) -> None:
    file = folder / name
    record = json.loads(file.read_text()) if file.is_file() else {}
    file.write_text(json.dumps({**record, **more}))


def test_an_activation_that_is_not_known_is_refused(tmp_path: Path) -> None:
    cross_encoder(tmp_path / "theirs", plain=True)
    changed(tmp_path / "theirs", "config.json", sbert_ce_default_activation_function="my.Code")
    with pytest.raises(UnsupportedModel, match=r"'my\.Code'; known are"):
        adopt(tmp_path / "theirs")


@pytest.mark.parametrize(
    ("file", "record", "expected"),
    [
        ("config.json", {}, "sigmoid"),
        ("config.json", {"sbert_ce_default_activation_function":
                         "torch.nn.modules.linear.Identity"}, "identity"),
        ("config.json", {"sentence_transformers":
                         {"activation_fn": "torch.nn.modules.linear.Identity"}}, "identity"),
        ("config_sentence_transformers.json",
         {"activation_fn": "torch.nn.modules.activation.Sigmoid"}, "sigmoid"),
    ],
)  # fmt: skip
def test_every_place_that_names_an_activation(
    tmp_path: Path, file: str, record: dict[str, Any], expected: str
) -> None:
    changed(tmp_path, file, **record)
    assert expected == activation_of(tmp_path)


def test_weights_without_their_pooler_are_refused(tmp_path: Path) -> None:
    cross_encoder(tmp_path / "theirs")
    from safetensors.torch import load_file, save_file

    file = tmp_path / "theirs/model.safetensors"
    kept = {key: one for key, one in load_file(file).items() if "pooler" not in key}
    save_file(kept, file)
    with pytest.raises(UnsupportedModel, match="weights lack"):
        adopt(tmp_path / "theirs")


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    cross_encoder(tmp_path / "theirs")
    (tmp_path / "theirs/model.safetensors").rename(tmp_path / "theirs/pytorch_model.bin")
    with pytest.raises(UnsafeFile):
        adopt(tmp_path / "theirs")


def test_scores_that_are_all_alike_are_refused() -> None:
    with pytest.raises(ModelDamaged, match="all alike"):
        error_of(np.zeros(3, np.float32), np.ones(3, np.float32))
    with pytest.raises(ModelDamaged, match="all alike"):
        error_of(np.zeros(3, np.float32), np.array([1, np.nan, 2], np.float32))


def test_the_command_adds_shows_lists_verifies_and_removes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cross_encoder(tmp_path / "theirs")
    assert 0 == main(["models", "add", str(tmp_path / "theirs"), "--name", "judge"])
    assert "judge is ready; torch is not needed for it any more" in capsys.readouterr().out
    assert 0 == main(["models", "show", "judge"])
    shown = capsys.readouterr().out
    assert "scores pairs" in shown
    assert "sigmoid" in shown
    assert 0 == main(["models", "show", "judge", "--json"])
    record = json.loads(capsys.readouterr().out)
    assert ("pair", "sigmoid") == (record["towers"][0]["kind"], record["activation"])
    assert 0 == main(["models"])
    assert "judge" in capsys.readouterr().out
    assert 0 == main(["models", "verify", "judge", "--json"])
    assert 9 == json.loads(capsys.readouterr().out)["known_answers"]
    assert 0 == main(["models", "remove", "judge"])
    assert 2 == main(["models", "show", "starter", "--dim", "0"])
