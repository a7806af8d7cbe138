"""The model of a collection that was opened without one: found by the space it keeps."""

from __future__ import annotations

from pathlib import Path

from cospace.encode import Encoder, load
from cospace.encode.names import find_installed, is_hosted
from cospace.errors import ModelNotFound
from cospace.space import Space

__all__ = ["MODELS", "model_of", "own_model"]

# The folder, in a collection's, of a model that was made for it.
MODELS = "models"


def model_of(space: Space, folder: Path | None = None) -> Encoder:
    """The model of the space's name, or one of this space that is installed under another.

    First comes one that the collection's own `folder` holds, as it does after `adapt`.
    """
    if folder is not None and (own := own_model(folder, space)).is_dir():
        return load(own)
    if is_hosted(space.name):
        return load(space.name, dim=space.dim)
    try:
        return _fitting(space.name, space)
    except ModelNotFound as error:
        name = find_installed(lambda known: _holds(known, space), f"the collection's {space}")
        if name is not None:
            return _fitting(name, space)
        raise ModelNotFound(
            f"{error} The collection's model is {space}: open it with model=FOLDER, on the command"
            " line --model FOLDER"
        ) from None


def own_model(folder: Path, space: Space) -> Path:
    """Where a collection in `folder` keeps the model of a space that was made for it."""
    return folder / MODELS / space.fingerprint[:16]


def _holds(known: Space, space: Space) -> bool:
    """Whether a model of the space `known` gives vectors of `space`, whole or with `dim=`."""
    return space.dim <= known.dim and not space.apart(known.truncated(space.dim))


def _fitting(name: str, space: Space) -> Encoder:
    """The model of this name, with `dim=` where the space holds fewer numbers than it gives."""
    model = load(name)
    return model if model.space.dim <= space.dim else load(name, dim=space.dim)
