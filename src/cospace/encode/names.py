"""`load`: a model from its name or its folder. Names are looked up, never used as paths."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from cospace.encode.folder import open_folder, read_space
from cospace.encode.hosted import SERVICES, hosted
from cospace.encode.model import Model
from cospace.errors import BadArgument, CospaceError, ModelNotFound, StorageError, UnsafeFile
from cospace.need import need
from cospace.space import Space

if TYPE_CHECKING:
    from cospace.encode.hosted import Hosted

__all__ = [
    "find_installed",
    "folder_of",
    "installed",
    "is_hosted",
    "load",
    "load_folder",
    "model_home",
]

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
_MINILM = "all-MiniLM-L6-v2"  # what "minilm" is, and what its space is called


def load(
    name: str | os.PathLike[str],
    *,
    dim: int | None = None,
    engine: str = "",
    cache: bool | None = None,
) -> Model | Hosted:
    """The model of a name ("starter", "minilm", one that you added) or of a folder.

    A `str` with a slash in it, or one that starts with "." or "~", is a folder; so is every
    `Path`. "minilm" is the text half of "starter". "hf:org/name" is the model that
    `cospace models add hf:org/name` made. Nothing is downloaded. A name with a service in front
    ("openai:text-embedding-3-small") is a hosted model.

    With `dim` the model gives the first `dim` numbers of its vectors, at length one: smaller,
    and a space of its own (see docs/quantization.md for what that loses).

    `engine` is "openvino", "openvino:f32" to fix its precision, "onnx" for a model that has an
    ONNX graph, "torch" or "torch:cuda" for one that was added with --engine torch or both. By
    default it is OpenVINO, and ONNX Runtime where it is installed and multiplies bytes faster.

    With `cache` vectors are kept on disk, and taken from there. By default those of hosted
    models are, and those of others when the environment says COSPACE_CACHE=1. The model is of
    the same class either way; its `cache` is where they are, `uncached()` the model without it.

    Raises `ModelNotFound` with near matches, `UnsafeFile` for a format that can run code,
    `ModelDamaged` for a folder whose files fail their hashes, `FormatTooNew` for one that a
    newer cospace wrote, `MissingExtra` when the starter package is not installed, and
    `BadArgument` for a `dim` that is not from 1 to the model's own.

    >>> load("minilm").encode_query(["vintage comfortable seating"]).array.shape
    (1, 384)
    >>> load("minilm", dim=128).encode_query(["vintage comfortable seating"]).array.shape
    (1, 128)
    """
    if is_hosted(name):
        if cache is False:
            raise BadArgument(
                f"{name} goes through the cache, so that nothing is paid for twice;"
                " cospace.encode.hosted.hosted(name) gives the model without it"
            )
        return hosted(str(name), dim=dim).cached()
    model = _load_local(name, dim, engine)
    wanted = os.environ.get("COSPACE_CACHE", "") not in ("", "0") if cache is None else cache
    return model.cached() if wanted else model


def is_hosted(name: object) -> bool:
    """Whether a model's name has a service in front that cospace knows.

    >>> is_hosted("openai:text-embedding-3-small"), is_hosted("starter")
    (True, False)
    """
    return isinstance(name, str) and name.partition(":")[0] in SERVICES and ":" in name


def _load_local(name: str | os.PathLike[str], dim: int | None, engine: str) -> Model:
    folder = folder_of(name)
    if name in ("minilm", _MINILM):
        return Model(open_folder(folder), kinds=("text",), dim=dim, engine=engine)
    return load_folder(folder, dim, engine)


def folder_of(name: str | os.PathLike[str]) -> Path:
    """The folder of a model's name, read as `load` reads it. Raises as `load` for a name."""
    if not isinstance(name, (str, os.PathLike)):
        raise BadArgument(f"a model is given by its name or folder, not as {name!r}")
    if not isinstance(name, str):
        return _existing(Path(name))
    _refuse_unsafe(name)
    scheme, colon, rest = name.partition(":")
    if colon and SCHEME.fullmatch(scheme):
        return _folder_added(scheme, rest)
    if _looks_like_path(name):
        return _existing(Path(name).expanduser())
    if not NAME.fullmatch(name):
        raise BadArgument(
            f"{name[:80]!r} is not a model's name: letters, digits, '.', '_' and '-', at most 64."
            " For a folder write its path with a slash, such as './model'"
        )
    if name in BUILT_IN or name == _MINILM:
        built_in: Path = need("cospace_starter", extra="starter").folder()
        return built_in
    if name in installed():
        return model_home() / name
    raise ModelNotFound(_missing(name))


