// What is said to people: a short word, or what went wrong and what helps.

import { h, home } from "./dom.js";
import { t } from "./words.js";

/** A sentence for a moment at the foot of the page, read aloud. */
export function say(text) {
  const place = home().querySelector("#said");
  if (!place) return;
  place.textContent = text;
  setTimeout(() => place.textContent === text && (place.textContent = ""), 4000);
}

/** What went wrong, in words that help, with a way to try again. */
export function trouble(error, again) {
  if (error.status === undefined) console.error(error);
  const [what, help] =
    error.status === 0 ? [t("away"), t("away_help")]
    : error.status === 429 || error.status === 503 ? [t("busy"), error.message]
    : [t("failed"), error.message];
  return h("section", { class: "trouble", role: "alert" },
    h("h2", {}, what), h("p", { dir: "auto" }, help),
    again ? h("button", { type: "button", class: "main", onclick: again }, t("again")) : null);
}
