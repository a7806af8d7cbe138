#!/usr/bin/env bash
# Library:   edgevec 0.9.0 (npm), compact() after softDelete of a row that has rows behind it.
# Guess:     compact frees the room of deleted rows and nothing else: its documentation says that it inserts
#            the vectors anew, "preserving IDs", and its README calls it as soon as memory grows short.
# Behaviour: the vectors are numbered anew from 1, the metadata stay where they were. From then on a hit
#            has the id of the row before it, and that row's metadata; a filter on a row's own name
#            finds the vector of another row, the metadata of a deleted row come back, and softDelete
#            of an id from insert deletes another row. Nothing is said.
# Seen:      ids: oak 1, pine 2, sofa 3, lamp 4; at sofa: 3 sofa; without oak: 3 sofa; compacted: 2 pine;
#            at pine: 1 oak; sofa deleted, at lamp: 2 pine
# Instead:   a new EdgeVec of the rows that are left, with ids of one's own in the metadata.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$place" edgevec@0.9.0 >/dev/null 2>&1
cat > "$place/run.mjs" <<'JS'
import { readFileSync } from "node:fs";
import init, { EdgeVec, EdgeVecConfig } from "edgevec";

const wasm = new URL("node_modules/edgevec/edgevec_bg.wasm", import.meta.url);
await init({ module_or_path: readFileSync(wasm) });
const rows = { oak: [1, 0], pine: [0, 1], sofa: [5, 5], lamp: [9, 0] };
const db = new EdgeVec(new EdgeVecConfig(2));
const ids = {};
for (const [name, vector] of Object.entries(rows)) {
  ids[name] = db.insertWithMetadata(new Float32Array(vector), { name });
}
const at = (name) => {
  const [hit] = db.search(new Float32Array(rows[name]), 1);
  return `${hit.id} ${db.getVectorMetadata(hit.id).name}`;
};

const seen = [at("sofa")];
db.softDelete(ids.oak);
seen.push(at("sofa"));
db.compact();
seen.push(at("sofa"), at("pine"));
db.softDelete(ids.sofa);
seen.push(at("lamp"));

const given = Object.entries(ids).map((pair) => pair.join(" "));
console.log(`ids: ${given.join(", ")}; at sofa: ${seen[0]}; without oak: ${seen[1]};`);
console.log(`compacted: ${seen[2]}; at pine: ${seen[3]}; sofa deleted, at lamp: ${seen[4]}`);
if (seen.join("; ") !== "3 sofa; 3 sofa; 2 pine; 1 oak; 2 pine") {
  console.error("changed");
  process.exit(1);
}
JS
node "$place/run.mjs"
