#!/usr/bin/env bash
# Library:   vectra 0.12.3 (npm), LocalIndex, an insert with an id that is there already.
# Guess:     insertItem refuses it with an error; the program catches that and goes on, and what it
#            writes afterwards is written, or raises.
# Behaviour: insertItem opens an update, adds the item and closes the update. On the error the update is
#            left open, and every later insertItem and upsertItem of that object joins it: it answers
#            with the item, as ever, but neither the file nor the object's own searches get it, until
#            somebody calls endUpdate. A program that catches one duplicate loses all that follows.
# Seen:      error: Item with id oak already exists; then answered: pine, sofa; found: oak;
#            in the file: oak; after endUpdate: oak, pine, sofa
# Instead:   index.cancelUpdate() where the error is caught; or upsertItem.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$place" vectra@0.12.3 >/dev/null 2>&1
cat > "$place/run.mjs" <<'JS'
import { LocalIndex } from "vectra";

const folder = process.argv[2];
const index = new LocalIndex(folder);
await index.createIndex();
const names = (items) => items.map((item) => item.id).join(", ");
const stored = async () => names(await new LocalIndex(folder).listItems());

await index.insertItem({ id: "oak", vector: [1, 0], metadata: {} });
let error = "none";
try {
  await index.insertItem({ id: "oak", vector: [0, 1], metadata: {} });
} catch (refused) {
  error = refused.message;
}
const answered = names([
  await index.insertItem({ id: "pine", vector: [0, 1], metadata: {} }),
  await index.upsertItem({ id: "sofa", vector: [1, 1], metadata: {} }),
]);
const found = names((await index.queryItems([1, 1], "", 10)).map((hit) => hit.item));
const inFile = await stored();
await index.endUpdate();
const after = await stored();

console.log(`error: ${error}; then answered: ${answered}; found: ${found};`);
console.log(`in the file: ${inFile}; after endUpdate: ${after}`);
const seen = [answered, found, inFile, after].join("; ");
if (seen !== "pine, sofa; oak; oak; oak, pine, sofa") {
  console.error("changed");
  process.exit(1);
}
JS
node "$place/run.mjs" "$place/index"
