"""`load`: a model from its name or its folder. Names are looked up, never used as paths."""

from __future__ import annotations

import os
import re
import sys
from difflib import get_close_matches
from pathlib import Path

from cospace.encode.cached import Cached
from cospace.encode.folder import open_folder
from cospace.encode.hosted import SERVICES, hosted
from cospace.encode.model import Model
from cospace.errors import BadArgument, ModelNotFound, UnsafeFile
from cospace.need import need

__all__ = ["installed", "is_hosted", "load", "model_home"]

SCHEME = re.compile(r"[a-z][a-z0-9]+")  # one letter alone is a drive of Windows
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

# Formats whose loaders run code that stands in the file (pickle, marshal, Keras lambdas).
UNSAFE = frozenset(
    f".{suffix}"
    for suffix in (
        "bin", "ckpt", "dill", "h5", "joblib", "keras", "kv", "model", "npy", "npz", "pickle",
        "pkl", "pt", "pth",
    )
)  # fmt: skip

BUILT_IN = ("minilm", "starter")


def load(
    name: str | os.PathLike[str], *, dim: int | None = None, cache: bool | None = None
) -> Model | Cached:
    """The model of a name ("starter", "minilm", one that you added) or of a folder.

    A `str` with a slash in it, or one that starts with "." or "~", is a folder; so is every
    `Path`. "minilm" is the text half of "starter". Nothing is downloaded. A name with a service
    in front ("openai:text-embedding-3-small") is a hosted model; `dim` picks its dimension.

    With `cache` vectors are kept on disk, and taken from there. By default those of hosted
    models are, and those of others when the environment says COSPACE_CACHE=1.

    Raises `ModelNotFound` with near matches, `UnsafeFile` for a format that can run code,
    `ModelDamaged` for a folder whose files fail their hashes, `FormatTooNew` for one that a
    newer cospace wrote, and `MissingExtra` when the starter package is not installed.

    >>> load("minilm").encode_query(["vintage comfortable seating"]).array.shape
    (1, 384)
    """
    if is_hosted(name):
        if cache is False:
            raise BadArgument(
                f"{name} goes through the cache, so that nothing is paid for twice;"
                " cospace.encode.hosted.hosted(name) gives the model without it"
            )
        return Cached(hosted(str(name), dim=dim))
    if dim is not None:
        raise BadArgument(f"dim= is for hosted models; {name} gives what it gives")
    model = _load_local(name)
    wanted = os.environ.get("COSPACE_CACHE", "") not in ("", "0") if cache is None else cache
    return Cached(model) if wanted else model


def is_hosted(name: object) -> bool:
    """Whether a model's name has a service in front that cospace knows.

    >>> is_hosted("openai:text-embedding-3-small"), is_hosted("starter")
    (True, False)
    """
    return isinstance(name, str) and name.partition(":")[0] in SERVICES and ":" in name


def _load_local(name: str | os.PathLike[str]) -> Model:
    if not isinstance(name, str):
        return _load_folder(Path(name))
    _refuse_unsafe(name)
    scheme, colon, rest = name.partition(":")
    if colon and SCHEME.fullmatch(scheme):
        raise ModelNotFound(
            f"{name!r}: models of {scheme!r} are not loaded directly. Taking one over comes with"
            f" `cospace models add {scheme}:{rest}`, which is not built yet; installed are:"
            f" {', '.join(installed())}"
        )
    if _looks_like_path(name):
        return _load_folder(Path(name).expanduser())
    if not NAME.fullmatch(name):
        raise BadArgument(
            f"{name[:80]!r} is not a model's name: letters, digits, '.', '_' and '-', at most 64."
            " For a folder write its path with a slash, such as './model'"
        )
    if name in BUILT_IN:
        folder: Path = need("cospace_starter", extra="starter").folder()
        model = _load_folder(folder)
        return model.restricted("text") if name == "minilm" else model
    if name in installed():
        return _load_folder(model_home() / name)
    raise ModelNotFound(_missing(name))


def installed() -> list[str]:
    """The names that `load` knows: those built in, and the folders of the model home."""
    home = model_home()
    try:
        added = [p.name for p in home.iterdir() if (p / "space.json").is_file()]
    except OSError:  # no model home yet, or one that cannot be read
        added = []
    return sorted({*BUILT_IN, *(n for n in added if NAME.fullmatch(n))})


def model_home() -> Path:
    """The folder of the user's own models: `$COSPACE_HOME/models`, or the platform's place."""
    chosen = os.environ.get("COSPACE_HOME")
    if chosen:
        return Path(chosen) / "models"
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    elif os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "cospace" / "models"


def _load_folder(path: Path) -> Model:
    if not path.is_dir():
        _refuse_unsafe(path.name)
        what = "is a file" if path.is_file() else "there is nothing"
        raise ModelNotFound(f"{path}: {what}; expected a model folder, with a space.json in it")
    return Model(open_folder(path))


def _refuse_unsafe(name: str) -> None:
    suffix = Path(name).suffix.lower()
    if suffix in UNSAFE and not Path(name).is_dir():
        raise UnsafeFile(
            f"{name}: {suffix} files can run code when they are loaded, so this one was not"
            " opened. A model is a folder with a space.json; `cospace models` lists those you have"
        )


def _looks_like_path(name: str) -> bool:
    return "/" in name or "\\" in name or name.startswith((".", "~"))


def _missing(name: str) -> str:
    known = installed()
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    here = f" For the folder here write './{name}'." if Path(name).is_dir() else ""
    return f"no model is called {name!r}; {hint}installed are: {', '.join(known)}.{here}"
