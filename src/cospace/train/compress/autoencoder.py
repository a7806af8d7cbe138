"""`autoencoder`: vectors of fewer numbers, by the best of three ways."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from cospace.arguments import check_count, is_one_of
from cospace.errors import BadArgument
from cospace.measures.bootstrap import mean_difference
from cospace.progress import Meter, metered
from cospace.train.card import Card, Figure, Point
from cospace.train.compress.closed import pca, quadratic
from cospace.train.compress.kept import Kept, Truth
from cospace.train.compress.network import train
from cospace.train.compress.report import Compressed, Compression, Size
from cospace.train.heads import Head
from cospace.train.heads.given import HeadOptions, HeadSettings, head_settings, rows_of
from cospace.train.heldout import grouped, split_groups
from cospace.train.ranges import teller

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cospace.space import Space
    from cospace.train.heads.layers import Tensors
    from cospace.vectors import Vectors

__all__ = ["autoencoder"]

_LEAST = 200  # rows; with fewer, hardly 40 are held out, and their 10 nearest say little
_HOW = (
    "{dim} numbers for the {d} of {source}, by {method}. Measured on rows that were held out, in"
    " whole groups of equal ones: of a row's {k} nearest by whole vectors, the share that its whole"
    " vector finds again among the decoded ones of the others, and that codes find among codes."
    " The ranges are over rows as queries among these documents; others would move them more."
)


@dataclass(frozen=True, slots=True)
class _Split:
    """Unit rows to learn from, and those that choose the settings and that measure the result."""

    learn: NDArray[np.float32]
    choose: Truth
    test: Truth


def autoencoder(
    vectors: Vectors | NDArray[Any],
    dims: Sequence[int] = (32, 64, 128),
    *,
    by: str = "decoded",
    **options: Unpack[HeadOptions],
) -> Compression:
    """Vectors of fewer numbers: for each of `dims` the best of three ways, measured.

    `vectors` are `Vectors` [n, d] of any kind, floats [n, d], or small pictures, uint8 or floats
    [n, height, width] or [n, height, width, channels], which are taken pixel by pixel. The ways
    are PCA, PCA with a quadratic way back in closed form, and an autoencoder: a network that
    starts as PCA and learns to pass the rows through so few numbers (Hinton and Salakhutdinov,
    Reducing the dimensionality of data with neural networks, 2006). All see unit rows, since
    what counts is the cosine.

    Recommended is the way of the highest recall@10, by "decoded" or by "codes". By "decoded" the
    whole vector of a query is compared with the decoded vectors of documents: documents are kept
    as codes, and a query has no need to be. By "codes" codes are compared with codes, as in a
    collection of them; nothing is decoded. A tenth of the rows that are not held out chooses: when
    the network stops, the penalty, and what is recommended. What is told was measured on
    `held_out` of the rows, which had no part in any of that; equal rows stay together.

    `size.head.encode(vectors)` gives codes in a space of their own, `decode` leads back;
    `result.save(folder)` keeps them. Ctrl-C keeps the best so far (`result.stopped`).

    Raises `BadArgument` for a size that is not below d, fewer than 200 rows or rows that are all
    equal, and `BadVector` for NaN, Inf and rows of zeros.

    >>> import numpy as np
    >>> found = autoencoder(np.random.default_rng(0).random((300, 4, 4)), [3], epochs=2)
    >>> [way.head.space.dim for way in found.sizes[0].ways]
    [3, 3, 3]
    """
    settings = head_settings(options)
    if not is_one_of(by, ("decoded", "codes")):
        raise BadArgument(f"by is 'decoded' or 'codes', not {by!r}")
    rows, source = rows_of(vectors, settings.name)
    dims = _checked(dims, len(rows), source.dim)
    notes: list[str] = []
    split = _split(rows, settings, notes)
    digest = hashlib.sha256(np.ascontiguousarray(rows, "<f4").tobytes()).hexdigest()
    total = len(dims) * settings.epochs * len(split.learn)
    with metered(options.get("progress"), total, "rows") as meter:
        sizes, stopped = _sizes(dims, split, source, settings, (meter, digest, by, notes))
    tell = teller(options.get("tell"))
    for note in notes:
        tell(note)
    return Compression(
        len(split.learn) + len(split.choose.rows), len(split.test.rows), split.test.chance,
        tuple(sizes), tuple(notes), stopped,
    )  # fmt: skip


def _checked(dims: Sequence[int], rows: int, dim: int) -> list[int]:
    if rows < _LEAST:
        raise BadArgument(
            f"{rows} rows are too few to learn from and to measure on: at least {_LEAST}"
        )
    if isinstance(dims, str) or not isinstance(dims, Iterable):
        raise BadArgument(f"dims is a list of sizes, such as [32, 64, 128], not {dims!r:.60}")
    what = f"{rows:,} vectors of {dim} numbers can be made smaller: a size"
    found = [check_count(what, one, most=min(dim - 1, rows // 2)) for one in dims]
    if not found or len(set(found)) < len(found):
        raise BadArgument(f"dims are different sizes, such as 32, 64, 128; not {found}")
    return found


def _split(rows: NDArray[np.float32], settings: HeadSettings, notes: list[str]) -> _Split:
    """The rows in three parts, in whole groups of equal rows."""
    if len(rows) > settings.most:
        notes.append(f"{settings.most:,} of {len(rows):,} rows, drawn, are used: most= says more")
        order = np.random.default_rng(settings.seed).permutation(len(rows))
        rows = rows[np.sort(order[: settings.most])]
    groups = grouped([row.tobytes() for row in rows])
    kept, test = split_groups(groups, share=settings.held_out, seed=settings.seed)
    learn, choose = split_groups(groups[kept], share=0.1, seed=settings.seed)
    for part in (test, choose):
        if len(part) < 2:
            raise BadArgument(f"{len(rows)} rows of {groups.max() + 1} kinds cannot be split")
    equal = len(rows) - len(set(groups))
    if equal:
        notes.append(f"{equal:,} rows are equal to others, and stay on their side")
    return _Split(rows[kept][learn], Truth(rows[kept][choose]), Truth(rows[test]))


def _sizes(
    dims: Sequence[int], split: _Split, source: Space, settings: HeadSettings,
    told: tuple[Meter, str, str, list[str]],
) -> tuple[list[Size], bool]:  # fmt: skip
    """All sizes until Ctrl-C, and whether there was one; a size that it breaks off is left out."""
    meter, digest, by, notes = told
    sizes: list[Size] = []
    for number, dim in enumerate(dims):
        meter.stage = f"{dim} numbers"
        try:
            size, stopped = _size(dim, split, source, settings, (meter, number, digest, by))
            sizes.append(size)
        except KeyboardInterrupt:  # outside the network's training, which keeps its best
            if not sizes:
                raise
            stopped = True
            notes.append(f"stopped: not finished with {dim} numbers")
        if stopped:
            notes += [f"stopped: not begun with {left} numbers" for left in dims[number + 1 :]]
            return sizes, True
    return sizes, False


def _size(
    dim: int,
    split: _Split,
    source: Space,
    settings: HeadSettings,
    told: tuple[Meter, int, str, str],
) -> tuple[Size, bool]:
    """All ways to one size, and whether Ctrl-C ended the last of them."""
    meter, number, digest, by = told
    linear = pca(split.learn, dim)

    def pulse(epoch: float, loss: float) -> None:
        done = round((number * settings.epochs + epoch) * len(split.learn))
        meter.at(done, epoch=round(epoch), epochs=settings.epochs, loss=loss)

    network, points, stopped = train(
        linear, split.learn, lambda head: split.choose.worth(head, by),
        epochs=settings.epochs, seed=settings.seed, pulse=pulse,
    )  # fmt: skip
    made: dict[str, Tensors] = {"autoencoder": network, "pca": linear}
    made["quadratic"] = quadratic(linear, split.learn, split.choose.rows, seed=settings.seed)
    ways = []
    for method, tensors in made.items():
        kept = split.test.kept(tensors, seed=settings.seed)
        chosen = split.choose.worth(tensors, by)
        head = Head(source, tensors, method=method, name=settings.name and f"{settings.name}-{dim}")
        curve = points if method == "autoencoder" else ()
        head.card = _card(head, kept, split, settings, (digest, curve))
        ways.append(Compressed(method, head, kept, chosen))
    ways.sort(key=lambda way: -way.choosing)  # never by what is told: the best of three is high
    ahead = mean_difference(ways[0].kept.each[by], ways[1].kept.each[by], seed=settings.seed)
    return Size(dim, tuple(ways), ahead), stopped


def _card(
    head: Head, kept: Kept, split: _Split, settings: HeadSettings,
    told: tuple[str, Sequence[Point]],
) -> Card:  # fmt: skip
    seen = Truth(split.learn[: len(split.test.rows)])
    figure = Figure(
        f"recall@{split.test.k}, decoded", kept.decoded, split.test.chance,
        train=seen.worth(head.tensors),
        shuffled=split.test.shuffled(head.tensors, seed=settings.seed),
    )  # fmt: skip
    codes = Figure(f"recall@{split.test.k}, codes", kept.codes, split.test.chance)
    how = _HOW.format(
        dim=head.space.dim, d=head.source.dim, source=head.source, method=head.method,
        k=split.test.k,
    )  # fmt: skip
    return Card(
        head.space.name, how, told[0],
        {"rows learnt from": len(split.learn), "rows to choose by": len(split.choose.rows),
         "rows held out": len(split.test.rows)},
        {**settings.to_json(), "method": head.method}, [figure, codes], told[1],
        (f"{kept.error:.1%} of the variance does not come back; mean cosine {kept.cosine:.4f}",
         "shuffled: codes dealt out to other rows"),
    )  # fmt: skip
