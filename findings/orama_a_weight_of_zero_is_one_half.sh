#!/usr/bin/env bash
# Library:   @orama/orama 3.1.18 (npm), hybrid search with hybridWeights.
# Guess:     { text: 0, vector: 1 } is the vector's order alone, the end of the scale on which 0.01 and
#            0.99 lie; a sweep of the weight from 0 to 1 begins and ends with the two single searches.
# Behaviour: weights are taken only if JavaScript holds both for true, so where one is 0, both are put
#            aside without a word for the default, 0.5 and 0.5. At 0.01 the better vector is first; at 0
#            the better text is. A search for the best weight sees the middle at both its ends.
# Seen:      text 0.01: oak, pine; text 0: pine, oak; the default: pine, oak
# Instead:   a weight of 1e-9; or mode "vector" or "fulltext".
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
npm install --silent --no-audit --no-fund --prefix "$place" @orama/orama@3.1.18 >/dev/null 2>&1
cat > "$place/run.mjs" <<'JS'
import { create, insert, search } from "@orama/orama";

const base = create({ schema: { title: "string", v: "vector[2]" } });
insert(base, { id: "oak", title: "oak", v: [1, 0] });
insert(base, { id: "pine", title: "table", v: [0.8, 0.6] });

async function order(hybridWeights) {
  const found = await search(base, {
    mode: "hybrid",
    term: "table",
    vector: { value: [1, 0], property: "v" },
    similarity: 0,
    hybridWeights,
  });
  return found.hits.map((hit) => `${hit.id} ${hit.score.toFixed(3)}`);
}

const ids = (hits) => hits.map((hit) => hit.split(" ")[0]).join(", ");
const little = await order({ text: 0.01, vector: 0.99 });
const none = await order({ text: 0, vector: 1 });
const usual = await order(undefined);
console.log(`text 0.01: ${ids(little)}; text 0: ${ids(none)}; the default: ${ids(usual)}`);
if (ids(little) !== "oak, pine" || ids(usual) !== "pine, oak") throw new Error("unlike");
if (none.join() !== usual.join()) {
  console.error("changed");
  process.exit(1);
}
JS
node "$place/run.mjs"
