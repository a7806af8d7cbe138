// Colours for values: told apart by people who see few of them, on light and on dark.

// Okabe and Ito's eight, without black, and lighter and darker ones of the same hues.
const GROUPS = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#b8a200", "#7a5195", "#8c6d31", "#4c78a8", "#a0522d", "#6b8e23"];
// Viridis at five places, low to high; the lowest is lighter, so that it shows on dark.
const SCALE = ["#7b4ab0", "#3b528b", "#21918c", "#5ec962", "#fde725"];
const NONE = [140, 150, 153];

function rgb(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

/** The colour of group `number`, as #rrggbb. */
export function group(number) {
  return GROUPS[number % GROUPS.length];
}

/** Colours of points for codes of groups; `none` is the code of those without one. */
export function ofGroups(codes, none) {
  const table = GROUPS.map(rgb);
  const found = new Uint8Array(3 * codes.length);
  for (let i = 0; i < codes.length; i += 1) found.set(codes[i] === none ? NONE : table[codes[i] % table.length], 3 * i);
  return found;
}

/**
 * Colours of points for numbers, `low` to `high`: 96 of 100 lie between, so that one far out leaves the others their
 * colours; `more` are signs that lower and higher ones are there. What is no number is grey.
 */
export function ofNumbers(values) {
  const sorted = values.filter((one) => !Number.isNaN(one)).sort();
  const [low, high] = [0.02, 0.98].map((part) => sorted[Math.round(part * (sorted.length - 1))]);
  const more = [sorted[0] < low ? "≤ " : "", sorted.at(-1) > high ? "≥ " : ""];
  const table = SCALE.map(rgb);
  const found = new Uint8Array(3 * values.length);
  for (let i = 0; i < values.length; i += 1) {
    if (Number.isNaN(values[i])) { found.set(NONE, 3 * i); continue; }
    const at = Math.min(0.9999, Math.max(0, (values[i] - low) / (high - low || 1))) * (SCALE.length - 1);
    const [from, to, part] = [table[Math.floor(at)], table[Math.floor(at) + 1], at % 1];
    for (let c = 0; c < 3; c += 1) found[3 * i + c] = from[c] + (to[c] - from[c]) * part;
  }
  return { colours: found, low, high, more };
}

/** The scale of numbers, lowest first. */
export const scale = SCALE;
