"""Joint text-image models as torch modules: CLIP and SigLIP, by transformers and by open_clip.

One folder gives two towers of one space: texts, which are the anchor, and images.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from cospace.encode.modules.bpe import MERGES, find_tokenizer, tokenizer_json
from cospace.encode.modules.built import Built, Input
from cospace.encode.modules.images import Pixels, built_image
from cospace.encode.modules.libraries import library
from cospace.encode.modules.texts import KNOWN_TEXTS, refuse_gaps
from cospace.encode.modules.weights import (
    fingerprint,
    load_strictly,
    read_safetensors,
    weight_files,
)
from cospace.errors import UnsupportedModel

__all__ = ["build", "build_open_clip"]

_FILTERS = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box", 5: "hamming"}


class _Texts(nn.Module):
    """Token ids, and a mask where the model takes one, to unit rows."""

    def __init__(self, features: Callable[..., Any], model: nn.Module) -> None:
        super().__init__()
        self.model, self.features = model, features

    def forward(self, *tokens: Any) -> Any:
        return nn.functional.normalize(self.features(*tokens).float(), dim=-1)


class _Images(nn.Module):
    """Normalised planes to rows."""

    def __init__(self, features: Callable[..., Any], model: nn.Module) -> None:
        super().__init__()
        self.model, self.features = model, features

    def forward(self, planes: Any) -> Any:
        return self.features(planes)


def build(folder: Path) -> list[Built]:
    """Both towers of a CLIP or SigLIP model that transformers saved.

    SigLIP's texts are lower-cased and always padded to the length that it was trained with (64):
    it reads its padding, so a text padded to its batch would have another vector in each.

    Raises `UnsupportedModel` for a model that cannot be taken over.
    """
    transformers = library("transformers")
    options = {"local_files_only": True, "trust_remote_code": False}
    try:
        model, report = transformers.AutoModel.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, output_loading_info=True, **options
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
    except Exception as error:  # transformers raises OSError, ValueError, KeyError, and its own
        raise UnsupportedModel(
            f"{folder.name}: transformers cannot load it: {str(error)[:300]}"
        ) from error
    refuse_gaps(report)
    kind = model.config.model_type
    if kind not in ("clip", "siglip"):
        raise UnsupportedModel(f"a joint model of type {kind!r}; clip and siglip are known")
    most = int(model.config.text_config.max_position_embeddings)
    record: dict[str, Any] = {"tokenizer": "tokenizer.json", "max_tokens": most}
    record["pad_id"] = int(tokenizer.pad_token_id or 0)
    inputs = {
        "input_ids": Input("int64", (None, None)),
        "attention_mask": Input("int64", (None, None)),
    }
    if kind == "siglip":
        record |= {"pad_to": most, "clean": _cleaning(folder, tokenizer)}
        inputs = {"input_ids": Input("int64", (None, most))}

    def texts(ids: Any, mask: Any = None) -> Any:
        return model.get_text_features(input_ids=ids, attention_mask=mask).pooler_output

    def images(planes: Any) -> Any:
        return model.get_image_features(pixel_values=planes).pooler_output

    tokens = _tokenizer(folder, tokenizer)
    text = _text_tower(_Texts(texts, model), folder, f"transformers-{kind}", inputs, record, tokens)
    recipe, mean, std = _recipe(folder, int(model.config.vision_config.image_size))
    pixels = Pixels(_Images(images, model), mean, std)
    return [text, built_image(pixels, folder, f"transformers-{kind}", recipe)]


def build_open_clip(folder: Path) -> list[Built]:
    """Both towers of a model that open_clip saved: open_clip_config.json, and safetensors.

    Raises `UnsupportedModel` for one that needs another library's weights or tokenizer.
    """
    open_clip = library("open_clip")
    config = json.loads((folder / "open_clip_config.json").read_text(encoding="utf-8"))
    shape = config["model_cfg"]
    if shape["text_cfg"].get("hf_model_name"):
        raise UnsupportedModel("its text tower is another model of a hub, which is not followed")
    try:
        # Its own loader would take a pickle before a safetensors file of another name.
        logging.disable(logging.WARNING)  # it warns that no weights are loaded yet
        model = open_clip.create_model(
            f"local-dir:{folder}", device="cpu", precision="fp32", load_weights=False,
            pretrained_text=False,
        )  # fmt: skip
    except (
        Exception
    ) as error:  # open_clip raises RuntimeError, ValueError, KeyError, FileNotFoundError
        raise UnsupportedModel(f"open_clip cannot load it: {str(error)[:300]}") from error
    finally:
        logging.disable(logging.NOTSET)
    files = {file.name: file for file in weight_files(folder)}
    load_strictly(
        model, read_safetensors(files.get("open_clip_model.safetensors") or min(files.values()))
    )
    model.eval()
    most = int(shape["text_cfg"].get("context_length", 77))
    record: dict[str, Any] = {"tokenizer": "tokenizer.json", "max_tokens": most, "pad_to": most}
    tokens, pad, clean = _open_clip_tokenizer(folder, shape["text_cfg"])
    record["pad_id"] = pad
    if clean:
        record["clean"] = clean
    inputs = {"input_ids": Input("int64", (None, most))}
    text = _text_tower(
        _Texts(model.encode_text, model), folder, "open-clip", inputs, record, tokens
    )
    given = config.get("preprocess_cfg", {})
    size = model.visual.image_size
    size = int(size[0] if isinstance(size, tuple) else size)
    squash = given.get("resize_mode", "shortest") == "squash"
    recipe = {"size": size, "resize": size, "crop": "none" if squash else "round",
              "interpolation": given.get("interpolation", "bicubic")}  # fmt: skip
    mean = given.get("mean") or open_clip.OPENAI_DATASET_MEAN
    std = given.get("std") or open_clip.OPENAI_DATASET_STD
    pixels = Pixels(_Images(model.encode_image, model), mean, std)
    return [text, built_image(pixels, folder, "open-clip", recipe)]


def _text_tower(
    module: nn.Module, folder: Path, family: str, inputs: Mapping[str, Input],
    record: Mapping[str, Any], tokenizer: bytes,
) -> Built:  # fmt: skip
    width = next(iter(inputs.values())).shape[1] or 4
    with torch.no_grad():
        ids = torch.ones(1, width, dtype=torch.int64)
        dim = int(module.eval()(*[ids] * len(inputs)).shape[1])
    return Built(
        kind="text",
        family=family,
        module=module,
        inputs=inputs,
        dim=dim,
        known=KNOWN_TEXTS,
        weights_sha256=fingerprint(folder),
        preprocess=record,
        files={"tokenizer.json": tokenizer},
        prompts={"query": "", "document": ""},
    )


def _tokenizer(folder: Path, tokenizer: Any) -> bytes:
    if getattr(tokenizer, "is_fast", False):
        return str(tokenizer.backend_tokenizer.to_str()).encode()
    file = folder / "tokenizer.json"
    if not file.is_file():
        raise UnsupportedModel(f"{folder.name}: its tokenizer has no tokenizer.json form")
    return file.read_bytes()


def _cleaning(folder: Path, tokenizer: Any) -> str:
    """SigLIP was trained without punctuation; SigLIP2, which has Gemma's vocabulary, with it."""
    old = "siglip" in type(tokenizer).__name__.lower() and (folder / "spiece.model").is_file()
    return "canonicalize" if old and "2" not in type(tokenizer).__name__ else "lowercase"


