"""The names of ImageNet's 1,000 classes, in the order of the classifier."""

from __future__ import annotations

from sources import folder_of


def class_names() -> list[str]:
    """The words for each class, synonyms parted by commas: "tench, Tinca tinca".

    They are WordNet's lemmas, read from the tables inside the package timm, without importing it.
    """
    tables = folder_of("timm") / "data" / "_info"
    lines = (tables / "imagenet_synset_to_lemma.txt").read_text(encoding="utf-8").splitlines()
    words = dict(line.split("\t", 1) for line in lines)
    return [words[synset] for synset in (tables / "imagenet_synsets.txt").read_text().split()]
