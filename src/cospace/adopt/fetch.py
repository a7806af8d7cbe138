"""The door to the hub: the files of a model, of one revision, and nothing that can run code.

HF_HOME, HF_HUB_OFFLINE, HF_ENDPOINT and HF_TOKEN are honoured by the hub's own library. Only
names that match `_WANTED` are fetched, so a pickle is not even downloaded.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cospace.adopt.source import Source
from cospace.errors import CospaceError, ModelNotFound, NetworkError, UnsafeFile
from cospace.files import check_room
from cospace.need import need

__all__ = ["Fetched", "fetch"]

_WANTED = (
    "*.json", "*.jinja", "*.txt", "*.md", "*.safetensors", "LICENSE*", "NOTICE*",
    "*.model",  # of SentencePiece, read by its own parser
)  # fmt: skip
_LEFT_OUT = ("onnx/*", "openvino/*", "coreml/*", "*.msgpack", "*.onnx")


@dataclass(frozen=True)
class Fetched:
    """A folder with a model's files, and what is known of where they came from."""

    folder: Path
    revision: str
    size: int


def fetch(source: Source, tell: Callable[[str], None]) -> Fetched:
    """The files of `source`; those of a folder are where they are.

    Raises `ModelNotFound` for an unknown repository or revision, `NetworkError` when the hub
    cannot be reached or refuses, `UnsafeFile` when it has no safetensors.
    """
    if source.folder is not None:
        size = sum(f.stat().st_size for f in source.folder.rglob("*") if f.is_file())
        return Fetched(source.folder, source.revision, size)
    hub = need("huggingface_hub", extra="torch")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    endpoint = os.environ.get("HF_ENDPOINT") or None
    revision = source.revision or None
    offline = os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "TRUE", "YES")
    try:
        if not offline:
            size = _announce(hub.HfApi(endpoint=endpoint), source, tell)
        folder = hub.snapshot_download(
            source.repository, revision=revision, allow_patterns=list(_WANTED),
            ignore_patterns=list(_LEFT_OUT), endpoint=endpoint, local_files_only=offline,
        )  # fmt: skip
    except CospaceError:
        raise
    except (
        Exception
    ) as error:  # the hub's library has a dozen errors, and lets its client's through
        raise _as_error(source, error) from error
    path = Path(folder)
    if offline:
        size = sum(f.stat().st_size for f in path.rglob("*") if f.is_file())
    # A snapshot's folder is named for its commit.
    return Fetched(path, path.name, size)


def _announce(api: Any, source: Source, tell: Callable[[str], None]) -> int:
    """The bytes to fetch, after the licence and the size were shown."""
    from fnmatch import fnmatch

    found = api.model_info(source.repository, revision=source.revision or None, files_metadata=True)
    names = {one.rfilename: int(one.size or 0) for one in found.siblings or ()}
    wanted = {
        name: size
        for name, size in names.items()
        if any(fnmatch(name, pattern) for pattern in _WANTED)
        and not any(fnmatch(name, pattern) for pattern in _LEFT_OUT)
    }
    if not any(name.endswith(".safetensors") for name in wanted):
        weights = sorted(n for n in names if n.endswith((".bin", ".pt", ".pth", ".ckpt", ".h5")))
        has = f"only {weights[0]}, a format that can run code" if weights else "no weights"
        raise UnsafeFile(f"{source}: it has {has}; safetensors are taken. Nothing was downloaded")
    size = sum(wanted.values())
    license = (found.card_data or {}).get("license") or "not stated"
    tell(f"{source.repository} at {found.sha[:12]}: {size / 1e6:,.1f} MB, licence: {license}")
    check_room(Path(os.environ.get("HF_HOME") or Path.home()), size)
    return size


def _as_error(source: Source, error: Exception) -> Exception:
    """The error of cospace for one of the hub's library."""
    kind = type(error).__name__
    if kind == "RevisionNotFoundError":
        return ModelNotFound(f"{source.repository} has no revision {source.revision!r}")
    if kind == "GatedRepoError":
        return NetworkError(
            f"{source.repository} is gated: accept its terms on its page, then set HF_TOKEN"
        )
    if kind == "RepositoryNotFoundError":
        return ModelNotFound(
            f"the hub has no model {source.repository!r}, or it is private: check the name, or set"
            " HF_TOKEN"
        )
    if kind in ("LocalEntryNotFoundError", "OfflineModeIsEnabled"):
        offline = " (HF_HUB_OFFLINE is set)" if os.environ.get("HF_HUB_OFFLINE") else ""
        return NetworkError(
            f"{source.repository} is not in the hub's cache, and the hub cannot be"
            f" reached{offline}. With its files in a folder: cospace models add FOLDER"
        )
    why = (str(error).strip().splitlines() or [kind])[0][:300]
    return NetworkError(f"{source.repository} could not be fetched: {why}. Try again later")
