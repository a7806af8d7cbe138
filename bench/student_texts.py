"""Texts that students learn from, for bench/students.py.

    python bench/student_texts.py WORDNET -o FOLDER

WORDNET is a folder into which `dpkg -x` has put Debian's wordnet-base. It writes, one text a line:

- general.txt: passages of 4 to 80 words of ../shared/data/text8-like.txt.xz, the glosses and words
  of WordNet, and the sentences of STS train;
- own.txt: the documents of the collections that are searched (never their queries or judgments),
  and the sentences of STS train.
"""

import argparse
import lzma
import math
import random
import re
from pathlib import Path

from quality import DATA, read_jsonl

PASSAGES, GLOSSES = 45_000, 54_000
ASKED = ("what is {}", "what does {} mean", "definition of {}", "types of {}", "how to {}")


def passages(count: int) -> list[str]:
    """Runs of words of Wikipedia, many short ones and few long ones."""
    with lzma.open(DATA / "text8-like.txt.xz", "rt", encoding="ascii") as file:
        words = file.read(60_000_000).split()
    found = []
    for _ in range(count):
        length = round(math.exp(random.uniform(math.log(4), math.log(80))))
        start = random.randrange(len(words) - length)
        found.append(" ".join(words[start : start + length]))
    return found


def glosses(folder: Path, count: int) -> list[str]:
    """What WordNet says of words: the gloss, with its word or without, a question, the synonyms."""
    found = []
    for part in ("noun", "verb", "adj", "adv"):
        file = folder / "usr" / "share" / "wordnet" / f"data.{part}"
        for line in file.read_text(encoding="latin-1").splitlines():
            if line.startswith("  "):
                continue
            fields, _, gloss = line.partition(" | ")
            cells = fields.split()
            names = [
                re.sub(r"\(.*\)", "", cells[4 + 2 * i]).replace("_", " ")
                for i in range(int(cells[3], 16))
            ]
            forms = [f"{names[0]}: {gloss.strip()}", gloss.strip(), ", ".join(names)]
            forms.append(random.choice(ASKED).format(names[0]))
            found += random.choices(forms, (7, 5, 5, 3))
    return random.sample(found, min(count, len(found)))


def sentences() -> list[str]:
    lines = (DATA / "sts" / "sts-train.csv").read_text(encoding="utf-8").splitlines()
    return list(dict.fromkeys(text for line in lines for text in line.split("\t")[5:7]))


def documents() -> list[str]:
    found = []
    for name in ("msmarco-sample", "cisi"):
        rows = read_jsonl(DATA / "retrieval" / name / "corpus.jsonl")
        found += [f"{row.get('title', '')} {row['text']}".strip() for row in rows]
    return found


def write(path: Path, texts: list[str]) -> None:
    path.write_text("".join(f"{' '.join(text.split())}\n" for text in texts), encoding="utf-8")
    print(f"{path}: {len(texts):,} texts")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wordnet", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    random.seed(0)
    write(args.out / "own.txt", sentences() + documents())
    write(
        args.out / "general.txt",
        sentences() + passages(PASSAGES) + glosses(args.wordnet, GLOSSES),
    )


if __name__ == "__main__":
    main()
