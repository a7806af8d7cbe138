"""Everyday concepts: what nothing in particular is near to, and what clusters are called by.

A wide choice of things, beings, places, doings and qualities; written for this project.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cospace.errors import BadArgument
from cospace.evaluate.encoding import encode_texts

if TYPE_CHECKING:
    from cospace.encode import Encoder

__all__ = ["CONCEPTS", "Known", "concept_vectors"]

_WORDS = """
dog, cat, horse, bird, fish, insect, snake, elephant, cow, sheep, spider, butterfly, tree,
flower, grass, forest, leaf, mushroom, fruit, apple, banana, vegetable, bread, cheese, meat,
soup, cake, coffee, tea, wine, beer, water, breakfast, restaurant, kitchen, oven, knife, cup,
plate, bottle, spoon, refrigerator, chair, table, sofa, bed, lamp, shelf, mirror, carpet,
curtain, cupboard, door, window, house, garden, roof, stairs, wall, church, castle, bridge,
street, city, village, shop, market, office, factory, school, hospital, hotel, station, airport,
harbour, farm, prison, museum, theatre, cinema, library, stadium, beach, mountain, river, lake,
sea, island, desert, snow, rain, storm, sun, moon, star, fire, smoke, cloud, sky, car, bus,
truck, train, bicycle, motorcycle, ship, boat, plane, rocket, wheel, engine, shirt, dress,
trousers, skirt, jacket, shoes, hat, gloves, socks, bag, belt, watch, jewellery, ring, glasses,
umbrella, toy, doll, puzzle, game, ball, book, newspaper, letter, picture, painting, statue,
photograph, map, pencil, paper, scissors, hammer, screwdriver, saw, drill, rope, nail, ladder,
tool, machine, robot, computer, telephone, camera, television, radio, keyboard, screen, cable,
battery, software, internet, music, guitar, piano, drum, violin, song, dance, film, football,
tennis, swimming, running, skiing, climbing, fishing, camping, cycling, baby, child, woman, man,
family, friend, crowd, wedding, birthday, holiday, funeral, party, doctor, teacher, soldier,
farmer, cook, artist, king, police, judge, priest, athlete, hand, face, eye, hair, tooth, heart,
bone, blood, medicine, illness, sport, war, weapon, government, election, law, crime, money,
bank, tax, price, business, work, history, religion, science, mathematics, physics, chemistry,
biology, language, poetry, philosophy, education, love, fear, anger, joy, dream, sleep, old,
new, broken, clean, dirty, big, small, red, blue, green, yellow, black, white, wood, metal,
glass, plastic, leather, stone, gold, paper money, a drawing, a pattern, text, a number, a
portrait, a landscape
"""

CONCEPTS: tuple[str, ...] = tuple(" ".join(one.split()) for one in _WORDS.split(","))


class Known(NamedTuple):
    """The concepts that a model knows, and the unit vector of each: float32 [concepts, dim]."""

    words: tuple[str, ...]
    rows: NDArray[np.float32]


def concept_vectors(encoder: Encoder) -> Known:
    """The unit vectors, as queries, of those of `CONCEPTS` that the model knows.

    Raises `BadArgument` for a model that takes no texts, or that knows none of them.
    """
    if "text" not in encoder.space.kinds:
        raise BadArgument(
            f"{encoder.space.name} takes no texts, so nothing can be told by its name; use labelled"
            " examples"
        )
    done = encode_texts(encoder, CONCEPTS, "query")
    if not done.good.any():
        raise BadArgument(
            f"{encoder.space.name} knows none of {len(CONCEPTS)} everyday concepts, such as"
            f" {CONCEPTS[0]!r}, so nothing can be told by its name; use labelled examples"
        )
    words = tuple(word for word, good in zip(CONCEPTS, done.good, strict=True) if good)
    return Known(words, done.rows[done.good])
