"""The model of a collection that was opened without one: found by the space it keeps."""

from __future__ import annotations

from contextlib import suppress

from cospace.encode import Encoder, load
from cospace.encode.names import installed, is_hosted
from cospace.errors import CospaceError, ModelNotFound
from cospace.space import Space

__all__ = ["model_of"]


def model_of(space: Space) -> Encoder:
    """The model of the space's name, or one of this space that is installed under another."""
    if is_hosted(space.name):
        return load(space.name, dim=space.dim)
    try:
        return _fitting(space.name, space)
    except ModelNotFound as error:
        for name in installed():
            with suppress(CospaceError):  # a model that is damaged is not the one
                model = _fitting(name, space)
                if not space.conflict(model.space):
                    return model
        raise ModelNotFound(
            f"{error} The collection's model is {space}: open it with model=FOLDER, on the command"
            " line --model FOLDER"
        ) from None


def _fitting(name: str, space: Space) -> Encoder:
    """The model of this name, with `dim=` where the space holds fewer numbers than it gives."""
    model = load(name)
    return model if model.space.dim <= space.dim else load(name, dim=space.dim)
