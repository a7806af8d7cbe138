// Elements are made here. Texts go in as text: no string is ever read as markup.

const SVG = "http://www.w3.org/2000/svg";

/** An element. `on...` are listeners, `class` and `data-...` and `aria-...` attributes. */
export function h(tag, given = {}, ...inside) {
  return fill(document.createElement(tag), given, inside);
}

/** An element of SVG. */
export function s(tag, given = {}, ...inside) {
  return fill(document.createElementNS(SVG, tag), given, inside);
}

function fill(element, given, inside) {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") Object.entries(value).forEach(([key, one]) => element.style.setProperty(key, one));
    else if (name in PROPERTIES) element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...inside.flat(3).filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

const PROPERTIES = { value: 1, checked: 1, disabled: 1, hidden: 1, open: 1, indeterminate: 1 };

let place = null;

/** Where dialogs go: the page, or the part of one that was set as the home. */
export function home(chosen) {
  if (chosen) place = chosen;
  return place ?? document.body;
}

/** Put these in place of what an element holds. */
export function put(element, ...inside) {
  element.replaceChildren(...inside.flat(3).filter((one) => one !== null && one !== undefined && one !== false));
  return element;
}

const ICONS = {
  search: "M10 4a6 6 0 1 0 0 12 6 6 0 0 0 0-12Zm4.5 10.5L20 20",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  close: "M6 6l12 12M18 6L6 18",
  like: "M7 11v9H4v-9zM7 11l4-7c2 0 2 1 2 2v4h6l-1.5 8.5c-.2 1-.8 1.5-1.5 1.5H7",
  unlike: "M7 13V4H4v9zM7 13l4 7c2 0 2-1 2-2v-4h6l-1.5-8.5C17.300 4.500 16.700 4 16 4H7",
  why: "M9 9a3 3 0 1 1 4 3c-.7.3-1 1-1 2M12 17.500h.01M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18Z",
  place: "M12 21s6-6 6-11a6 6 0 1 0-12 0c0 5 6 11 6 11ZM12 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z",
  filter: "M4 6h16M7 12h10M10 18h4",
  share: "M12 15V4M8 8l4-4 4 4M5 13v7h14v-7",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M5 19l2-2M17 7l2-2",
  none: "M4 5h16v14H4zM4 5l16 14",
  lasso: "M12 5c5 0 8 2 8 5s-3 5-8 5-8-2-8-5 3-5 8-5ZM7 14c-1 2 0 3 2 3s2 3 0 4",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  whole: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  save: "M12 4v11M8 11l4 4 4-4M5 20h14",
};

/** A drawn sign; what it means is said by the text beside it or by aria-label. */
export function icon(name) {
  return s(
    "svg",
    { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true", focusable: "false" },
    s("path", { d: ICONS[name] }),
  );
}

/** A button with a sign; `label` is read aloud and shown when pointed at. */
export function button(sign, label, onclick, given = {}) {
  return h("button", { type: "button", class: "quiet", "aria-label": label, title: label, onclick, ...given }, icon(sign));
}

/** Runs `task` when nothing has asked for it for `ms` milliseconds. */
export function later(ms, task) {
  let waiting = 0;
  return (...given) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => task(...given), ms);
  };
}

/** Runs `task` at once, and then at most every `ms` milliseconds: the last call always runs. */
export function spaced(ms, task) {
  let waiting = 0;
  let last = -Infinity;
  return () => {
    clearTimeout(waiting);
    const run = () => { last = performance.now(); task(); };
    const left = last + ms - performance.now();
    if (left <= 0) run();
    else waiting = setTimeout(run, left);
  };
}

/** Give people a file to keep. */
export function save(blob, name) {
  const from = URL.createObjectURL(blob);
  h("a", { href: from, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(from), 1000);
}
