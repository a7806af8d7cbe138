"""Names of clusters: words that tell one from the others, in the texts' own language."""

import numpy as np

from cospace.map.map import NONE
from cospace.map.names import named


def labels(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.uint16)


def test_what_all_say_names_nobody():
    texts = ["used oak table", "used table", "used red lamp", "used lamp", "used rake", "used rake"]
    assert ["table", "lamp", "rake"] == named(texts, labels(0, 0, 1, 1, 2, 2), "english")


def test_stop_words_numbers_and_letters_are_no_names():
    texts = ["the 300 of a b", "the 300 of a b", "lamp", "lamp"]
    assert ["group 1", "lamp"] == named(texts, labels(0, 0, 1, 1), "english")


def test_a_unit_is_no_name():
    texts = ["pan 24 cm 2 kg", "pan 28 cm", "lamp 40 cm", "lamp 8 gb"]
    assert ["pan", "lamp"] == named(texts, labels(0, 0, 1, 1), "english")


def test_words_of_one_stem_are_one_written_as_most_write_it():
    texts = ["chairs", "chairs", "chair", "lamp", "lamp"]
    assert ["chairs", "lamp"] == named(texts, labels(0, 0, 0, 1, 1), "english")


def test_a_german_name_is_german():
    texts = ["Sessel für die Küche", "ein Sessel, Küche", "die Lampe", "eine Lampe für Küchen"]
    assert ["sessel", "lampe"] == named(texts, labels(0, 0, 1, 1), "german")


def test_accents_and_other_scripts_stay():
    texts = ["Möbel", "möbel", "कुर्सी", "कुर्सी", "椅子", "椅子"]
    assert ["möbel", "कुर्सी", "椅子"] == named(texts, labels(0, 0, 1, 1, 2, 2), "english")


def test_up_to_three_words_that_say_nearly_as_much():
    texts = ["oak velvet armchair seat"] * 3 + ["lamp"] * 3
    [first, second] = named(texts, labels(0, 0, 0, 1, 1, 1), "english")
    assert 3 == len(first.split(", "))
    assert "lamp" == second


def test_names_are_distinct():
    texts = ["chair"] * 6 + ["lamp"] * 2
    names = named(texts, labels(0, 0, 1, 1, 2, 2, 3, 3), "english")
    assert ["chair", "chair 2", "chair 3", "lamp"] == names


def test_clusters_without_words_have_numbers():
    assert ["group 1", "group 2"] == named([""] * 4, labels(0, 0, 1, 1), "english")


def test_points_in_no_cluster_say_nothing():
    assert ["chair"] == named(["chair", "chair", "lamp"], labels(0, 0, NONE), "english")
    assert [] == named(["lamp"], labels(NONE), "english")


def test_one_cluster_is_called_what_most_of_it_says():
    assert ["chair"] == named(["a chair", "the chair", "red chair"], labels(0, 0, 0), "english")
