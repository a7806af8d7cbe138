"""Search a table of your own by meaning.

    python examples/search_your_own_table.py                        # the example marketplace
    python examples/search_your_own_table.py goods.csv "a warm coat"

The collection is kept beside you, in goods.cospace. Run it again after the table has changed:
only what is new or changed is encoded.
"""

import sys
from pathlib import Path

import cospace as cs

MARKETPLACE = Path(__file__).parent / "marketplace" / "listings.csv"


def main(table: Path = MARKETPLACE, query: str = "vintage comfortable seating") -> list[str]:
    # Which column is the id, the text, the image and the place is guessed from the names of
    # the columns. Say it where the guess is wrong: cs.read(table, id="sku", text="{title}")
    listings = cs.read(table)
    print("\n".join(listings.notes))

    with cs.open(f"{table.stem}.cospace", model="starter") as shop:
        report = shop.upsert(listings)
        print(report)
        for reason in report.reasons:
            print(" ", reason)

        hits = shop.search(query, k=5)
        for hit in hits:
            print(f"{hit.score:7.3f}  {hit.id}  {(hit.text or '')[:60]}")
        return hits.ids


if __name__ == "__main__":
    main(*(Path(a) if i == 0 else a for i, a in enumerate(sys.argv[1:])))
