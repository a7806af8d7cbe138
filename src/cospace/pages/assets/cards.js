// An item as a card, and in full.

import { button, h, home, icon, put } from "./dom.js";
import { language, number, t } from "./words.js";

// The first that a collection has, whatever its capitals, accents and dashes. Both lists are those of cospace.read.
const TITLES = [
  "title", "name", "headline", "product name", "product title", "item name", "item title", "productname",
  "producttitle", "titel", "bezeichnung", "artikelbezeichnung", "produktname", "artikelname", "produkttitel",
  "produktbezeichnung", "ueberschrift", "titre", "nom", "nom du produit", "nom produit", "designation", "libelle",
  "intitule", "titulo", "nombre", "nombre del producto", "nombre producto", "denominacion", "titolo", "nome",
  "nome prodotto", "nome del prodotto", "denominazione", "naam", "productnaam", "product naam", "artikelnaam",
  "producttitel", "omschrijving kort", "label",
];
const PRICES = [
  "price", "preis", "prix", "precio", "prezzo", "prijs", "sale price", "variant price",
  "regular price", "verkaufspreis", "amount", "cost",
];
const CURRENCIES = ["currency", "waehrung", "wahrung", "devise", "valuta", "moneda"];

/** Which fields are the title, the price and its currency, by their names and types. */
export function roles(metadata) {
  const plain = (name) => name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/[_-]/g, " ").trim();
  const named = (names, type) => {
    const found = new Map();
    for (const name of Object.keys(metadata)) if (metadata[name] === type && !found.has(plain(name))) found.set(plain(name), name);
    return names.map((name) => found.get(name)).find((name) => name !== undefined);
  };
  const price = named(PRICES, "number");
  return {
    title: named(TITLES, "string"),
    price,
    currency: price && metadata[`${price}_currency`] ? `${price}_currency` : named(CURRENCIES, "string"),
  };
}

/** What a card is headed by. */
export function titleOf(item, role) {
  const given = role.title && item.metadata[role.title];
  if (typeof given === "string" && given.trim()) return given;
  const text = (item.text ?? "").trim();
  return text ? text.slice(0, 120) : item.id;
}

/** What a text says beyond the title that it begins with, or "". */
export function beyond(text, title) {
  const whole = (text ?? "").trim();
  return whole.startsWith(title) ? whole.slice(title.length).replace(/^[\s.,:;–-]+/, "") : whole;
}

/** The price as people write it, or "". */
export function priceOf(item, role) {
  const value = role.price && item.metadata[role.price];
  if (typeof value !== "number") return "";
  const currency = role.currency && item.metadata[role.currency];
  if (typeof currency === "string" && /^[A-Z]{3}$/.test(currency)) {
    return new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency }).format(value);
  }
  return number(value, 2, Number.isInteger(value) ? 0 : 2);
}

/** The names of an item's pictures, first to last. */
function pictures(item) {
  return Object.keys(item.media ?? {}).filter((name) => name.startsWith("image"));
}

/** The address of an item's picture at a width, or null. */
export function pictureOf(item, width, part = pictures(item)[0]) {
  if (!part) return null;
  return item.media[part].startsWith("data:") ? item.media[part] : `${item.media[part]}&width=${width}`;
}

/** The picture, in a frame that keeps its room; a sign where there is none or it cannot be read. */
export function photo(item, width, alt = "", part = undefined) {
  const frame = h("div", { class: "photo" });
  const missing = () => put(frame, h("span", { class: "none" }, icon("none"), h("span", {}, t("no_photo"))));
  const from = pictureOf(item, width, part);
  if (!from) missing();
  else frame.append(h("img", { src: from, alt, loading: "lazy", decoding: "async", width: "240", height: "180", onerror: missing }));
  return frame;
}

/** A card; `act` has what its buttons do: open, like, unlike, why. */
export function card(item, role, act) {
  const title = titleOf(item, role);
  const price = priceOf(item, role);
  const text = item.metadata[role.title] ? beyond(item.text, title) : "";
  const label = (what) => `${what}: ${title.slice(0, 60)}`;
  return h("li", { class: "card", "data-id": item.id },
    photo(item, 240),
    h("div", { class: "about" },
      h("h3", {}, h("button", { type: "button", class: "title", dir: "auto", onclick: () => act.open(item) }, title)),
      text ? h("p", { class: "text", dir: "auto" }, text) : null,
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
  if (value === null || typeof value !== "object") return String(value);
  if ("lat" in value) return [value.lat, value.lon].map((one) => number(one, 3)).join(language() === "de" ? "; " : ", ");
  return Object.entries(value).map(([name, one]) => `${name}: ${shown(one)}`).join(", ");
}

/** An item in full, over the page; `told` stands under its text, and `more` at the end. */
export function detail(item, role, more = [], told = null) {
  const title = titleOf(item, role);
  const price = priceOf(item, role);
  const above = price ? [role.title, role.price, role.currency] : [role.title];
  const facts = Object.entries(item.metadata).filter(([name, value]) => !above.includes(name) && value !== title);
  const look = (part) => dialog.querySelector(".sheet > .photo").replaceWith(photo(item, 960, title, part));
  const dialog = h("dialog", { class: "detail", "aria-labelledby": "detail-title", onclose: () => dialog.remove(), onclick: (event) => {
    if (event.target === dialog) dialog.close();
  } },
    h("div", { class: "sheet" },
      h("div", { class: "head" }, h("h2", { id: "detail-title", dir: "auto" }, title), button("close", t("close"), () => dialog.close())),
      price ? h("p", { class: "large" }, price) : null,
      photo(item, 960, title),
      pictures(item).length > 1
        ? h("div", { class: "strip" }, pictures(item).map((part, at) => h("button", { type: "button", class: "thumbnail", "data-part": part, "aria-label": t("picture_of", { n: at + 1 }), onclick: () => look(part) }, photo(item, 120, "", part))))
        : null,
      item.text ? h("p", { class: "long", dir: "auto" }, item.text) : null,
      told,
      h("dl", {}, facts.map(([name, value]) => [
        h("dt", { dir: "auto" }, name), h("dd", { dir: "auto" }, shown(value)),
      ])),
      h("p", { class: "soft" }, item.id),
      more));
  home().append(dialog);
  dialog.showModal();
  return dialog;
}
