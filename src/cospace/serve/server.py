"""What is served: models with their turns, collections by name, and who works for them."""

from __future__ import annotations

import asyncio
import re
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import cospace as cs
from cospace.cores import cores
from cospace.encode import Encoder
from cospace.encode.base import BaseEncoder
from cospace.encode.reranker import Reranker, load_reranker
from cospace.errors import (
    BadArgument,
    CollectionNotFound,
    CospaceError,
    ModelNotFound,
    TooBusy,
)
from cospace.item import Audio, Content, Image, Part, Parts
from cospace.limits import limit
from cospace.serve.decoder import Decoder
from cospace.serve.ingests import Ingests
from cospace.serve.kept import Thumbnails
from cospace.serve.mapping import Makings
from cospace.serve.metrics import Metrics
from cospace.serve.repeats import Repeats
from cospace.serve.settings import Settings
from cospace.serve.tokenids import TokenIds
from cospace.serve.turns import Turns
from cospace.serve.waiting import finished
from cospace.store.columnar import columnar
from cospace.store.remote.address import is_address
from cospace.store.remote.open import parsed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from starlette.requests import Request

    from cospace.collection import Collection
    from cospace.encode.hosted.chat import Chat

__all__ = ["Server", "Workers"]

T = TypeVar("T")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SUFFIX = ".cospace"
# Collections of more items are read for facets and spelling when somebody asks for these.
_WARM = 200_000


class Workers:
    """Threads for one sort of work, and a bound on how much of it may wait."""

    def __init__(self, name: str, threads: int, most: int, metrics: Metrics) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"cospace-{name}")
        self._most = most
        self._name = name
        self._metrics = metrics
        self._counting = threading.Lock()
        self.under_way = 0

    async def run(self, task: Callable[..., T], *given: Any, **named: Any) -> T:
        """What the task gives. Raises `TooBusy` where too much is waiting already."""
        return await asyncio.wrap_future(self.begin(task, *given, **named))

    async def run_for(
        self, request: Request, task: Callable[..., T], *given: Any, **named: Any
    ) -> T:
        """As `run`; what has not begun when the client of `request` goes away is dropped."""
        return await finished(request, self.begin(task, *given, **named), self._metrics)

    def begin(self, task: Callable[..., T], *given: Any, **named: Any) -> Future[T]:
        """The task under way. Raises `TooBusy`."""
        with self._counting:
            if self.under_way >= self._most:
                raise TooBusy(f"{self.under_way} requests to {self._name} are waiting; try again")
            self.under_way += 1
        work = partial(task, *given, **named)
        future = self._threads.submit(copy_context().run, work)
        future.add_done_callback(self._done)
        return future

    def _done(self, future: Future[Any]) -> None:
        del future
        with self._counting:
            self.under_way -= 1

    def close(self) -> None:
        """What has begun ends."""
        self._threads.shutdown()


