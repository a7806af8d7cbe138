"""Where a model comes from: "hf:org/name@revision", a folder, "timm:name", "torchvision:vgg16"."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from cospace.arguments import check_path
from cospace.encode.names import BUILT_IN, NAME, UNSAFE, model_home
from cospace.errors import BadArgument, ModelNotFound, UnsafeFile

__all__ = ["SCHEMES", "Source", "free_name", "parse"]

SCHEMES = ("hf", "timm", "torchvision")

# The published weights of torchvision as safetensors: timm's copies of the same numbers.
_TORCHVISION = {"vgg16": "timm/vgg16.tv_in1k", "resnet50": "timm/resnet50.tv_in1k"}

_REPOSITORY = re.compile(r"\w[\w.-]{0,95}/\w[\w.-]{0,95}", re.ASCII)
_REVISION = re.compile(r"[\w./-]{1,120}", re.ASCII)


@dataclass(frozen=True)
class Source:
    """`scheme` is one of `SCHEMES` or "folder"; `repository` is "org/name", or "" for a folder."""

    scheme: str
    name: str
    repository: str = ""
    revision: str = ""
    folder: Path | None = None

    def __str__(self) -> str:
        at = f"@{self.revision}" if self.revision else ""
        return f"{self.scheme}:{self.repository or self.folder}{at}"


def parse(source: str | os.PathLike[str]) -> Source:
    """The source that a text names; a path that is no `str` is a folder, however it is spelled.

    Raises `BadArgument` for what is none, with an example, and `ModelNotFound` for a folder
    that is not there.

    >>> parse("hf:BAAI/bge-small-en-v1.5").name
    'bge-small-en-v1.5'
    >>> parse("torchvision:vgg16").repository
    'timm/vgg16.tv_in1k'
    """
    if not isinstance(source, str):
        return _folder(check_path("source", source), os.fspath(source))
    text = source
    if not text.strip():
        raise BadArgument("which model? hf:org/name, timm:name, torchvision:vgg16, or a folder")
    scheme, colon, rest = text.partition(":")
    if colon and scheme in SCHEMES:
        name, _, revision = rest.partition("@")
        if revision and not _REVISION.fullmatch(revision):
            raise BadArgument(f"{revision[:80]!r} is not a revision: a branch, a tag or a commit")
        return _published(scheme, name, revision)
    if colon and re.fullmatch(r"[a-z][a-z0-9_]+", scheme):
        near = get_close_matches(scheme, SCHEMES, 1, cutoff=0.4)
        hint = f"; did you mean {near[0]}:{rest}?" if near else ""
        raise BadArgument(
            f"{scheme!r} is no source of models; known: {', '.join(SCHEMES)}, or a folder{hint}"
        )
    if text in BUILT_IN:
        raise BadArgument(f"{text!r} is there already: it comes with the package cospace-starter")
    return _folder(Path(text).expanduser(), text)


def _folder(folder: Path, text: str) -> Source:
    if folder.suffix.lower() in UNSAFE and not folder.is_dir():
        raise UnsafeFile(f"{text}: {folder.suffix} files can run code; safetensors are taken")
    if folder.is_file():
        raise BadArgument(f"{text}: a file; give the folder that holds the model")
    if not folder.is_dir():
        like = f", such as hf:{text}" if _REPOSITORY.fullmatch(text) else ""
        raise ModelNotFound(
            f"{text}: no such folder. A model of the hub is written hf:org/name{like}"
        )
    return Source("folder", folder.resolve().name, folder=folder)


def _published(scheme: str, name: str, revision: str) -> Source:
    if scheme == "torchvision":
        if name not in _TORCHVISION:
            near = get_close_matches(name, _TORCHVISION, 1)
            hint = f"; did you mean torchvision:{near[0]}?" if near else ""
            raise ModelNotFound(
                f"torchvision:{name[:80]}: known are {' and '.join(_TORCHVISION)}{hint} Others come"
                " by timm:NAME"
            )
        return Source(scheme, name, _TORCHVISION[name], revision)
    repository = name if "/" in name or scheme == "hf" else f"timm/{name}"
    if not _REPOSITORY.fullmatch(repository):
        raise BadArgument(f"{name[:100]!r} is not a repository: write hf:org/name, or timm:name")
    return Source(scheme, repository.partition("/")[2], repository, revision)


def free_name(name: str, replace: bool) -> str:
    """`name`, when a model can be stored under it. Raises `BadArgument`."""
    if not NAME.fullmatch(name):
        raise BadArgument(f"{name[:80]!r} is not a model's name; give another with --name")
    if name in BUILT_IN:
        raise BadArgument(f"{name!r} is built in; give another name with --name")
    if (model_home() / name).exists() and not replace:
        raise BadArgument(
            f"a model called {name!r} is there already: give another name with --name, or"
            " --replace it"
        )
    return name
