// What is said to people: a short word, or what went wrong and what helps.

import { h, home } from "./dom.js";
import { germanError, germanNote } from "./german.js";
import { language, t } from "./words.js";

/** A sentence for a moment at the foot of the page, read aloud. */
export function say(text) {
  const place = home().querySelector("#said");
  if (!place) return;
  place.textContent = text;
  setTimeout(() => place.textContent === text && (place.textContent = ""), 4000);
}

/** What went wrong, in a sentence: the server's own, or what it means in German. */
export function reason(error) {
  if (error.status === 0) return t("away");
  return (language() === "de" ? germanError(error.code) : error.message) || t("failed");
}

/** The notes of an answer, each a paragraph: `own` makes those of some codes, and what has no German stays English. */
export function noted({ notes = [], note_codes: codes = [] }, own = {}) {
  return notes.map((one, at) => {
    const note = codes[at] ?? {};
    if (own[note.code]) return own[note.code](note);
    const german = language() === "de" && germanNote(note);
    return h("p", { class: "soft", dir: "auto", lang: german ? null : "en" }, german || one);
  });
}

/** What went wrong, in words that help, with a way to try again. */
export function trouble(error, again) {
  if (error.status === undefined) console.error(error);
  const what = error.status === 0 ? "away" : error.status === 429 || error.status === 503 ? "busy" : "failed";
  const help = what === "away" ? t("away_help") : reason(error);
  return h("section", { class: "trouble", role: "alert" },
    h("h2", {}, t(what)), help === t(what) ? null : h("p", { dir: "auto" }, help),
    // In which field, and what it takes, the server says in English alone.
    what === "failed" && error.message && error.message !== help ? h("p", { class: "soft", dir: "auto", lang: "en" }, error.message) : null,
    again ? h("button", { type: "button", class: "main", onclick: again }, t("again")) : null);
}
