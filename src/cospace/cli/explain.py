"""`cospace explain`: why an item is an answer, why it is not, and what is in it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cospace.cli.output import document, show, tell
from cospace.cli.parsing import Parser, command, filter_of, place
from cospace.cli.search import location_field, opened
from cospace.cli.text import one_line
from cospace.cli.textfile import lines_of
from cospace.errors import BadArgument

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.collection.explained import Explanation
    from cospace.explain import Concepts, Region, Shares, Stretches

__all__ = ["parser", "run"]

_SHOWN = 8  # words that are listed


def parser() -> Parser:
    """The arguments of `cospace explain`."""
    one = command(
        "explain",
        "Why an item answers a question: what each word of its text and of the question counts,\n"
        "the squares of its photo, 0 to 9, and its place. Without ID: the first answer.\n"
        "With --why-not: why an item is not among the answers. With --concepts: what is in it.",
        'cospace explain market.cospace "vintage comfortable seating" MK-1966',
        'cospace explain market.cospace "black sneakers" MK-1252 -o heat.png',
        'cospace explain market.cospace "a bicycle" --why-not MK-1008 --where \'{"price": 9}\'',
        'cospace explain market.cospace "a chair" MK-1966 --concepts',
    )
    one.add_argument("folder", metavar="FOLDER", help="a collection")
    one.add_argument("query", metavar="QUERY", help="a text")
    one.add_argument("id", metavar="ID", nargs="?", help="a stored item; default: the first answer")
    one.add_argument(
        "-o", "--output", metavar="FILE", type=Path,
        help="the photo with its heat map over it: .png, .jpg or .webp",
    )  # fmt: skip
    one.add_argument("--why-not", metavar="ID", help="why this item is not among the answers")
    one.add_argument(
        "-k", type=int, metavar="N", help="with --why-not: of so many answers; default: 10"
    )
    one.add_argument("--where", metavar="JSON", help="the filter that was searched with")
    one.add_argument("--near", metavar="LAT,LON", type=place, help="only near this place")
    one.add_argument("--km", metavar="N", type=float, help="how near, with --near; default: 10")
    one.add_argument(
        "--concepts", metavar="WORDS", nargs="?", const="",
        help="the item as a sum of words: the collection's own, or a file with one a line",
    )  # fmt: skip
    one.add_argument("--model", help="the model's folder, where the collection cannot find it")
    one.set_defaults(queries=None)
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    if args.why_not is not None:
        return _why_not(args)
    for flag in ("--where", "--near", "--km", "-k"):
        if getattr(args, flag.lstrip("-")) is not None:
            raise BadArgument(f"{flag} goes with --why-not ID")
    words = _vocabulary(args.concepts)
    format = _format(args.output)
    with opened(args) as collection:
        id = args.id or _first(collection, args.query)
        found = collection.explain(args.query, id)
        parts = {} if args.concepts is None else collection.concepts(id, vocabulary=words)
        if args.output is not None:
            _draw(collection, found, args.output, format)
    if args.json:
        record = found.to_json()
        if args.concepts is not None:
            record["concepts"] = {kind: one.to_json() for kind, one in parts.items()}
        document(record)
        return 0
    _show(found)
    for kind, one in parts.items():
        show(["", *_concepts(kind, one)])
    for note in found.notes:
        tell(f"note: {note}")
    if args.output is not None:
        tell(f"The photo with its heat map: {args.output}")
    return 0


def _why_not(args: argparse.Namespace) -> int:
    for name in ("id", "output", "concepts"):
        if getattr(args, name) is not None:
            raise BadArgument(f"--why-not takes one item and explains no other: leave out {name}")
    if args.km is not None and args.near is None:
        raise BadArgument("--km goes with --near LAT,LON")
    where = filter_of(args.where)
    with opened(args) as collection:
        near = None
        if args.near is not None:
            name, (lat, lon) = location_field(collection.store.schema), args.near
            km = 10.0 if args.km is None else args.km
            near = {"field": name, "lat": lat, "lon": lon, "km": km}
        k = 10 if args.k is None else args.k
        found = collection.why_not(args.query, args.why_not, k=k, where=where, near=near)
    if args.json:
        document(found.to_json())
        return 0
    show([one_line(found.told)])
    for note in found.notes:
        tell(f"note: {note}")
    return 0


def _first(collection: Collection, query: str) -> str:
    hits = collection.search(query, 1)
    if not hits:
        raise BadArgument(f"nothing answers {query!r}; give an ID, or see --why-not ID")
    return hits[0].id


def _vocabulary(name: str | None) -> list[str] | None:
    """The words of a file, one a line; None for the collection's own."""
    return lines_of(name, "word") if name else None


def _format(output: Path | None) -> str:
    if output is None:
        return ""
    from cospace.explain.drawing import FORMATS

    found = FORMATS.get(output.suffix.lower())
    if found is None:
        raise BadArgument(f"-o takes a file that ends in {', '.join(FORMATS)}, not {output.name!r}")
    return found


def _draw(collection: Collection, found: Explanation, output: Path, format: str) -> None:
    from cospace.explain import drawn
    from cospace.files import write_bytes
    from cospace.read.images import decode

    if found.region is None:
        why = found.notes[0] if found.notes else f"{found.id} has no photo, or it was not asked by"
        raise BadArgument(f"-o: there is no heat map: {why}")
    photo = collection[found.id].parts[found.region.part]
    write_bytes(output, drawn(decode(photo), found.region, format))  # type: ignore[arg-type]


# --- what is shown ---


def _show(found: Explanation) -> None:
    show([one_line(f"{found.id}: {found.sentence}")])
    if found.text:
        show(["", one_line(_marked(found))])
    if found.text_shares is not None and found.text:
        show(["", f"its words, of a cosine of {found.text_shares.cosine:.3f}:"])
        show(_words(found.text, found.text_shares))
    for kind, one in found.query.items():
        show(["", f"the question's words, of a cosine of {one.cosine:.3f} to its {kind}:"])
        show(_words(found.asked, one))
    if found.region is not None:
        show(["", f"{found.region.part}, of a cosine of {found.region.cosine:.3f}:"])
        show(_squares(found.region))
    for stretch in found.stretches:
        show(["", *_stretches(stretch)])


def _words(text: str, found: Shares) -> list[str]:
    lines = []
    for one in found.top(_SHOWN):
        share = "" if one.share is None else f"  share {one.share:+.3f}"
        loss = "" if one.loss is None else f"  without it {-one.loss:+.3f}"
        lines.append(f"  {one_line(text[one.start : one.end]):20}{share}{loss}")
    return lines or ["  no single word decides"]


def _marked(found: Explanation) -> str:
    """The text with each word that counts in brackets."""
    text, made, at = found.text or "", "", 0
    for word in found.words:
        made += f"{text[at : word.start]}[{text[word.start : word.end]}]"
        at = word.end
    return made + text[at:]


def _squares(region: Region) -> list[str]:
    return ["  " + " ".join(f"{9 * one:.0f}" for one in row) for row in region.heat]


def _stretches(found: Stretches) -> list[str]:
    what = "the cosine loses, silenced" if found.silenced else "cosine of its frames"
    lines = [f"{found.part}, of a cosine of {found.cosine:.3f}: seconds, and {what}"]
    return lines + [f"  {a:7.2f} to {b:7.2f}  {value:+.3f}" for a, b, value in found.found]


def _concepts(kind: str, found: Concepts) -> list[str]:
    lines: list[Any] = [f"{kind} in words, with a cosine of {found.cosine:.2f}:"]
    return lines + [f"  {one.weight:5.2f}  {one_line(one.word)}" for one in found.words]
