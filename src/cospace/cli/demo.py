"""`cospace demo`: a small marketplace, indexed and searched, to see what it is like."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cospace.cli.fresh import unless_refused
from cospace.cli.hits import hit_table
from cospace.cli.index import fill
from cospace.cli.output import document, show, tell
from cospace.cli.parsing import Parser, command
from cospace.cli.report import report_lines
from cospace.errors import BadArgument, NotFound
from cospace.need import UPGRADE

if TYPE_CHECKING:
    from cospace.collection import Collection
    from cospace.item import Content
    from cospace.results import Hit, Results

__all__ = ["parser", "run"]

_FOLDER = "market.cospace"
_K = 5
_PLACE = ("Berlin", 52.52, 13.40)


@dataclass(frozen=True, slots=True)
class Query:
    """One query of the demo, with the line above its answers."""

    about: str
    text: str = ""
    image: str = ""
    below: float | None = None
    km: float | None = None

    def command(self, folder: Path, shop: Path) -> str:
        """The command line that asks the same; it works when it is pasted."""
        parts = [program(), "search", str(folder)]
        parts += [self.text] if self.text else []
        parts += ["--image", str(shop / self.image)] if self.image else []
        parts += ["--where", f'{{"price": {{"$lt": {self.below:g}}}}}'] if self.below else []
        parts += (
            ["--near", f"{_PLACE[1]:.2f},{_PLACE[2]:.2f}", "--km", f"{self.km:g}"]
            if self.km
            else []
        )
        return shlex.join(parts)


_QUERIES = (
    Query("by meaning", "vintage comfortable seating"),
    Query("by a photo of the shop", image="photos/MK-1252.jpg"),
    Query("by photo and text", "for the winter", image="photos/MK-1251.jpg"),
    Query(
        f"by meaning, under 60 euro, within 40 km of {_PLACE[0]}",
        "make music with friends",
        below=60,
        km=40,
    ),
)
_NEXT = (
    Query("", "gift for a toddler who loves animals"),
    Query("", "KX-4410B"),
    Query("", "something against wet weather", below=30),
)


def parser() -> Parser:
    """The arguments of `cospace demo`."""
    one = command(
        "demo",
        "Index the example marketplace (420 listings, most with an image) and run a few\n"
        "queries on it. The second time only what changed is indexed.",
        "cospace demo",
    )
    one.add_argument("--into", metavar="FOLDER", default=_FOLDER, help=f"default: {_FOLDER}")
    return one


def run(args: argparse.Namespace) -> int:
    """0."""
    import cospace as cs
    from cospace.store.remote.address import is_address

    if is_address(args.into):
        raise BadArgument(f"the demo goes into a folder; into {args.into}: cospace copy FOLDER")
    shop, folder = marketplace(), Path(args.into)
    reading = cs.read(shop / "listings.csv", id="sku", text="{title}. {description}", image="photo")
    if not args.json:
        show([f"A second-hand marketplace: {reading.total} listings in {shop}"])
    with unless_refused(folder), cs.open(folder, model="starter") as collection:
        if not args.json:
            tell(f"Indexing it into {folder} with {collection.model.space} ...")
        report = fill(collection, reading)
        if not args.json:
            show(report_lines(report))
        answers = [(q, _ask(collection, q, shop)) for q in _asked(collection)]
    if args.json:
        records = [_record(q, results, folder, shop) for q, results in answers]
        document({"into": str(folder), "report": report.to_json(), "questions": records})
        return 0
    for number, (query, results) in enumerate(answers, 1):
        _show(number, query, results, folder, shop)
    show(["", "Scores rank the answers to one query; --explain shows what each is made of."])
    show(["", "Try next:", *(f"  {q.command(folder, shop)}" for q in _NEXT)])
    show(
        [f"  {shlex.join([program(), 'info', str(folder)])}", f"  {program()} index YOUR-TABLE.csv"]
    )
    needs = "" if find_spec("uvicorn") else " (needs pip install '.[serve]')"
    show(["", f"In a browser, with photos and a map of it all{needs}:"])
    show([f"  {shlex.join([program(), 'serve', str(folder)])}"])
    return 0


def program() -> str:
    """What to type for this program: its name where the shell finds it, its path elsewhere."""
    if shutil.which("cospace"):
        return "cospace"
    path = Path(sys.argv[0])
    if path.stem != "cospace" or not path.is_file():
        return "cospace"
    return os.path.relpath(path)


def marketplace() -> Path:
    """The folder of the example marketplace: in the installed package, or in the repository."""
    package = Path(str(files("cospace")))
    for folder in (package / "examples/marketplace", package.parents[1] / "examples/marketplace"):
        if (folder / "listings.csv").is_file():
            return folder
    raise NotFound(f"the example marketplace is not in this installation; {UPGRADE}")


def _asked(collection: Collection) -> list[Query]:
    """The queries that the model can take."""
    kinds = collection.model.space.kinds
    return [q for q in _QUERIES if not q.image or "image" in kinds]


def _ask(collection: Collection, query: Query, shop: Path) -> Results:
    where: dict[str, Any] = {}
    if query.below:
        where["price"] = {"$lt": query.below}
    if query.km:
        where["location"] = {"$near": list(_PLACE[1:]), "$km": query.km}
    return collection.search(_content(query, shop), _K, where=where, explain=True)


def _content(query: Query, shop: Path) -> Content:
    from cospace.item import Image, Parts

    if not query.image:
        return query.text
    image = Image(shop / query.image)
    return Parts(text=query.text, image=image) if query.text else image


def _show(number: int, query: Query, results: Results, folder: Path, shop: Path) -> None:
    asked = [f'"{query.text}"'] if query.text else []
    asked += [query.image] if query.image else []
    near = ("location", *_PLACE[1:]) if query.km else None
    show(["", f"{number}. {' + '.join(asked)}: {query.about}"])
    show([f"   $ {query.command(folder, shop)}"])
    fields = ["price", "city"]
    show(hit_table(results, near=near, fields=fields, images=shop))
    if number == 1 and results:
        show([f"   {why(results)}"])


def why(results: Results) -> str:
    """One line on why a hit came up: the first that shares no word, or else the first."""
    hit = next((hit for hit in results if not _score(hit, "words")), results[0])
    if _score(hit, "words"):
        return f"Why {hit.id}? It shares words with the query."
    best = max(hit.why, key=lambda one: one.share)
    rank = "" if best.rank is None else f", number {best.rank} by {best.list} vectors"
    return (
        f"Why {hit.id}? It shares no word with the query, but its {best.list} lies close in"
        f" meaning: cosine {best.score:.3f}{rank}."
    )


def _score(hit: Hit, name: str) -> float:
    return sum(one.score for one in hit.why if one.list == name)


def _record(query: Query, results: Results, folder: Path, shop: Path) -> dict[str, Any]:
    return {
        "about": query.about,
        "text": query.text or None,
        "picture": str(shop / query.image) if query.image else None,
        "command": query.command(folder, shop),
        **results.to_json(),
    }
