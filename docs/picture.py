"""Draw docs/search.png: two real searches in the example marketplace, as cards.

    python docs/picture.py

Needs cospace with its starter, and Pillow. The marketplace is indexed anew, so the picture
shows what this version finds.
"""

import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

import cospace as cs

HERE = Path(__file__).parent
SHOP = HERE.parent / "examples" / "marketplace"
TEXT = "vintage comfortable seating"
PHOTO = SHOP / "photos" / "MK-1252.jpg"

WIDTH, MARGIN, GAP, CARDS = 1600, 48, 24, 5
CARD = (WIDTH - 2 * MARGIN - (CARDS - 1) * GAP) // CARDS
THUMB = 216
CARD_HEIGHT = THUMB + 182
BAR = 76
FINE = 3  # shapes are drawn this much larger, then scaled down: smooth corners

PAPER, WHITE, LINE = "#f6f5f2", "#ffffff", "#e4e2dc"
INK, SOFT, FAINT = "#1d2129", "#6b7280", "#a3a8b2"
ACCENT, TINT = "#0f766e", "#e3f1ee"


def main() -> None:
    """Index, search, draw."""
    with (
        tempfile.TemporaryDirectory() as folder,
        cs.open(Path(folder) / "market.cospace", model="starter") as shop,
    ):
        shop.add(cs.read(SHOP / "listings.csv", id="sku", text="{title}. {description}"))
        rows = [
            (TEXT, None, "by meaning", shop.search(TEXT, k=CARDS)),
            ("", PHOTO, "by a photo", shop.search(cs.Image(PHOTO), k=CARDS)),
        ]
    save(draw_page(rows), HERE / "search.png")


def save(page: Image.Image, path: Path) -> None:
    """A PNG below 200 kB, with as many colours as that allows."""
    for colours in (256, 192, 160, 128, 96, 64):
        few = page.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
        if path.stat().st_size < 200_000:
            return


def draw_page(rows: list[tuple[str, Path | None, str, cs.Results]]) -> Image.Image:
    """One row of cards for each search."""
    row_height = BAR + 22 + CARD_HEIGHT
    height = 2 * MARGIN + len(rows) * row_height + (len(rows) - 1) * 48
    page = Image.new("RGB", (WIDTH, height), PAPER)
    top = MARGIN
    for query, photo, how, results in rows:
        draw_query(page, top, query, photo, how)
        for i, hit in enumerate(results):
            draw_card(page, MARGIN + i * (CARD + GAP), top + BAR + 22, hit)
        top += row_height + 48
    return page