def _folder_added(scheme: str, rest: str) -> Path:
    """The model that was added from this source; sources are never fetched while loading."""
    repository, _, revision = rest.partition("@")

    def fits(space: Space) -> bool:
        tower = space.towers[0]
        return tower.source == f"{scheme}:{repository}" and revision in ("", tower.revision)

    found = find_installed(fits, f"{scheme}:{rest}")
    if found:
        return model_home() / found
    known = ("hf", "timm", "torchvision", *SERVICES)
    if scheme not in known:
        near = get_close_matches(scheme, known, 1, cutoff=0.5)
        hint = f"; did you mean {near[0]}:{rest}?" if near else ""
        raise ModelNotFound(f"{scheme!r} is no source of models: {', '.join(known)}{hint}")
    raise ModelNotFound(
        f"{scheme}:{rest} was not added yet: cospace models add {scheme}:{rest}; installed are:"
        f" {', '.join(installed())}"
    )


def installed() -> list[str]:
    """The names that `load` knows: those built in, and the folders of the model home."""
    return sorted({*BUILT_IN, *_added()})


def _added() -> list[str]:
    home = model_home()
    try:
        found = [path.name for path in home.iterdir() if (path / "space.json").exists()]
    except FileNotFoundError:  # no model was added yet
        return []
    except OSError as error:
        raise StorageError(f"{home}: your models cannot be listed ({error.strerror})") from error
    return sorted(name for name in found if NAME.fullmatch(name))


def find_installed(fits: Callable[[Space], bool], what: str) -> str | None:
    """The name of the first model of yours whose space `fits`, or None when none does.

    Only records are read, and no file of a model is hashed. When none fits, and a record cannot
    be read, its error is raised: that model may be `what` is looked for.
    """
    broken: CospaceError | None = None
    for name in _added():
        try:
            if fits(read_space(model_home() / name)):
                return name
        except CospaceError as error:
            broken = broken or error
    if broken is not None:
        raise type(broken)(f"{broken}. It may be {what}, which no other model here is") from broken
    return None


def model_home() -> Path:
    """The folder of the user's own models: `$COSPACE_HOME/models`, or the platform's place."""
    chosen = os.environ.get("COSPACE_HOME")
    if chosen:
        return Path(chosen) / "models"
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "cospace" / "models"


def load_folder(path: Path, dim: int | None = None, engine: str = "") -> Model:
    """The model in a folder, without a cache in front. Raises as `load`."""
    folder = open_folder(_existing(path))
    if folder.space.towers[0].family == "native":
        from cospace.encode.native import Native

        return Native(folder, dim=dim, engine=engine)
    if folder.space.towers[0].family == "words":
        from cospace.encode.words import word_model

        return word_model(folder, dim=dim, engine=engine)
    if folder.space.towers[0].family == "static":
        from cospace.encode.static import StaticModel

        return StaticModel(folder, dim=dim, engine=engine)
    if folder.space.towers[0].family == "head":
        raise BadArgument(
            f"{path}: a head, which takes vectors of another model and no texts or images;"
            " cospace.train.Head.load opens it"
        )
    if folder.space.kinds == ("pair",):
        raise BadArgument(
            f"{path}: a reranker, which scores a query with a document and makes no vectors;"
            " cospace.encode.reranker.load_reranker opens it"
        )
    return Model(folder, dim=dim, engine=engine)


def _existing(path: Path) -> Path:
    if not path.is_dir():
        _refuse_unsafe(path.name)
        what = "is a file" if path.is_file() else "there is nothing"
        hint = ""
        if not path.is_absolute() and len(path.parts) == 2:
            hint = f"; a model of the hub comes by: cospace models add hf:{path.as_posix()}"
        raise ModelNotFound(
            f"{path}: {what}; expected a model folder, with a space.json in it{hint}"
        )
    return path


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
    if name in ("multilingual", "reranker", "bge-small"):
        return f"{name} was not made yet: cospace models add {name}"
    known = installed()
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
    here = f" For the folder here write './{name}'." if Path(name).is_dir() else ""
    return f"no model is called {name!r}; {hint}installed are: {', '.join(known)}.{here}"
