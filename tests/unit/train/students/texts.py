"""Texts that a tiny teacher tells apart."""

COLOURS = ("red", "blue", "grey", "white", "black", "green")
THINGS = ("chair", "lamp", "rug", "shelf", "desk", "sofa", "bed", "bench", "stool", "table")
TEXTS = [f"{how} {colour} {thing}" for how in ("a", "one old", "that new") for colour in COLOURS
         for thing in THINGS]  # fmt: skip