def draw_query(page: Image.Image, top: int, query: str, photo: Path | None, how: str) -> None:
    """The search box, with a text or a picture in it."""
    box = (MARGIN, top, MARGIN + 3 * CARD + 2 * GAP, top + BAR)
    rounded(page, box, BAR // 2, WHITE, LINE)
    pen = ImageDraw.Draw(page)
    magnifier(page, MARGIN + 24, top + 22, 32)
    left = MARGIN + 78
    if photo is not None:
        side = BAR - 16
        paste(page, ImageOps.fit(Image.open(photo), (side, side)), (left, top + 8), 10)
        left += side + 20
        query = "items that look like this"
    colour = INK if photo is None else SOFT
    pen.text((left, top + BAR / 2), query, colour, font(31), anchor="lm")
    pen.text((box[2] + 32, top + BAR / 2), how, ACCENT, font(27), anchor="lm")


def draw_card(page: Image.Image, left: int, top: int, hit: cs.Hit) -> None:
    """Thumbnail, title, price, city, score."""
    rounded(page, (left, top, left + CARD, top + CARD_HEIGHT), 18, WHITE, LINE)
    paste(page, thumbnail_of(hit), (left + 12, top + 12), 10)
    pen = ImageDraw.Draw(page)
    y = top + THUMB + 26
    for line in wrapped(str(hit.metadata["title"]), font(24), CARD - 40):
        pen.text((left + 20, y), line, INK, font(24))
        y += 30
    foot = top + CARD_HEIGHT - 44
    price = f"{hit.metadata['price']:g} EUR"
    pen.text((left + 20, foot - 15), price, INK, font(24), anchor="lm", stroke_width=0.6)
    pen.text((left + 20, foot + 17), str(hit.metadata["city"]), SOFT, font(20), anchor="lm")
    score = f"{hit.score:.2f}"
    width, right = int(pen.textlength(score, font(22))) + 28, left + CARD - 18
    rounded(page, (right - width, foot - 20, right, foot + 20), 20, TINT, TINT)
    pen.text((right - width / 2, foot), score, ACCENT, font(22), anchor="mm")


def thumbnail_of(hit: cs.Hit) -> Image.Image:
    """The photo of a hit; what its seller says of it where there is none."""
    size = (CARD - 24, THUMB)
    if "image" not in hit.media:
        blank = Image.new("RGB", size, "#efeeea")
        pen, y = ImageDraw.Draw(blank), 20
        words = (hit.text or "").removeprefix(str(hit.metadata["title"])).lstrip(". ")
        for line in wrapped(words, font(21), size[0] - 40, 5):
            pen.text((20, y), line, SOFT, font(21))
            y += 29
        pen.text((20, size[1] - 16), "no photo", FAINT, font(18), anchor="ls")
        return blank
    photo = Image.open(hit.media["image"]).convert("RGB")
    white = Image.new("RGB", size, WHITE)
    corner = photo.crop((0, 0, 4, 4)).resize((1, 1)).getpixel((0, 0))
    if isinstance(corner, tuple) and min(corner) < 235:  # a photo, not a drawing on white
        return ImageOps.fit(photo, size, Image.Resampling.LANCZOS)
    inner = ImageOps.contain(photo, (size[0] - 16, size[1] - 16), Image.Resampling.LANCZOS)
    white.paste(inner, ((size[0] - inner.width) // 2, (size[1] - inner.height) // 2))
    return white


def rounded(
    page: Image.Image, box: tuple[int, int, int, int], radius: int, fill: str, outline: str
) -> None:
    """A rectangle with smooth round corners."""
    left, top, right, bottom = box
    size = ((right - left) * FINE, (bottom - top) * FINE)
    for colour, inset in ((outline, 0), (fill, 2 * FINE - 2)):
        mask = Image.new("L", size)
        shape = (inset, inset, size[0] - 1 - inset, size[1] - 1 - inset)
        ImageDraw.Draw(mask).rounded_rectangle(shape, radius * FINE, 255)
        mask = mask.resize((right - left, bottom - top), Image.Resampling.LANCZOS)
        page.paste(colour, (left, top), mask)


def paste(page: Image.Image, picture: Image.Image, at: tuple[int, int], radius: int) -> None:
    """A picture with smooth round corners."""
    large = (picture.width * FINE, picture.height * FINE)
    mask = Image.new("L", large)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, large[0] - 1, large[1] - 1), radius * FINE, 255)
    page.paste(picture, at, mask.resize(picture.size, Image.Resampling.LANCZOS))


def magnifier(page: Image.Image, left: int, top: int, side: int) -> None:
    """The sign of a search box."""
    large = Image.new("L", (side * 4, side * 4))
    pen, s = ImageDraw.Draw(large), side * 4
    pen.ellipse((s * 0.06, s * 0.06, s * 0.70, s * 0.70), outline=255, width=int(s * 0.10))
    pen.line((s * 0.62, s * 0.62, s * 0.92, s * 0.92), 255, int(s * 0.12))
    mask = large.resize((side, side), Image.Resampling.LANCZOS)
    page.paste(ACCENT, (left, top), mask)


def wrapped(text: str, face: ImageFont.FreeTypeFont, width: int, most: int = 2) -> list[str]:
    """At most `most` lines; the rest is an ellipsis."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or face.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > most:
        last = lines[most - 1]
        while face.getlength(f"{last} ...") > width:
            last = last.rpartition(" ")[0] or last[:-1]
        lines[most - 1] = f"{last.rstrip('.,;:')} ..."
    return lines[:most]


def font(size: int) -> ImageFont.FreeTypeFont:
    """The font that comes with Pillow, so that the picture is the same everywhere."""
    face = ImageFont.load_default(size)
    assert isinstance(face, ImageFont.FreeTypeFont)
    return face


if __name__ == "__main__":
    main()