def _recipe(folder: Path, side: int) -> tuple[dict[str, Any], list[float], list[float]]:
    """(preprocess record, mean, std) of transformers' preprocessor_config.json."""
    try:
        config = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf-8"))
        if "image_processor" in config:  # a processor's configuration, saved by transformers 5
            config = config["image_processor"]
    except (OSError, ValueError):
        config = _saved_processor(folder)
    size = config.get("size") or {"shortest_edge": side}
    size = {"shortest_edge": size} if isinstance(size, int) else size
    record: dict[str, Any] = {"size": side, "interpolation": _FILTERS[config.get("resample", 3)]}
    if "shortest_edge" in size:
        record |= {"resize": int(size["shortest_edge"]), "crop": "floor"}
        good = config.get("do_center_crop", True)
    else:
        record |= {"resize": side, "crop": "none"}
        good = not config.get("do_center_crop") and {size["height"], size["width"]} == {side}
    if not good or not config.get("do_resize", True) or not config.get("do_normalize", True):
        raise UnsupportedModel(
            f"{folder.name}: preprocessing that is not known: {str(config)[:300]}"
        )
    return record, list(config["image_mean"]), list(config["image_std"])


def _saved_processor(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "processor_config.json").read_text(encoding="utf-8"))
        return dict(config["image_processor"])
    except (OSError, ValueError, KeyError) as error:
        raise UnsupportedModel(f"{folder.name}: no preprocessor_config.json says how its images"
                               " are prepared") from error  # fmt: skip


def _open_clip_tokenizer(folder: Path, config: Mapping[str, Any]) -> tuple[bytes, int, str]:
    """(tokenizer.json, the token of the padding, how texts are cleaned)."""
    file = folder / "tokenizer.json"
    if config.get("hf_tokenizer_name"):
        if not file.is_file():
            wanted = config["hf_tokenizer_name"]
            raise UnsupportedModel(
                f"{folder.name}: the tokenizer.json of {wanted} is missing in it"
            )
        clean = (config.get("tokenizer_kwargs") or {}).get("clean", "")
        known = {"": "", "whitespace": "", "lower": "lowercase", "canonicalize": "canonicalize"}
        if clean not in known:
            raise UnsupportedModel(f"{folder.name}: it cleans texts by {clean!r}")
        padding = json.loads(file.read_text(encoding="utf-8")).get("padding") or {}
        return file.read_bytes(), int(padding.get("pad_id", 0)), known[clean]
    if file.is_file():
        return find_tokenizer(folder), 0, ""
    merges = Path(library("open_clip").__file__).parent / MERGES
    return tokenizer_json(merges.read_bytes()), 0, ""
