"""Which columns of a table the text should be made of: questions answered by the first item.

The table is made up: names that say nothing, as of a furniture shop, beside type, colour and
material, and descriptions that speak of other things. Run: python bench/guess.py
"""

from __future__ import annotations

import cospace as cs

# Name, type, colour, material, description, and a question that this item alone answers.
ITEMS = [
    ("LILL", "Desk", "Bamboo", "Bamboo", "Hard-wearing top, ready in minutes.", "a desk of bamboo"),
    ("ARKEL", "Desk", "Black", "Steel", "Ten year guarantee.", "black desk to work at"),
    ("STUV", "Changing table", "White", "Wood", "Grows with the child and becomes a desk.",
     "where to change a baby"),
    ("PLUG", "Storage box", "White", "Plastic", "Keeps pens and desk accessories in order.",
     "box to put small things in"),
    ("NORDA", "Coat rack", "Black", "Steel", "Folds flat when not in use.",
     "somewhere to hang coats"),
    ("JALL", "Ironing board", "Grey", "Steel", "Hang it on the wall, as you do with coats.",
     "ironing board"),
    ("FALK", "Garden table", "Brown", "Acacia", "Treated against rain.", "outdoor table of wood"),
    ("BLANDA", "Bowl", "Brown", "Bamboo", "Serve a salad outdoors, at the dining table.",
     "salad bowl"),
    ("SODER", "Sofa", "Grey", "Wool", "Three people sit comfortably.", "grey sofa for three"),
    ("EKTA", "Sofa", "Red", "Velvet", "The cover comes off for washing.", "red velvet couch"),
    ("POANG", "Armchair", "Green", "Leather", "Gives a little when you lean back.",
     "green leather armchair"),
    ("STRAN", "Armchair", "Beige", "Cotton", "High back that supports the neck.",
     "beige armchair with a high back"),
    ("MALMO", "Bed frame", "White", "Pine", "Four drawers below.", "white bed with drawers"),
    ("HEMN", "Bed frame", "Brown", "Pine", "Sits low on the floor.", "low brown bed"),
    ("VITTO", "Wardrobe", "White", "Wood", "Mirror doors.", "wardrobe with a mirror"),
    ("KLEPP", "Wardrobe", "Black", "Steel", "Holds shirts and shoes.", "black metal wardrobe"),
    ("RANAR", "Floor lamp", "Brass", "Brass", "Reads well beside a sofa.", "brass lamp to read by"),
    ("TERTI", "Table lamp", "Yellow", "Aluminium", "Its arm turns every way.", "yellow desk lamp"),
    ("STOCK", "Rug", "Blue", "Wool", "Soft under bare feet.", "blue carpet"),
    ("LOHA", "Rug", "Beige", "Jute", "Made by hand.", "natural jute rug"),
    ("BILLO", "Bookcase", "White", "Wood", "Shelves that move up and down.",
     "white shelf for books"),
    ("IVAN", "Bookcase", "Brown", "Pine", "Untreated, for you to paint.", "pine bookcase"),
    ("GLEN", "Bar stool", "Black", "Steel", "Fits below a counter.",
     "high stool for the kitchen bar"),
    ("MARI", "Stool", "Red", "Plastic", "Stacks to save room.", "small red seat"),
    ("SKOG", "Mirror", "Gold", "Glass", "Hung above a chest or a sofa.", "gold mirror"),
    ("LACK", "Coffee table", "Oak", "Wood", "A place for cups beside the sofa.",
     "oak coffee table"),
    ("NESTO", "Dining table", "Oak", "Oak", "Seats eight when pulled out.",
     "table to dine with guests"),
    ("INGO", "Dining chair", "White", "Beech", "Stacks beside a table.",
     "white chair for the table"),
    ("TROF", "Office chair", "Blue", "Mesh", "Turns, and rises with a lever.", "blue swivel chair"),
    ("SNIG", "Cot", "White", "Beech", "The floor has two heights.", "a bed for a baby"),
]  # fmt: skip

FORMS = {
    "{name}. {description}": "{n}. {d}",
    "{name}. {type}. {colour}. {material}. {description}": "{n}. {t}. {c}. {m}. {d}",
    "{type}. {name}. {colour}. {material}. {description}": "{t}. {n}. {c}. {m}. {d}",
    "{type}. {colour}. {material}. {name}. {description}": "{t}. {c}. {m}. {n}. {d}",
    "{name}, {type}, {colour}, {material}. {description}": "{n}, {t}, {c}, {m}. {d}",
    "{name}. {description}. {type}. {colour}. {material}": "{n}. {d} {t}. {c}. {m}",
}


def main() -> None:
    """Print how many questions find their item first, and among the first three."""
    model = cs.load("starter")
    print(f"{len(ITEMS)} items, {len(ITEMS)} questions: right first, right in the first three")
    for shown, form in FORMS.items():
        shop = cs.open(":memory:", model=model)
        keys = ("n", "t", "c", "m", "d", "q")
        rows = [dict(zip(keys, item, strict=True)) for item in ITEMS]
        shop.add([cs.Item(row["n"], form.format(**row)) for row in rows])
        found = [shop.search(row["q"], k=3).ids for row in rows]
        first = sum(row["n"] == ids[0] for row, ids in zip(rows, found, strict=True))
        three = sum(row["n"] in ids for row, ids in zip(rows, found, strict=True))
        print(f"{first:4} {three:4}  {shown}")


if __name__ == "__main__":
    main()
