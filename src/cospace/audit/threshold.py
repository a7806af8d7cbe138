"""How near is too near? Thresholds that are fitted on the space and the items themselves.

Nothing is set by hand for a model. Measured are:

- *the copies*: some of the items with a light edit (`cospace.audit.edits`), encoded by the
  collection's model; their cosine to the item that they were made of, and how alike their letters
  or pixels are (`cospace.audit.witness`).
- *the null*: how near the nearest other item is when nothing is copied. Among n items that spread
  in m directions about a point, the distance d to the nearest has P(D > d) = exp(-(d / c)^m), a
  Weibull law: the limit law of minima that are bounded below (Fisher and Tippett 1928; Gnedenko
  1943; for nearest neighbours Amsaleg et al., Estimating local intrinsic dimensionality, KDD 2015).
  m and c are fitted to the middle of the distances, so a few copies change nothing. And how alike
  in letters or pixels an item and its nearest other are: the median, how far it scatters, and the
  same law for 1 - alike, whose tail is heavier than a scatter tells where texts have one form: of
  3,000 such texts, none a copy, 116 were taken for copies without it, 1 with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cospace.audit.edits import edited_photos, edited_texts
from cospace.audit.near import nearest
from cospace.audit.view import Matrix, View
from cospace.audit.witness import Witness
from cospace.encode import Encoder
from cospace.errors import CospaceError

__all__ = ["LEAST", "Threshold", "encoded", "fitted", "sampled", "sources", "weibull"]

LEAST = 30  # items; of fewer no tail is fitted
_SAMPLE = 2_000  # items whose nearest other is looked for
_SEEN = {"text": 2_000, "image": 400}  # of these, looked at by the second witness
_COPIED = {"text": 120, "image": 60}  # items that are edited
# The expected share of items that are taken for copies and are none.
FALSE = 0.001
# The share of edited copies that is let go: the farthest, whose edit changed what is said.
_LOST = 0.05
_MIDDLE = (0.15, 0.85)  # of the distances to the nearest
# Scatters from the median up to which an item is as alike to its nearest other as others are.
_SCATTERS = 3.5
_ONE = 1 - 1e-6

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Threshold:
    """From `cosine` and `alike` on, both, two items are taken for copies of one another.

    `cosine` is half way from what is usual to `copies` where a second witness decides.
    `alike` is None where there is no second witness. `plausible` is less: from there on a part is
    taken for a copy where another part of the two items is one. `chance` is the cosine that one
    item in a thousand reaches with its nearest other by chance, `copies` the one that 95% of
    edited copies reach; None where none could be encoded, and `why`. `power` is the share of
    edited copies that both let pass. `null` are m and c of the Weibull law.
    """

    cosine: float
    alike: float | None
    plausible: float | None
    chance: float
    copies: float | None
    power: float | None
    null: tuple[float, float]
    edited: int
    why: str = ""

    def p(self, cosine: float) -> float:
        """How often an item's nearest other is as near as this by chance."""
        m, c = self.null
        d = float(np.sqrt(max(0.0, 2 - 2 * cosine)))
        return float(-np.expm1(-((d / c) ** m)))


def fitted(
    view: View, kind: str, witness: Witness, matrix: Matrix, *, seed: int = 0
) -> Threshold | None:
    """The threshold for the vectors of a kind; None for fewer than 30 different ones."""
    if len(matrix.rows) < LEAST:
        return None
    some = sampled(view, matrix, _SAMPLE, seed)
    close, who = nearest(matrix.array, some, matrix.array)
    law = weibull(np.sqrt(np.maximum(2 - 2 * close.astype(np.float64), 0)))
    if law is None:
        return None
    chance = 1 - _by_chance(law) ** 2 / 2
    cosines, likeness, why = _copies(view, kind, matrix, witness, seed)
    if not len(cosines):
        return Threshold(chance, None, None, chance, None, None, law, 0, why)
    copies = float(np.quantile(cosines, _LOST))
    seen = np.isin(some, sampled(view, matrix, _SEEN[kind], seed))
    pairs = zip(matrix.rows[some[seen]].tolist(), matrix.rows[who[seen]].tolist(), strict=True)
    usual = np.array([witness.alike(a, b) for a, b in pairs])
    alike, plausible = _between(usual[np.isfinite(usual)], likeness[np.isfinite(likeness)])
    cosine = max(chance, copies)
    if alike is not None:
        cosine = _half_way(float(np.median(close)), copies) if kind == "text" else copies
    passed = cosines >= cosine
    if alike is not None:
        passed &= likeness >= alike
    power = float(np.mean(passed))
    return Threshold(cosine, alike, plausible, chance, copies, power, law, len(cosines))


