"""`models`: what `load` can give here, and of the rest what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from cospace.encode.folder import open_folder, read_space
from cospace.encode.hosted import SERVICES, service
from cospace.encode.names import BUILT_IN, folder_of, installed, load
from cospace.errors import CospaceError
from cospace.space import Space

__all__ = ["ModelInfo", "models"]


@dataclass(frozen=True)
class ModelInfo:
    """A model by the `name` that `load` takes. One that is not `ready` says `why`.

    `place` is "built in" (of the package cospace-starter), "added" (a folder of the model home),
    or "hosted" (behind a service: `ready` is whether its library and a key are here; whether the
    service takes the key, nobody has asked). `dim` is the default one; 0 where it is not known.
    `space` is None for a hosted model, and for one that cannot be loaded. The kind of a reranker is
    "pair": `load_reranker` loads it, and its `dim` is 0, for it makes no vectors.
    """

    name: str
    place: Literal["built in", "added", "hosted"]
    kinds: tuple[str, ...] = ()
    dim: int = 0
    space: Space | None = None
    why: str = ""

    @property
    def ready(self) -> bool:
        """Whether it can be used as it is."""
        return not self.why

    def to_json(self) -> dict[str, Any]:
        """A record for JSON, without the space."""
        about = {"name": self.name, "place": self.place, "ready": self.ready}
        return {**about, "kinds": list(self.kinds), "dim": self.dim, "error": self.why or None}


def models() -> list[ModelInfo]:
    """The models that `load` knows by name: built in, added, and hosted. Nothing is sent.

    >>> import cospace as cs
    >>> [starter] = [one for one in cs.models() if one.name == "starter"]
    >>> starter.place, starter.kinds, starter.dim, starter.ready
    ('built in', ('text', 'image'), 384, True)
    """
    return [*map(_local, installed()), *_hosted()]


def _local(name: str) -> ModelInfo:
    place: Literal["built in", "added"] = "built in" if name in BUILT_IN else "added"
    try:
        folder = folder_of(name)
        if read_space(folder).kinds == ("pair",):
            return ModelInfo(name, place, ("pair",), 0, open_folder(folder).space)
        space = load(name, cache=False).space
    except CospaceError as error:
        return ModelInfo(name, place, why=str(error))
    return ModelInfo(name, place, space.kinds, space.dim, space)


def _hosted() -> list[ModelInfo]:
    found = []
    for scheme in SERVICES:
        kind = service(scheme)
        why = kind.missing()
        for model, facts in kind.MODELS.items():
            name, dim = f"{scheme}:{model}", facts.dims[0]
            found.append(ModelInfo(name, "hosted", facts.kinds, dim, why=why))
    return found
