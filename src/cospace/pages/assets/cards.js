// An item as a card, and in full.

import { button, h, home, icon, put } from "./dom.js";
import { number, t } from "./words.js";

const TITLES = ["title", "name", "titel", "product_name", "headline", "label"];
const PRICES = ["price", "preis", "sale_price", "amount", "cost"];
const CURRENCIES = ["currency", "waehrung", "währung"];

/** Which fields are the title, the price, the place and the date, by their names and types. */
export function roles(metadata) {
  const named = (names, types) => names.find((name) => types.includes(metadata[name]));
  const typed = (type) => Object.keys(metadata).find((name) => metadata[name] === type);
  return {
    title: named(TITLES, ["string"]),
    price: named(PRICES, ["number", "integer"]),
    currency: named(CURRENCIES, ["string"]),
    place: typed("location"),
    date: typed("date") ?? typed("datetime"),
  };
}

/** What a card is headed by. */
export function titleOf(item, role) {
  const given = role.title && item.metadata[role.title];
  if (typeof given === "string" && given.trim()) return given;
  const text = (item.text ?? "").trim();
  return text ? text.slice(0, 120) : item.id;
}

/** The price as people write it, or "". */
export function priceOf(item, role) {
  const value = role.price && item.metadata[role.price];
  if (typeof value !== "number") return "";
  const currency = role.currency && item.metadata[role.currency];
  if (typeof currency === "string" && /^[A-Z]{3}$/.test(currency)) {
    return new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency }).format(value);
  }
  return number(value);
}

/** The address of an item's picture at a width, or null. */
export function pictureOf(item, width) {
  const part = Object.keys(item.media ?? {}).find((name) => name.startsWith("image"));
  if (!part) return null;
  return item.media[part].startsWith("data:") ? item.media[part] : `${item.media[part]}&width=${width}`;
}

/** The picture, in a frame that keeps its room; a sign where there is none or it cannot be read. */
export function photo(item, width, alt = "") {
  const frame = h("div", { class: "photo" });
  const missing = () => put(frame, h("span", { class: "none" }, icon("none"), h("span", {}, t("no_photo"))));
  const from = pictureOf(item, width);
  if (!from) missing();
  else frame.append(h("img", { src: from, alt, loading: "lazy", decoding: "async", width: "240", height: "180", onerror: missing }));
  return frame;
}

/** A card; `act` has what its buttons do: open, like, unlike, why. */
export function card(item, role, act) {
  const title = titleOf(item, role);
  const price = priceOf(item, role);
  const label = (what) => `${what}: ${title.slice(0, 60)}`;
  return h("li", { class: "card", "data-id": item.id },
    photo(item, 240),
    h("div", { class: "about" },
      h("h3", {}, h("button", { type: "button", class: "title", dir: "auto", onclick: () => act.open(item) }, title)),
      item.metadata[role.title] && item.text ? h("p", { class: "text", dir: "auto" }, item.text) : null,
      h("p", { class: "facts" },
        price ? h("b", {}, price) : null,
        typeof item.km === "number" ? h("span", {}, icon("place"), t("km", { km: number(item.km, item.km < 10 ? 1 : 0) })) : null)),
    h("div", { class: "acts" },
      button("like", label(t("like_this")), () => act.like(item)),
      act.unlike ? button("unlike", label(t("unlike_this")), () => act.unlike(item)) : null,
      act.why ? button("why", label(t("why")), () => act.why(item)) : null));
}

/** A value of the metadata, as text. */
export function shown(value) {
  if (typeof value === "number") return number(value, 4);
  if (typeof value === "boolean") return value ? t("yes") : t("no");
  if (Array.isArray(value)) return value.map(shown).join(", ");
  if (value && typeof value === "object" && "lat" in value) return `${number(value.lat, 3)}, ${number(value.lon, 3)}`;
  return String(value);
}

/** An item in full, over the page. */
export function detail(item, role, more = []) {
  const dialog = h("dialog", { class: "detail", "aria-labelledby": "detail-title", onclose: () => dialog.remove(), onclick: (event) => {
    if (event.target === dialog) dialog.close();
  } },
    h("div", { class: "sheet" },
      h("div", { class: "head" }, h("h2", { id: "detail-title", dir: "auto" }, titleOf(item, role)), button("close", t("close"), () => dialog.close())),
      photo(item, 960, titleOf(item, role)),
      item.text ? h("p", { class: "long", dir: "auto" }, item.text) : null,
      h("dl", {}, Object.entries(item.metadata).filter(([name]) => name !== role.title).map(([name, value]) => [
        h("dt", { dir: "auto" }, name), h("dd", { dir: "auto" }, shown(value)),
      ])),
      h("p", { class: "soft" }, item.id),
      more));
  home().append(dialog);
  dialog.showModal();
  return dialog;
}
