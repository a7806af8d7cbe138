"""Cross-encoders as torch modules: a transformer that classifies pairs, with one label.

Reads what transformers saves of a `...ForSequenceClassification`, and what sentence-transformers'
CrossEncoder saves beside it: the function that its scores go through.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

from torch import nn

from cospace.encode.modules.built import Built, Input
from cospace.encode.modules.texts import check_modules, transformer
from cospace.encode.modules.weights import fingerprint, keys_of, weight_files
from cospace.errors import UnsupportedModel

__all__ = ["activation_of", "build_pair", "is_pair"]

_ENDING = "ForSequenceClassification"
_SIGMOID, _IDENTITY = "torch.nn.modules.activation.Sigmoid", "torch.nn.modules.linear.Identity"
_ACTIVATIONS = {_SIGMOID: "sigmoid", _IDENTITY: "identity"}


class _Logits(nn.Module):
    """input_ids, attention_mask and perhaps token_type_ids, int64 [n, tokens], to logits [n, 1]."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any = None) -> Any:
        types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        return self.model(input_ids=input_ids, attention_mask=attention_mask, **types).logits


def is_pair(folder: Path) -> bool:
    """Whether the model in `folder` classifies texts, or pairs of them: by its configuration.

    One whose token vectors sentence-transformers pools is an encoder, whatever it is called.
    """
    found = _config(folder / "config.json").get("architectures")
    named = isinstance(found, list) and any(str(one).endswith(_ENDING) for one in found)
    return named and all(kind != "Pooling" for kind, _ in check_modules(folder))


def build_pair(folder: Path) -> Built:
    """The cross-encoder in `folder`; its `preprocess` record has the activation.

    Raises `UnsupportedModel` for more labels than one, an activation that is not known, and a
    model that cannot be taken over as it is; `UnsafeFile`, `ModelDamaged` as other builders.
    """
    config = _config(folder / "config.json")
    labels = config.get("num_labels", len(config.get("id2label") or {0: "", 1: ""}))
    if labels != 1:
        raise UnsupportedModel(
            f"{folder.name}: it sorts texts into {labels} classes; a reranker has one label, which"
            " is its score"
        )
    stored = {key for file in weight_files(folder) for key in keys_of(file)}
    model, tokens, preprocess = transformer(folder, f"AutoModel{_ENDING}")
    made_up = [key for key in model.state_dict() if "pooler" in key and key not in stored]
    if made_up:
        raise UnsupportedModel(f"{folder.name}: its weights lack {made_up[0]}")
    names = ["input_ids", "attention_mask"]
    if json.loads(tokens)["post_processor"] is None:
        raise UnsupportedModel(f"{folder.name}: its tokenizer puts nothing between two texts")
    takes = inspect.signature(model.forward).parameters
    if "token_type_ids" in takes and _tells_types(folder, model):
        names.append("token_type_ids")
    if preprocess["max_tokens"] < 8:
        raise UnsupportedModel(f"{folder.name}: it reads {preprocess['max_tokens']} tokens")
    return Built(
        kind="pair",
        family="transformers-pair",
        module=_Logits(model).eval(),
        inputs={name: Input("int64", (None, None)) for name in names},
        dim=1,
        known=(),
        weights_sha256=fingerprint(folder),
        preprocess={**preprocess, "activation": activation_of(folder)},
        files={"tokenizer.json": tokens},
    )


def activation_of(folder: Path) -> str:
    """What the logit goes through: "sigmoid", as CrossEncoder has it for one label, or "identity".

    Raises `UnsupportedModel` for another function that the model names.
    """
    config = _config(folder / "config.json")
    mine = config.get("sentence_transformers")
    named = (
        _config(folder / "config_sentence_transformers.json").get("activation_fn"),
        mine.get("activation_fn") if isinstance(mine, dict) else None,
        config.get("sbert_ce_default_activation_function"),
    )
    name = str(next((one for one in named if one), _SIGMOID))
    if name not in _ACTIVATIONS:
        raise UnsupportedModel(
            f"its scores go through {name[:80]!r}; known are {' and '.join(_ACTIVATIONS)}"
        )
    return _ACTIVATIONS[name]


def _tells_types(folder: Path, model: Any) -> bool:
    """Whether the model tells two texts apart by types, and its tokenizer gives these."""
    if int(getattr(model.config, "type_vocab_size", 0) or 0) < 2:
        return False
    names = _config(folder / "tokenizer_config.json").get("model_input_names")
    return names is None or "token_type_ids" in names


def _config(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UnsupportedModel(f"{file.name}: cannot be read as JSON ({error})") from error
    return found if isinstance(found, dict) else {}
