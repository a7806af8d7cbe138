#!/usr/bin/env bash
# Library:   langchain-text-splitters 1.1.3, add_start_index=True with lengths that are not letters,
#            as from_tiktoken_encoder and from_huggingface_tokenizer set them; here: words.
# Guess:     start_index is where the chunk begins: text[start:start + len(chunk)] is the chunk, and of
#            a clause that stands twice, the first chunk has the first place.
# Behaviour: a chunk is looked for from a number of letters before the last one's end, and that number is
#            chunk_overlap, which counts words (or tokens) here. An overlap of 4 words is longer than 4
#            letters, so the chunk lies before the place where the search starts. If its words come
#            again later, it gets the place of that copy; if not, -1. After a -1 the search starts near
#            the beginning again, and later chunks get earlier copies. With lengths in letters all is well.
# Seen:      words: [0, 139, -1, 70, -1, 116, -1, 46, 186], right: [0, 23, 46, 70, 93, 116, 139, 162, 186]
#            letters: all right
# Instead:   find the places oneself: each chunk after the beginning of the one before.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place" langchain-text-splitters==1.1.3 2>/dev/null
PYTHONPATH="$place" python3 - <<'PY'
import sys

from langchain_text_splitters import RecursiveCharacterTextSplitter

clause = (
    "oak chairs with leather seats and tall backs stand around heavy tables"
    " made from walnut planks by hand."
)
text = f"Contract A. {clause} Contract B. {clause}"


def places(size, overlap, length):
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=size,
        chunk_overlap=overlap,
        length_function=length,
        separators=[" "],
        add_start_index=True,
    )
    given, right, last = [], [], -1
    for chunk in splitter.create_documents([text]):
        last = text.index(chunk.page_content, last + 1)
        given.append(chunk.metadata["start_index"])
        right.append(last)
    return given, right


given, right = places(8, 4, lambda piece: len(piece.split()))
print(f"words: {given}, right: {right}")
letters = places(60, 30, len)
print("letters: all right" if letters[0] == letters[1] else f"letters: {letters}")
assert letters[0] == letters[1] and right == sorted(right)
sys.exit("changed" if given != [0, 139, -1, 70, -1, 116, -1, 46, 186] else 0)
PY