class Server:
    """Opens what the settings name. Raises what `cospace.open` and `cospace.load` raise."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.token_ids = TokenIds(settings.token_ids)
        self.decoder = Decoder()
        self.thumbnails = Thumbnails()
        self.ingests = Ingests()
        self.repeats = Repeats()
        self.makings = Makings()
        self.searches = Workers("search", 2 * cores(), 512, self.metrics)
        self.writes = Workers("write", 2, 64, self.metrics)
        self.decoding = Workers("decode", 1, 256, self.metrics)
        self.reranking = Workers("rerank", 1, 32, self.metrics)
        # With a chat model they mostly wait for it.
        self.asking = Workers("ask", 4 * cores() if settings.chat else 2, 64, self.metrics)
        self._held = 0
        self._counting = threading.RLock()  # an image may go at any moment, also in here
        self.collections: dict[str, Collection] = {}
        self.models: dict[str, BaseEncoder] = {}
        self._turns: dict[str, Turns] = {}
        self.rerankers: dict[str, Reranker] = {}
        self.chat: Chat | None = None  # what writes answers to questions
        self._names: dict[str, str] = {}  # what a model is asked by, to its name in `models`
        self.ready = False
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        settings = self.settings
        loaded = {name: cs.load(name) for name in settings.models}
        for path in settings.collections:
            name = _name_of(path)
            if name in self.collections:
                raise BadArgument(f"two collections are called {name!r}: rename one of the folders")
            opened = self._collection(path, list(loaded.values()))
            opened.settle_in_background()
            self.collections[name] = opened
            opened.through(self._taking_turns)
            opened.keep(*loaded.values())  # for when it is switched to one of them
            self._add(opened.model, opened.model.space.name)
        if not loaded and not self.models:
            loaded["starter"] = cs.load("starter")
        for name, model in loaded.items():
            self._add(self._taking_turns(model), name)
        for name in settings.rerankers:
            ranker = load_reranker(name)
            self.rerankers[name] = ranker
            self.rerankers.setdefault(ranker.name, ranker)
        if settings.chat:
            from cospace.encode.hosted.chat import Chat

            self.chat = Chat(settings.chat, settings.chat_model)
        self.ready = True
        threading.Thread(target=self._warm, name="cospace-warm", daemon=True).start()

    def _warm(self) -> None:
        """Read what facets and spelling need, so that the first who asks need not wait for it."""
        for collection in self.collections.values():
            store = columnar(collection.store)
            with suppress(CospaceError):  # told to who asks, and closed meanwhile
                if store is not None and len(collection) <= _WARM:
                    store.columns()
                    store.lexicon()

    def _collection(self, path: str, loaded: list[Encoder]) -> Collection:
        """The collection at `path`, with that of the models that were named which is its own."""
        only = self.settings.read_only
        opened = cs.open(path, create=False, read_only=only)
        space = opened.space
        own = [one for one in loaded if space is not None and not space.apart(one.space)]
        if space is None and loaded:  # it is empty: its first model is the first that was named
            own = loaded
        if not own:
            if space is None:
                raise BadArgument(f"{path} is empty, and has no model yet: name one with --models")
            return opened
        opened.close()
        return cs.open(path, create=False, read_only=only, model=own[0])

    def _add(self, model: Encoder, name: str) -> None:
        """Serve a model for embeddings, by its own name, and by the one it was loaded by.

        Another model of a name that is taken goes by the name and the beginning of its fingerprint.
        """
        if not isinstance(model, BaseEncoder):
            return
        own = model.space.name
        if own in self.models and self.models[own].space.apart(model.space):
            own = f"{own}@{model.space.fingerprint[:8]}"
        self.models.setdefault(own, model)
        self._names[own] = own
        self._names.setdefault(name, own)

    def _taking_turns(self, model: Encoder) -> Encoder:
        """The model, asked in turns; models of one space share them."""
        if not isinstance(model, BaseEncoder) or isinstance(model.memory, Turns):
            return model
        key = model.space.fingerprint
        if key not in self._turns:
            model.warm()
            name = model.space.name
            count = self.metrics.encoded
            self._turns[key] = Turns(model, watch=lambda inputs, _: count(name, inputs))
        return model.through(self._turns[key])

    # --- what requests name ---

    def model(self, name: str) -> BaseEncoder:
        """The model of this name. Only models that the server was started with are known."""
        if name not in self._names:
            known = ", ".join(self.models)
            raise ModelNotFound(f"this server has no model {name!r}; it has {known}")
        return self.models[self._names[name]]

    def reranker(self, name: str) -> Reranker:
        """The cross-encoder of this name, of those that the server was started with."""
        if name not in self.rerankers:
            known = ", ".join(self.rerankers) or "none"
            raise ModelNotFound(f"this server has no reranker {name[:100]!r}; it has {known}")
        return self.rerankers[name]

    def turns(self, model: BaseEncoder) -> Turns:
        """The turns that a served model is asked through."""
        assert isinstance(model.memory, Turns)
        return model.memory

    def collection(self, name: str) -> Collection:
        """The collection of this name. A name is no path: only what was opened at the start."""
        if name not in self.collections:
            known = ", ".join(self.collections) or "none"
            raise CollectionNotFound(f"no collection {name[:100]!r} here; there is {known}")
        return self.collections[name]

    # --- what comes from strangers ---

    async def safe(self, content: Content, kinds: Sequence[str]) -> Content:
        """The content, what is of these kinds decoded by the process that is there for it."""
        if isinstance(content, str):
            return content
        made: dict[str, Part] = {}
        for name, part in Parts.of(content).items():
            made[name] = part
            if part.kind == "image" and "image" in kinds:
                made[name] = await self.image(part.value)
            elif part.kind == "audio" and "audio" in kinds:
                wav = await self._apart(self.decoder.sound, part.value)
                made[name] = Audio(wav.data)  # which holds the array
        return Parts(**made)

    async def image(self, data: bytes) -> Image:
        """An image that was sent. Raises `BadItem`, and `TooBusy` while too many are held."""
        return Image(await self._apart(self.decoder.image, data))

    async def _apart(
        self, decode: Callable[[bytes], NDArray[np.uint8]], data: bytes
    ) -> NDArray[np.uint8]:
        """What a file holds, decoded by another process, and counted while it is held."""
        return await self.decoding.run(self._counted, decode, data)

    def _counted(
        self, decode: Callable[[bytes], NDArray[np.uint8]], data: bytes
    ) -> NDArray[np.uint8]:
        # Looked at when its turn comes: while it waited, others have taken the room.
        if self._held > limit("upload_held"):
            raise TooBusy("too many files are held at once; send fewer in a request, or later")
        array = decode(data)
        self._hold(array.nbytes)
        weakref.finalize(array, self._hold, -array.nbytes)
        return array

    def _hold(self, size: int) -> None:
        """Count the bytes of what was decoded: a few bytes of a file can be many pixels."""
        with self._counting:
            self._held += size

    @property
    def waiting(self) -> int:
        """Inputs that wait to be encoded."""
        return sum(one.waiting for one in self._turns.values())

    def close(self) -> None:
        """What was accepted is finished, then everything is let go of."""
        self.ready = False
        self.makings.close()
        for workers in (self.writes, self.searches, self.decoding, self.reranking, self.asking):
            workers.close()
        for turns in self._turns.values():
            turns.close()
        for collection in self.collections.values():
            collection.close()
        self.decoder.close()


def _name_of(path: str) -> str:
    """ "market" of "shops/market.cospace" or an address. Raises `BadArgument` for no name."""
    if is_address(path):
        return parsed(path).name
    name = Path(path).resolve().name.removesuffix(_SUFFIX)
    if not _NAME.fullmatch(name):
        raise BadArgument(
            f"{path}: a collection is served by the name of its folder: letters, digits, '.', '_'"
            f" and '-', at most 100; not {name!r}"
        )
    return name
