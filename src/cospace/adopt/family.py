"""Which builder takes a folder of files: known from its configuration, never from its name."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cospace.adopt.source import Source
from cospace.encode.modules.weights import keys_of, weight_files
from cospace.errors import UnsupportedModel

if TYPE_CHECKING:
    from cospace.encode.modules.built import Built

__all__ = ["Choices", "build"]

_JOINT = ("clip", "siglip")


@dataclass(frozen=True)
class Choices:
    """What a user may say of a model that its files do not: "" and None leave it to them."""

    pooling: str = ""
    layer: str = ""
    query_prompt: str | None = None
    document_prompt: str | None = None


def build(folder: Path, source: Source, name: str, choices: Choices) -> list[Built]:
    """The towers of the model in `folder` as torch modules; `name` is what it will be called.

    Raises `UnsupportedModel` for a folder in which no family recognises itself, `UnsafeFile`
    for weights in a format that can run code.
    """
    keys = keys_of(weight_files(folder)[0])
    if any(key.startswith("modality_trunks.") for key in keys):
        from cospace.encode.modules import imagebind

        return imagebind.build(folder)
    architecture = source.name if source.scheme == "torchvision" else _torchvision(folder, keys)
    if architecture:
        from cospace.encode.modules import images

        return images.build(folder, architecture=architecture, layer=choices.layer)
    if (folder / "open_clip_config.json").is_file():
        from cospace.encode.modules import joint

        return joint.build_open_clip(folder)
    config = _config(folder)
    if "auto_map" in config:
        _refuse_code(folder, config)
    if "architecture" in config:
        from cospace.encode.modules import images

        return images.build_timm(folder)
    if config.get("model_type") in _JOINT:
        from cospace.encode.modules import joint

        return joint.build(folder)
    from cospace.encode.modules import texts

    [tower] = texts.build(folder, name=source.repository or name, pooling=choices.pooling)
    given = {"query": choices.query_prompt, "document": choices.document_prompt}
    prompts = {role: prompt for role, prompt in given.items() if prompt is not None}
    notes = tower.notes if choices.document_prompt is None else ()
    return [replace(tower, prompts={**tower.prompts, **prompts}, notes=notes)]


def _torchvision(folder: Path, keys: list[str]) -> str:
    """ "vgg16" or "resnet50" for torchvision's own weights, which come without a configuration."""
    if (folder / "config.json").exists():
        return ""
    marks = {"vgg16": "features.28.weight", "resnet50": "layer3.5.conv3.weight"}
    return next((name for name, key in marks.items() if key in keys), "")


def _config(folder: Path) -> dict[str, Any]:
    file = folder / "config.json"
    if not file.is_file():
        if (folder / "modules.json").is_file():
            return {}  # the transformer stands in a folder of its own
        raise UnsupportedModel(
            f"{folder.name}: not a model that is known: no config.json, modules.json or"
            " open_clip_config.json in it"
        )
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnsupportedModel(f"{file.name}: cannot be read as JSON ({error})") from error
    if not isinstance(config, dict):
        raise UnsupportedModel(f"{file.name}: expected an object, found {type(config).__name__}")
    return config


def _refuse_code(folder: Path, config: dict[str, Any]) -> None:
    """Models whose type transformers knows run on its code; the others bring their own."""
    from cospace.encode.modules.libraries import library

    known = library("transformers").models.auto.configuration_auto.CONFIG_MAPPING_NAMES
    if config.get("model_type") not in known:
        raise UnsupportedModel(
            f"{folder.name}: a model of type {config.get('model_type')!r} that comes with code of"
            " its own. Such code is never run; transformers has no model of this type"
        )
