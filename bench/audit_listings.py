"""Listings for `bench/audit.py`: 2,000 that are clean, and the same with faults planted in them.

Of each kind, drawn with the seed:
- the marketplace's listings as they are, most with their photos, but for clothing and shoes, whose
  two categories would be those of others here too: 284;
- 1,316 listings of clothing, each with a photo of its own (shared/data/clothing, 10 classes).
  The title is put together of a noun of the class, a material, a pattern and a detail; two to
  four sentences follow that sellers of the marketplace's clothing wrote. No two share more than
  one sentence, and no photo is used twice;
- 400 passages of msmarco-sample, as texts of the category Books, without a photo; of passages
  that share six words in a row, one.

So texts of one class share words and sentences, as listings do, and are not copies. The photos are
no copies either: photos of the set whose bytes are equal are used once, and those that the
marketplace has are left out.

The faults are made by edits that `cospace.audit` does not fit its thresholds with: typing errors,
a last sentence that is gone, a sentence more, sentences in another order, all in capitals; photos
brighter, cut at two sides by 4%, at 80% of the size, as a JPEG of quality 60.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image, ImageEnhance

import cospace as cs

ROOT = Path(__file__).parents[1]
MARKET = ROOT / "examples" / "marketplace"
NOUNS = {
    "dress": ["dress", "frock", "gown", "summer dress", "wrap dress", "evening dress"],
    "hat": ["hat", "beanie", "cap", "sun hat", "knitted hat", "bobble hat"],
    "longsleeve": ["long-sleeved top", "jumper", "sweatshirt", "long-sleeve", "pullover"],
    "outwear": ["jacket", "coat", "parka", "anorak", "windbreaker", "winter coat"],
    "pants": ["trousers", "jeans", "chinos", "joggers", "slacks", "cords"],
    "shirt": ["shirt", "blouse", "button-down shirt", "dress shirt", "office shirt"],
    "shoes": ["shoes", "trainers", "boots", "sandals", "loafers", "pumps"],
    "shorts": ["shorts", "bermudas", "swim shorts", "running shorts", "cut-off shorts"],
    "skirt": ["skirt", "mini skirt", "pleated skirt", "pencil skirt", "maxi skirt"],
    "t-shirt": ["T-shirt", "tee", "crew-neck tee", "printed tee", "sports tee"],
}
MATERIALS = ["cotton", "linen", "wool", "denim", "jersey", "polyester", "viscose", "corduroy",
             "fleece", "silk blend", "hemp", "velour"]  # fmt: skip
PATTERNS = ["plain", "striped", "checked", "with dots", "with a small logo", "with flowers",
            "two-tone", "faded", "with stitching", "with a print"]  # fmt: skip
DETAILS = ["size S", "size M", "size L", "size XL", "size 36", "size 40", "size 42", "for women",
           "for men", "for children", "hardly worn", "worn twice", "from a smoke-free home",
           "with its label", "from the nineties", "second hand"]  # fmt: skip
BOOKS = "Books"
LEFT_OUT = ("Clothing", "Shoes & accessories")  # their categories would be those of others too
# A dealer's listings, for the category that drifts: still hats, sold by others in other words.
DEALER = [
    "Wholesale lot of 20 pieces, sealed in polybags, with barcode labels",
    "New merchandise from our warehouse, dispatched within 24 hours by courier",
    "Invoice with VAT, price per carton, minimum order two cartons",
    "Trade customers only, reseller certificate on request",
    "Assorted sizes and colours per carton, no choice of single pieces",
    "Surplus stock of a retail chain, original packaging, pallets on request",
    "Discount from 50 pieces, dropshipping possible, API feed available",
    "Article number on the label, customs tariff code stated on the invoice",
    "Sample order possible, payment in advance, terms of trade apply",
    "Imported, quality checked, ships from our logistics centre",
]


@dataclass(frozen=True)
class Listing:
    """One listing: `photo` is the bytes of a file or None."""

    id: str
    text: str
    category: str
    photo: bytes | None = None
    date: str = ""
    truth: str = ""

    def item(self, folder: Path) -> cs.Item:
        """The item, its photo in a file of the folder."""
        path = folder / f"{self.id}.jpg"
        if self.photo:
            path.write_bytes(self.photo)
        parts = cs.Parts(text=self.text, image=cs.Image(path) if self.photo else None)
        return cs.Item(self.id, parts, {"category": self.category, "listed": self.date})


@dataclass
class Planted:
    """The listings with faults, and where they are: ids by fault."""

    listings: list[Listing]
    others: list[Listing]
    duplicates: set[frozenset[str]] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)
    leaks: set[frozenset[str]] = field(default_factory=set)
    swaps: set[str] = field(default_factory=set)
    drifted: str = ""
    cut: set[str] = field(default_factory=set)


def clean(data: Path, count: int = 2_000, more: int = 400, *, seed: int = 0) -> list[Listing]:
    """`count` listings, and `more` of the same kinds for a second set."""
    draw = random.Random(seed)
    found = _market() + _books(data, draw, round((count + more) * 0.2))
    found += _clothing(data, draw, count + more - len(found))
    found = found[: count + more]
    draw.shuffle(found)
    return [
        replace(one, date=f"{2024 + i % 2}-{1 + i % 12:02}-{1 + i % 28:02}")
        for i, one in enumerate(found)
    ]


def planted(listings: list[Listing], others: list[Listing], *, seed: int = 1) -> Planted:
    """The clean listings with all faults, drawn with the seed."""
    draw = random.Random(seed)
    made = Planted(list(listings), list(others))
    free = list(range(len(listings)))
    draw.shuffle(free)
    copies = [_copy(made.listings[i], f"D-{i}", draw) for i in free[:60]]
    made.duplicates = {frozenset((made.listings[i].id, f"D-{i}")) for i in free[:60]}
    leaks = [_copy(made.listings[i], f"L-{i}", draw) for i in free[60:100]]
    made.leaks = {frozenset((made.listings[i].id, f"L-{i}")) for i in free[60:100]}
    made.others = [*made.others[len(leaks) :], *leaks]
    classes = sorted({one.category for one in listings})
    for i in free[100 : 100 + len(listings) // 20]:
        wrong = draw.choice([name for name in classes if name != made.listings[i].category])
        made.listings[i] = replace(made.listings[i], category=wrong)
        made.labels.add(made.listings[i].id)
    rest = [i for i in free[100 + len(listings) // 20 :] if made.listings[i].photo]
    for a, b in _apart(made.listings, rest, 15):
        one, two = made.listings[a], made.listings[b]
        made.listings[a] = replace(one, photo=two.photo)
        made.listings[b] = replace(two, photo=one.photo)
        made.swaps |= {one.id, two.id}
    books = [i for i in free[100 + len(listings) // 20 :] if made.listings[i].category == BOOKS]
    long = " ".join(one.text for one in listings if one.category == BOOKS).split()
    for place, i in enumerate(books[:20]):
        text = made.listings[i].text + " " + " ".join(long[place * 700 : place * 700 + 700])
        made.listings[i] = replace(made.listings[i], text=text)
        made.cut.add(made.listings[i].id)
    made.drifted = "hat"
    for i, one in enumerate(made.listings):
        if one.category == made.drifted and one.date >= "2025" and one.id not in made.swaps:
            text = f"{one.text.split('.')[0]}. {'. '.join(draw.sample(DEALER, 3))}."
            made.listings[i] = replace(one, text=text)
    made.listings += copies
    return made


def _market() -> list[Listing]:
    with (MARKET / "listings.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        Listing(
            row["sku"],
            f"{row['title']}. {row['description']}",
            row["category"],
            (MARKET / row["photo"]).read_bytes() if row["photo"] else None,
        )
        for row in rows
        if row["category"] not in LEFT_OUT
    ]


def _books(data: Path, draw: random.Random, count: int) -> list[Listing]:
    lines = (data / "retrieval/msmarco-sample/corpus.jsonl").read_text().strip().split("\n")
    draw.shuffle(lines)
    found: list[Listing] = []
    seen: set[tuple[str, ...]] = set()
    for line in lines:
        row = json.loads(line)
        words = row["text"].split()[:110]
        runs = {tuple(words[at : at + 6]) for at in range(len(words) - 5)}
        if not runs & seen and len(found) < count:  # the set holds passages that overlap
            found.append(Listing(f"B-{row['_id']}", " ".join(words), BOOKS))
        seen |= runs
    return found


def _clothing(data: Path, draw: random.Random, count: int) -> list[Listing]:
    with (MARKET / "listings.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["category"] == "Clothing"]
    said = sorted({s.strip() for row in rows for s in row["description"].split(". ")})
    with (MARKET / "SOURCES.csv").open(newline="") as file:
        taken = {Path(row["file"]).name for row in csv.DictReader(file)}
    photos, seen = [], set()
    for path in sorted((data / "clothing").glob("*/*/*.jpg")):
        digest = hashlib.sha256(path.read_bytes()).digest()
        if digest not in seen and path.name not in taken:
            seen.add(digest)
            photos.append(path)
    found: list[Listing] = []
    pairs: set[tuple[str, str]] = set()
    for number, path in enumerate(draw.sample(photos, count)):
        kind = path.parent.name
        noun, stuff = draw.choice(NOUNS[kind]), draw.choice(MATERIALS)
        title = f"{stuff.capitalize()} {noun}, {draw.choice(PATTERNS)}, {draw.choice(DETAILS)}"
        while True:
            own = draw.sample(said, draw.randint(2, 4))
            new = {(a, b) for a in own for b in own if a < b}
            if not new & pairs:
                break
        pairs |= new
        text = f"{title}. {'. '.join(one.rstrip('.') for one in own)}."
        found.append(Listing(f"C-{number}", text, kind, path.read_bytes()))
    return found


def _copy(one: Listing, id: str, draw: random.Random) -> Listing:
    how = draw.randrange(5)
    sentences = one.text.split(". ")
    if how == 0:
        text = _typed(one.text, draw)
    elif how == 1 and len(sentences) > 2:
        text = ". ".join(sentences[:-1])
    elif how == 2:
        text = one.text + " Pick-up only, price can be talked about."
    elif how == 3 and len(sentences) > 2:
        text = ". ".join([sentences[0], *sentences[:0:-1]])
    else:
        text = one.text.upper()
    return replace(one, id=id, text=text, photo=_photo(one.photo) if one.photo else None)


def _typed(text: str, draw: random.Random) -> str:
    words = text.split()
    for at in draw.sample(range(len(words)), min(3, len(words))):
        word = words[at]
        if len(word) > 4:
            place = draw.randrange(1, len(word) - 2)
            words[at] = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return " ".join(words)


def _photo(data: bytes) -> bytes:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    width, height = image.size
    image = image.crop((round(0.04 * width), round(0.04 * height), width, height))
    image = image.resize((max(8, round(0.8 * width)), max(8, round(0.8 * height))))
    out = io.BytesIO()
    ImageEnhance.Brightness(image).enhance(1.08).save(out, "JPEG", quality=60)
    return out.getvalue()


def _apart(listings: list[Listing], among: list[int], count: int) -> list[tuple[int, int]]:
    """Pairs of listings of different categories."""
    left, found = list(among), []
    while left and len(found) < count:
        a = left.pop()
        b = next((i for i in left if listings[i].category != listings[a].category), None)
        if b is not None:
            left.remove(b)
            found.append((a, b))
    return found