def _half_way(usual: float, copies: float) -> float:
    """The cosine half way, by distance, from the nearest as they are usually to copies.

    Letters are quickly compared, so more is looked at than the edits that were tried need: others
    move a vector farther.
    """
    far, near = (np.sqrt(max(0.0, 2 - 2 * one)) for one in (usual, copies))
    return float(1 - ((far + near) / 2) ** 2 / 2) if near < far else copies


def _between(usual: Doubles, copies: Doubles) -> tuple[float | None, float | None]:
    """Half way from the top of what is usual to what copies are, and from its middle.

    Both are shares or correlations: atanh, Fisher's transform, makes their scatter alike. None
    where there is too little of either.
    """
    if len(usual) < LEAST or len(copies) < LEAST:
        return None, None
    spread = np.arctanh(np.clip(usual, -_ONE, _ONE))
    middle = float(np.median(spread))
    top = middle + _SCATTERS * 1.4826 * float(np.median(np.abs(spread - middle)))
    low = float(np.arctanh(np.clip(np.quantile(copies, _LOST), -_ONE, _ONE)))
    strict = float(np.tanh((top + low) / 2 if top < low else top))
    plausible = min(strict, float(np.tanh((middle + low) / 2)))
    law = weibull(1 - usual)
    return strict if law is None else max(strict, 1 - _by_chance(law)), plausible


def _by_chance(law: tuple[float, float]) -> float:
    """The distance that one item in a thousand is from its nearest other, or less."""
    m, c = law
    return float(c * (-np.log1p(-FALSE)) ** (1 / m))


def weibull(distances: Doubles) -> tuple[float, float] | None:
    """m and c of P(D > d) = exp(-(d / c)^m), by a line through the middle of the distances.

    log(-log(1 - F)) is m log(d) - m log(c): F is the rank of each distance. None where there are
    fewer than 30 that are not 0, or where they are all the same.

    >>> draw = np.random.default_rng(0)
    >>> m, c = weibull(0.5 * draw.weibull(8, 4_000))
    >>> round(m), round(c, 1)
    (8, 0.5)
    """
    ordered = np.sort(distances[distances > 1e-3])
    n = len(ordered)
    if n < LEAST:
        return None
    ranks = (np.arange(1, n + 1) - 0.5) / n
    middle = (ranks >= _MIDDLE[0]) & (ranks <= _MIDDLE[1])
    x, y = np.log(ordered[middle]), np.log(-np.log1p(-ranks[middle]))
    spread = x - x.mean()
    total = float(spread @ spread)
    if total < 1e-9:
        return None
    m = float(spread @ y) / total
    return m, float(np.exp(x.mean() - y.mean() / m))


def sampled(view: View, matrix: Matrix, most: int, seed: int) -> NDArray[np.int64]:
    """Places in the matrix of at most so many items, drawn by id: their order changes nothing.

    Where items go, those that stay are drawn as before.
    """
    by_id = sorted(range(len(matrix.rows)), key=lambda at: view.ids[matrix.rows[at]])
    places = np.array(by_id, np.int64)
    if len(places) <= most:
        return places
    lots = [_lot(view.ids[matrix.rows[at]], seed) for at in by_id]
    return places[np.sort(np.argsort(np.array(lots, np.uint64), kind="stable")[:most])]


def _lot(id: str, seed: int) -> int:
    """An item's own number, as if drawn: who else is there does not change it."""
    lot = blake2b(f"{seed} {id}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(lot, "big")


def sources(view: View, kind: str) -> list[Any]:
    """What each item's part of a kind was made of: its text, the path of its file, or None."""
    return list(view.texts) if kind == "text" else [one.get(kind) for one in view.media]


def _copies(
    view: View, kind: str, matrix: Matrix, witness: Witness, seed: int
) -> tuple[Doubles, Doubles, str]:
    """The cosine of each edited copy to its item, how alike they are; and why there are none."""
    none, model = np.zeros(0), view.model()
    if model is None:
        return none, none, f"no copies were encoded: {view.no_model}"
    places = sampled(view, matrix, _COPIED.get(kind, 0), seed)
    had = [(at, int(matrix.rows[at])) for at in places.tolist()]
    had = [(at, number) for at, number in had if witness.sources[number]]
    edit = {"text": lambda some: edited_texts(some, seed=seed), "image": edited_photos}.get(kind)
    made = list(edit([witness.sources[number] for _, number in had])) if edit else []
    if not made:
        return none, none, "no item could be edited: no text, and no photo whose file is here"
    try:
        vectors = encoded(model, [one for _, one in made])
    except CospaceError as error:
        return none, none, f"no copies were encoded: {error}"
    own = matrix.array[[had[one][0] for one, _ in made]]
    cosines = np.einsum("ij,ij->i", own.astype(np.float64), vectors.astype(np.float64))
    likeness = [witness.edited(had[one][1], copy) for one, copy in made]
    return cosines, np.array(likeness), ""


def encoded(model: Encoder, contents: list[Any]) -> Floats:
    """Unit vectors of contents, as documents."""
    return model.encode_document(contents).normalized
