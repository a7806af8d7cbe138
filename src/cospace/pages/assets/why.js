// Why an item was found: the words that speak for it, marked; the part of the picture, lit.

import { get, route } from "./api.js";
import { h, put } from "./dom.js";
import { trouble } from "./told.js";
import { t } from "./words.js";

/** Ask the server, and mark what it says in the opened item. */
export async function explained(place, dialog, collection, item, question) {
  put(place, h("p", { class: "soft" }, "…"));
  let found;
  try {
    const body = { id: item.id };
    for (const key of ["query", "like", "image", "weights"]) if (question[key] !== undefined) body[key] = question[key];
    found = await get(route(collection, "/why"), { body });
  } catch (error) {
    return put(place, trouble(error));
  }
  const words = found.words ?? [];
  const region = found.region ?? null;
  const text = dialog.querySelector(".long");
  if (words.length && text) put(text, marked(item.text, words));
  if (region) {
    // Of several photos the one that is lit is shown.
    [...dialog.querySelectorAll(".thumbnail")].find((one) => one.dataset.part === region.part)?.click();
    light(dialog.querySelector(".photo"), region);
  }
  put(place,
    h("h3", {}, t("why")),
    words.length ? h("p", { class: "soft" }, t("why_words")) : null,
    region ? h("p", { class: "soft" }, t("why_region")) : null,
    !words.length && !region ? h("p", {}, t("why_none")) : null);
}

/** The text with marks; places count code points, as Python's do. */
function marked(text, words) {
  const letters = [...text];
  const most = Math.max(...words.map(([, , weight]) => weight), 1e-9);
  const found = [];
  let at = 0;
  for (const [start, end, weight] of [...words].sort((a, b) => a[0] - b[0])) {
    if (start < at) continue;
    found.push(letters.slice(at, start).join(""));
    found.push(h("mark", { style: { "--strength": (0.25 + 0.75 * Math.max(0, weight / most)).toFixed(2) } }, letters.slice(start, end).join("")));
    at = end;
  }
  found.push(letters.slice(at).join(""));
  return found;
}

/** Darken the squares of a photo that say little: `heat` has rows of numbers, 0 to 1, of the part `box` of the photo; what the model does not see, around it, says nothing. */
function light(photo, { rows, cols, heat, box }) {
  const image = photo?.querySelector("img");
  if (!image) return;
  const squares = heat.flat();
  const most = Math.max(...squares, 1e-9);
  const [left, top, right, bottom] = box;
  const grid = h("div", { class: "heat", "aria-hidden": "true", style: { "--rows": rows, "--cols": cols } },
    squares.map((one) => h("span", { style: { opacity: (0.75 * (1 - Math.max(0, one) / most)).toFixed(2) } })));
  const fit = () => {
    const scale = Math.min(photo.clientWidth / image.naturalWidth, photo.clientHeight / image.naturalHeight);
    const [width, height] = [image.naturalWidth * scale, image.naturalHeight * scale];
    grid.style.width = `${width}px`;
    grid.style.height = `${height}px`;
    grid.style.borderWidth = [height * top, width * (1 - right), height * (1 - bottom), width * left].map((one) => `${one}px`).join(" ");
  };
  if (image.complete) fit();
  else image.addEventListener("load", fit);
  photo.append(grid);
}
