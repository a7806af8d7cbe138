"""Texts and pairs for bench/align.py, out of packages that were unpacked by hand.

    python bench/align_texts.py ENGLISH GERMAN DICTIONARY EMOJI -o FOLDER

Nothing is fetched. Where they come from (Debian 12, and the npm registry):

- ENGLISH: a folder into which `dpkg -x` has put libreoffice-help-en-us, gimp-help-en, manpages,
  manpages-dev, debian-reference-en, kicad-doc-en, lilypond-doc-html, developers-reference,
  debian-edu-doc-en, debian-faq, maint-guide.
- GERMAN: the same with libreoffice-help-de, gimp-help-de, manpages-de, debian-reference-de,
  kicad-doc-de, fortunes-de, lilypond-doc-html-de, developers-reference-de, debian-edu-doc-de,
  debian-faq-de, maint-guide-de.
- DICTIONARY: usr/share/dictd/freedict-eng-deu.dict.dz of dict-freedict-eng-deu.
- EMOJI: the folder package/ of emojibase-data 17, with en/compact.json and de/compact.json.

It writes en.txt and de.txt (a paragraph a line, words in lower case), freedict.tsv and emoji.tsv
(pairs of words), and emoji-texts.tsv (name and keywords of each emoji, in both languages).
"""

import argparse
import gzip
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

ENGLISH = "the of and to is a in for that with be are this on or it you by"
GERMAN = "der die das und ist nicht ein eine zu den mit sie von auf im des dem wird für auch"
FUNCTION_WORDS = {"en": set(ENGLISH.split()), "de": set(GERMAN.split())}
DROPPED = re.compile(r"<(script|style|head)\b.*?</\1>|<!--.*?-->", re.DOTALL)
BLOCK = re.compile(r"</?(p|div|li|td|tr|h\d|dt|dd|br|table|ul|ol|pre|title|section)\b[^>]*>", re.I)
MAN_PAGE = re.compile(r"\.\d\w*\.gz$")
GLOSS = re.compile(r"\[[^\]]*\]|<[^>]*>|\([^)]*\)|\"[^\"]*\"")
ENTRY = re.compile(r"^([a-z][a-z'-]*) /[^/\n]*/.*\n(?:- )?([^\n]+)", re.MULTILINE)


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())


def paragraphs(folder: Path) -> Iterator[str]:
    """The paragraphs of the manuals, man pages and sayings below a folder."""
    for file in sorted(folder.rglob("*")):
        if file.is_symlink() or not file.is_file():
            continue
        if "lilypond" in str(file) and re.search(r"\.(ca|cs|es|fr|hu|it|ja|nl|pt|zh)\.", file.name):
            continue
        if file.name.endswith((".html", ".htm", ".html.gz")):
            text = BLOCK.sub("\n", DROPPED.sub(" ", read(file)))
            yield from html.unescape(re.sub(r"<[^>]+>", " ", text)).split("\n")
        elif MAN_PAGE.search(file.name):
            text = re.sub(r"(?m)^\.\\\".*$|\\f[A-Z]|\\\(..|\\[&-]", "", read(file))
            text = re.sub(r"(?m)^\.(PP|TP|SH|P|IP)\b.*$", "\n", text)
            yield from re.split(r"\n\s*\n", re.sub(r"(?m)^\.\w+ ?", "", text))
        elif "fortunes" in str(file) and not file.name.endswith((".dat", ".u8", ".gz")):
            yield from read(file).split("\n%")


def read(file: Path) -> str:
    data = file.read_bytes()
    return (gzip.decompress(data) if file.suffix == ".gz" else data).decode("utf-8", "ignore")


def write_text(folder: Path, language: str, out: Path) -> None:
    """One paragraph a line, none twice, and none in the other language."""
    [other] = [words for name, words in FUNCTION_WORDS.items() if name != language]
    own, seen, total = FUNCTION_WORDS[language], set(), 0
    with out.open("w", encoding="utf-8") as stream:
        for text in paragraphs(folder):
            words = words_of(text)
            line = " ".join(words)
            if len(words) < 4 or line in seen:
                continue
            if sum(word in own for word in words) <= sum(word in other for word in words):
                continue
            seen.add(line)
            total += len(words)
            stream.write(f"{line}\n")
    print(f"{out}: {total:,} words in {len(seen):,} paragraphs")


def write_dictionary(file: Path, out: Path) -> None:
    """Head words and their glosses of one word."""
    text = gzip.decompress(file.read_bytes()).decode("utf-8", "ignore")
    found: dict[tuple[str, str], None] = {}
    for head, glosses in ENTRY.findall(text):
        for gloss in GLOSS.sub("", glosses).split(","):
            if re.fullmatch(r"[A-Za-zÄÖÜäöüß]+", gloss.strip()):
                found[head, gloss.strip().lower()] = None
    out.write_text("".join(f"{one}\t{other}\n" for one, other in found), encoding="utf-8")
    print(f"{out}: {len(found):,} pairs")


def write_emoji(folder: Path, pairs: Path, texts: Path) -> None:
    """Names as pairs; names and keywords as texts."""
    both = []
    for language in ("en", "de"):
        records = json.loads((folder / language / "compact.json").read_text(encoding="utf-8"))
        both.append({record["hexcode"]: record for record in records})
    rows = [(both[0][code], both[1][code]) for code in both[0] if code in both[1]]
    names = [tuple(one["label"].lower() for one in row) for row in rows]
    pairs.write_text("".join(f"{a}\t{b}\n" for a, b in names), encoding="utf-8")
    pairs = [
        tuple(" ".join([one["label"], *one.get("tags", [])]).lower() for one in row) for row in rows
    ]
    texts.write_text("".join(f"{a}\t{b}\n" for a, b in pairs), encoding="utf-8")
    print(f"{pairs}, {texts}: {len(rows):,} emoji")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("english", "german", "dictionary", "emoji"):
        parser.add_argument(name, type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    write_text(args.english, "en", args.out / "en.txt")
    write_text(args.german, "de", args.out / "de.txt")
    write_dictionary(args.dictionary, args.out / "freedict.tsv")
    write_emoji(args.emoji, args.out / "emoji.tsv", args.out / "emoji-texts.tsv")


if __name__ == "__main__":
    main()
