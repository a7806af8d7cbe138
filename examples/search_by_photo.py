"""Search by a photo, and by a photo with words.

python examples/search_by_photo.py                    # a shoe of the example marketplace
python examples/search_by_photo.py my-chair.jpg "in green"
"""

import sys
from pathlib import Path

import cospace as cs

MARKETPLACE = Path(__file__).parent / "marketplace"


def main(
    photo: Path = MARKETPLACE / "photos" / "MK-1252.jpg", words: str = "for the winter"
) -> list[str]:
    with cs.open("photos.cospace", model="starter") as shop:
        shop.upsert(cs.read(MARKETPLACE / "listings.csv", id="sku", text="{title}. {description}"))

        print(f"like {photo.name}:")
        alike = shop.search(cs.Image(photo), k=5)
        show(alike)

        print(f"like {photo.name}, and {words!r}:")
        both = shop.search(cs.Parts(image=cs.Image(photo), text=words), k=5)
        show(both)
        return alike.ids + both.ids


def show(hits: cs.Results) -> None:
    for hit in hits:
        print(f"{hit.score:7.3f}  {hit.id}  {hit.metadata['title']}  {hit.media.get('image', '')}")


if __name__ == "__main__":
    main(*(Path(a) if i == 0 else a for i, a in enumerate(sys.argv[1:])))
