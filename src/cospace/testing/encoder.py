"""`check_encoder`: what every encoder promises, as a suite that any encoder can be run through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from cospace.encode.base import BaseEncoder
from cospace.encode.folder import open_folder
from cospace.encode.model import Model
from cospace.encode.protocol import Encoder, Role
from cospace.errors import BadArgument, BadInput, BadItem, CospaceError, EmptyItem
from cospace.item import Content, Image, Part, Parts
from cospace.limits import limit
from cospace.space import Space
from cospace.testing.signals import bad_signals, signals
from cospace.vectors import Vectors

__all__ = ["check_encoder"]

_TEXTS = (
    "a red chair",
    "retro velvet armchair in good condition, from a smoke-free home",
    "bike",
    "The harbour was quiet at dawn; two men mended nets, and the air smelled of tar and coffee",
    "Žluťoučký kůň — 東京の静かな朝 🚲",
    "don't\tpanic\r\n(42)",
)

# The cosine that an input alone and the same input in a batch must reach.
_SAME = 0.9999


def check_encoder(encoder: Encoder) -> None:
    """Nothing, when `encoder` keeps all the promises of the protocol.

    Raises `AssertionError` with a line that names the first promise it breaks. Which kinds are
    tried follows from `encoder.space`; known here are texts, images, and the signals of
    `cospace.testing.signals`.

    >>> from cospace.testing.tiny import tiny_model
    >>> check_encoder(tiny_model())
    """
    assert isinstance(encoder, Encoder), "it has space, encode_query and encode_document"
    assert isinstance(encoder.space, Space), "its space is a Space"
    inputs = _inputs(encoder.space)
    assert inputs, "its space has a tower for a modality that is known here"
    for encode in (encoder.encode_query, encoder.encode_document):
        _check_shape(encoder.space, encode, inputs)
        _check_order(encode, inputs)
        _check_refusals(encoder.space, encode, inputs[0])
    _check_threads(encoder, inputs)
    if isinstance(encoder, BaseEncoder):
        _check_encode(encoder, inputs)
    if "text" in encoder.space.kinds:
        _check_texts(encoder)
    if {"text", "image"} <= set(encoder.space.kinds) and isinstance(encoder, Model):
        _check_both(encoder)
    if isinstance(encoder, Model) and encoder.path.is_dir():
        _check_reload(encoder, inputs)


def _inputs(space: Space) -> list[Content]:
    """Inputs of every modality that the space has a tower for, mixed."""
    inputs: list[Content] = []
    if "text" in space.kinds:
        inputs += [*_TEXTS, Part("text", "a table"), Parts(text="a lamp")]
    if "image" in space.kinds:
        random = np.random.default_rng(0)
        for height, width in ((32, 48), (224, 224), (300, 40)):
            noise = random.integers(0, 256, (height, width, 3), np.uint8)
            inputs.insert(len(inputs) // 2, Image(noise))
    return inputs + [part for part in signals() if part.kind in space.kinds]


def _check_shape(
    space: Space, encode: Callable[[Sequence[Content]], Vectors], inputs: list[Content]
) -> None:
    vectors = encode(inputs)
    assert isinstance(vectors, Vectors), "it gives Vectors"
    assert vectors.space.fingerprint == space.fingerprint, "its vectors are of its own space"
    assert vectors.array.shape == (len(inputs), space.dim), "one row for each input"
    assert vectors.array.dtype == np.float32, "rows are float32"
    norms = np.linalg.norm(vectors.array, axis=1)
    assert np.allclose(norms, 1, atol=1e-4), "rows have length one"
    assert np.array_equal(encode(inputs).array, vectors.array), "the same list, the same bits"
    assert encode([]).array.shape == (0, space.dim), "an empty list gives no rows"
    assert encode(tuple(inputs)).array.shape == vectors.array.shape, "a tuple is as good as a list"


def _check_encode(encoder: BaseEncoder, inputs: list[Content]) -> None:
    roles: tuple[tuple[Role, Any], ...]
    roles = ("query", encoder.encode_query), ("document", encoder.encode_document)
    for role, each in roles:
        vectors, alone = encoder.encode(inputs, role), encoder.encode(inputs[0], role)
        assert np.array_equal(each(inputs).array, vectors.array), (
            f"encode as a {role} gives other vectors"
        )
        assert alone.shape == (encoder.space.dim,), "encode gives one row for one input"
        assert alone @ each(inputs)[0] >= _SAME, "encode gives one input its own vector"
    if encoder.needs_role:
        error = _refusal(encoder.encode, inputs, "encode without a role")
        assert isinstance(error, BadArgument), "encode without a role is refused as BadArgument"
        return
    query, document = encoder.encode_query(inputs), encoder.encode_document(inputs)
    assert np.array_equal(query.array, document.array), "what needs no role has none"
    assert np.array_equal(encoder.encode(inputs).array, document.array), "encode needs no role"


def _check_order(encode: Callable[[Sequence[Content]], Vectors], inputs: list[Content]) -> None:
    whole = encode(inputs).array
    alone = np.concatenate([encode([one]).array for one in inputs])
    cosines = np.einsum("ij,ij->i", whole, alone)
    assert cosines.min() >= _SAME, "an input alone and in a batch has the same vector"
    backwards = encode(inputs[::-1]).array[::-1]
    assert np.einsum("ij,ij->i", whole, backwards).min() >= _SAME, "rows follow the inputs' order"
    many = encode([*inputs, *inputs[::-1]] * 5).array
    assert np.einsum("ij,ij->i", many[: len(inputs)], whole).min() >= _SAME, (
        "a long list gives the vectors of a short one"
    )


def _check_threads(encoder: Encoder, inputs: list[Content]) -> None:
    expected = encoder.encode_document(inputs).array
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: encoder.encode_document(inputs).array, range(8)))
    for rows in found:
        assert np.einsum("ij,ij->i", rows, expected).min() >= _SAME, "threads may share it"


def _check_refusals(
    space: Space, encode: Callable[[Sequence[Content]], Vectors], good: Content
) -> None:
    bad: list[tuple[str, Any]] = [
        ("a number", 7),
        ("None", None),
        ("no parts", Parts()),
        ("an unknown kind", Part("smell_of_rain", b"")),
    ]
    if "text" in space.kinds:
        bad += [
            ("an empty text", ""),
            ("white space", " \n\t"),
            ("zero-width characters", "\u200b\u200d"),
            ("a lone surrogate", "a \ud800 b"),
            ("a NUL", "a \x00 b"),
            ("a text past the limit", "a " * limit("text_chars")),
            ("a text that is none", Part("text", 7)),
        ]
    if "image" in space.kinds:
        bad += [
            ("a missing file", Image("/nowhere/at/all.jpg")),
            ("bytes that are no image", Image(b"<html></html>")),
            ("floats", Image(np.zeros((8, 8, 3)))),
        ]
    bad += [(what, part) for what, part in bad_signals() if part.kind in space.kinds]
    for what, value in bad:
        error = _refusal(encode, [good, value], what)
        assert isinstance(error, BadItem), f"{what} is refused as BadItem, not {error!r}"
        assert "1" in error.name, f"the refusal of {what} names position 1, not {error.name!r}"
    if "text" in space.kinds:
        assert isinstance(_refusal(encode, [""], "an empty text"), EmptyItem), (
            "an empty text is refused as EmptyItem"
        )
        error = _refusal(encode, "a string", "a str in place of a list")
        assert isinstance(error, BadInput), "a str in place of a list is refused as BadInput"


def _refusal(encode: Callable[[Any], Vectors], inputs: Any, what: str) -> CospaceError:
    try:
        encode(inputs)
    except CospaceError as error:
        return error
    except Exception as error:
        raise AssertionError(
            f"{what} is refused with an error of cospace, not {error!r}"
        ) from error
    raise AssertionError(f"{what} is refused")


def _check_texts(encoder: Encoder) -> None:
    documents = encoder.encode_document(list(_TEXTS))
    assert np.ptp(documents.array, axis=0).max() > 1e-3, "different texts have different vectors"
    assert not documents.truncated, "short texts are not reported as cut"
    # As many words as the longest text may hold: no model of today reads that far.
    long = "chair " * (limit("text_chars") // 6)
    cut = encoder.encode_document(["a chair", long, "a table"])
    if cut.truncated:
        assert cut.truncated == (1,), "a text that was cut is listed in Vectors.truncated"
        assert cut.report, "a text that was cut is reported in Vectors.report"
    else:
        other = encoder.encode_document([long[: len(long) // 2] + "table " * (len(long) // 12)])
        assert other.array[0] @ cut.array[1] < 1 - 1e-6, (
            "a text whose end does not count is listed in Vectors.truncated"
        )
    url = encoder.encode_document(["/etc/hostname", "http://localhost/a.jpg"])
    assert len(url) == 2, "a text that looks like a path or a URL is a text"


def _check_both(encoder: Encoder) -> None:
    image = Image(np.full((32, 32, 3), 90, np.uint8))
    text = "a grey wall"
    both, first, second = encoder.encode_document(
        [Parts(text=text, image=image), text, image]
    ).array
    if encoder.space.towers[0].family == "native":
        assert max(both @ first, both @ second) < 1 - 1e-6, "the two together are one input"
        return
    mean = (first + second) / np.linalg.norm(first + second)
    assert both @ mean >= _SAME, "text and image together give the mean of their vectors"


def _check_reload(model: Model, inputs: list[Content]) -> None:
    again = type(model)(
        open_folder(model.path), kinds=model.space.kinds, dim=model.space.dim, engine=model.engine
    )
    assert again.space.fingerprint == model.space.fingerprint, "a reload has the same fingerprint"
    before, after = model.encode_document(inputs).array, again.encode_document(inputs).array
    assert np.einsum("ij,ij->i", before, after).min() >= _SAME, "a reload gives the same vectors"
