"""The model of a collection: the one given, or the stored space's own, found when it is needed."""

from __future__ import annotations

from collections.abc import Callable

from cospace.arguments import check_instance
from cospace.collection.browsing import Browsing
from cospace.collection.models import model_of
from cospace.encode import Encoder
from cospace.encode.reranker import Reranker
from cospace.errors import BadArgument
from cospace.space import Space
from cospace.store.protocol import Store

__all__ = ["Modelled"]


class Modelled(Browsing):
    """A store, and the model that its vectors are of."""

    def __init__(
        self, store: Store, model: Encoder | None, name: str, queries: Encoder | None = None
    ) -> None:
        self.store = store
        self.name = name
        self._model = model
        self._queries = queries
        self._models: dict[str, Encoder] = {}  # by the fingerprint of their space
        self._rerankers: dict[str, Reranker] = {}
        self._route: Callable[[Encoder], Encoder] | None = None

    @property
    def space(self) -> Space | None:
        """The space of the stored vectors, or of the model while there are none."""
        return self.store.space or (self._model.space if self._model else None)

    @property
    def model(self) -> Encoder:
        """The model: the one given to `open`, or the stored space's, loaded by its name.

        Raises `SpaceMismatch` when the model of that name has changed, `BadArgument` when
        there is none.
        """
        space, model = self.store.space, self._model
        # Another process may have adapted the collection, or switched it to another model.
        if model is not None and (space is None or not space.conflict(model.space)):
            return model
        if space is None:
            raise BadArgument(
                f"{self.name}: this needs a model; open it with one, such as model='starter'"
            )
        model = self._known(space) or self._routed(self._loaded(space))
        self._model = model
        return model

    def _loaded(self, space: Space) -> Encoder:
        model = model_of(space, getattr(self.store, "folder", None))
        space.check(model.space, what=f"{self.name} and the model {space.name!r}", stored=True)
        return model

    def _routed(self, model: Encoder) -> Encoder:
        return model if self._route is None else self._route(model)

    def keep(self, *models: Encoder) -> None:
        """Have models at hand: that of the stored space is used, now and after a switch."""
        for one in models:
            new = one is not self._model and self._known(one.space) is None
            self._models[one.space.fingerprint] = self._routed(one) if new else one

    def model_for(self, space: Space) -> Encoder:
        """The model of another space: one at hand, or found by its name.

        Raises `ModelNotFound`.
        """
        check_instance("space", space, Space, "as an encoder has it")
        return self._known(space) or model_of(space)

    def _known(self, space: Space) -> Encoder | None:
        """The model of a space, among those at hand."""
        return self._models.get(space.fingerprint)

    @property
    def asker(self) -> Encoder:
        """What encodes questions that are texts: the `queries` given to `open`, or the model."""
        return self.model if self._queries is None else self._queries

    def through(self, route: Callable[[Encoder], Encoder]) -> None:
        """From now on use what `route` gives for each model: a server's turns stand before it."""
        self._route = route
        if self._model is not None:
            self._model = route(self._model)
        if self._queries is not None:
            self._queries = route(self._queries)
