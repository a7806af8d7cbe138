#!/usr/bin/env bash
# Library:   okapibm25 1.4.1 (npm), BM25 over texts, keywords that also stand inside of longer words.
# Guess:     BM25 of words, as its README says (a bag of words): a text has a keyword or has it not, and
#            the lengths of texts are counted in words.
# Behaviour: lengths are counted in words, but keywords by a regular expression without word boundaries,
#            and the texts that have one by includes(). For "art" a text of carts, parties and a start
#            has three of it and comes before the one about art; each such text also makes the keyword a
#            commoner one.
# Seen:      as they are: cart party start 1.02, modern art 0.73; each word in brackets: modern art 1.26
# Instead:   brackets around each word of the texts and each keyword: "<art>".
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$place" okapibm25@1.4.1 >/dev/null 2>&1
cat > "$place/run.cjs" <<'JS'
const { default: bm25 } = require("okapibm25");

const texts = ["modern art", "cart party start", "a sofa", "a table"];
const bracketed = (text) => text.split(" ").map((word) => `<${word}>`).join(" ");

function found(texts, keyword) {
  return bm25(texts, [keyword], undefined, (a, b) => b.score - a.score)
    .filter((hit) => hit.score > 0)
    .map((hit) => `${hit.document.replace(/[<>]/g, "")} ${hit.score.toFixed(2)}`)
    .join(", ");
}

const seen = `as they are: ${found(texts, "art")}`;
const words = `each word in brackets: ${found(texts.map(bracketed), "<art>")}`;
console.log(`${seen}; ${words}`);
if (!/: cart party start [\d.]+, modern art [\d.]+$/.test(seen) || !/: modern art [\d.]+$/.test(words)) {
  console.error("changed");
  process.exit(1);
}
JS
node "$place/run.cjs"
