// The frame of every page: where we are, the views, the theme, the language, the token.

import { get, onLocked, route } from "./api.js";
import { button, h, put } from "./dom.js";
import { trouble } from "./told.js";
import { counted, language, preferred, remember, remembered, speak, t } from "./words.js";

const VIEWS = ["search", "map", "compare", "status"];

/** The collection and the view that the address names. */
function here() {
  const [, ui, name, view] = location.pathname.split("/");
  return ui === "ui" && name ? { name: decodeURIComponent(name), view: VIEWS.includes(view) ? view : "search" } : null;
}

/** The address of a view. */
export function address(name, view) {
  return `/ui/${encodeURIComponent(name)}/${view}`;
}

let leave = () => {};

async function show() {
  const place = here();
  const main = h("main", { id: "main", tabindex: "-1" });
  put(document.body, skip(), header(place), main, h("div", { id: "said", class: "said", role: "status", "aria-live": "polite" }));
  leave();
  leave = () => {};
  document.title = place ? `${place.name} · cospace` : "cospace";
  try {
    if (!place) return await choose(main);
    const about = await get(route(place.name));
    const view = await import(`./${place.view}.js`);
    leave = (await view.show(main, place.name, about)) ?? leave;
  } catch (error) {
    put(main, trouble(error, show));
  }
}

async function choose(main) {
  const { collections } = await get("/collections");
  if (collections.length === 1) return location.replace(address(collections[0].name, "search") + location.search);
  put(
    main,
    h("section", { class: "narrow" },
      h("h1", {}, t("collections")),
      collections.length === 0 ? h("p", {}, t("no_collections")) : null,
      h("ul", { class: "plain" }, collections.map((one) =>
        h("li", {}, h("a", { class: "row", href: address(one.name, "search") + location.search }, h("b", {}, one.name), h("span", {}, counted(one.items)))),
      )),
    ),
  );
}

function skip() {
  return h("a", { class: "skip", href: "#main", onclick: (event) => {
    event.preventDefault();
    (document.getElementById("results") ?? document.getElementById("main")).focus();
  } }, t("skip"));
}

function header(place) {
  const tabs = place
    ? VIEWS.map((view) => h("a", {
        href: address(place.name, view),
        "aria-current": view === place.view ? "page" : null,
      }, t(view)))
    : [];
  return h("header", { class: "top" },
    h("a", { class: "brand", href: "/" }, h("img", { src: "/ui/assets/icon.svg", width: "28", height: "28", alt: "" }), h("span", { dir: "auto" }, place?.name ?? "cospace")),
    h("nav", { "aria-label": "cospace" }, tabs),
    h("div", { class: "end" },
      h("button", { type: "button", class: "quiet", lang: language() === "de" ? "en" : "de", onclick: otherLanguage }, t("language")),
      button("sun", t("theme"), otherTheme),
    ),
  );
}

function otherLanguage() {
  remember("language", language() === "de" ? "en" : "de");
  speak(preferred());
  show();
}

function otherTheme() {
  const dark = getComputedStyle(document.documentElement).colorScheme.includes("dark")
    && (document.documentElement.dataset.theme === "dark"
      || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches));
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  remember("theme", document.documentElement.dataset.theme);
  dispatchEvent(new Event("themechange"));
}

let open = null;

/** Ask for the token until it is right; the browser then holds a cookie that scripts cannot read. */
function login() {
  open ??= new Promise((done) => {
    const field = h("input", { type: "password", id: "token", autocomplete: "current-password", required: true });
    const wrong = h("p", { class: "wrong", role: "alert" });
    const dialog = h("dialog", { class: "login", "aria-labelledby": "locked", oncancel: (event) => event.preventDefault() },
      h("form", { onsubmit: async (event) => {
        event.preventDefault();
        const answer = await fetch("/ui/session", { method: "POST", headers: { authorization: `Bearer ${field.value}` } });
        if (!answer.ok) return put(wrong, t("token_wrong"));
        dialog.close();
        dialog.remove();
        open = null;
        done();
      } },
        h("h2", { id: "locked" }, t("locked")),
        h("label", { for: "token" }, t("token")), field, h("p", { class: "soft" }, t("token_help")), wrong,
        h("button", { class: "main" }, t("enter"))));
    document.body.append(dialog);
    dialog.showModal();
  });
  return open;
}

const theme = remembered("theme");
if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
speak(preferred());
onLocked(login);
show();

