// A collection in a notebook: a box, cards and the map. What is asked goes to the kernel.

import { get, Latest, route, through } from "./api.js";
import { card, detail, roles } from "./cards.js";
import { h, home, icon, later, put } from "./dom.js";
import { show as map } from "./map.js";
import { trouble } from "./told.js";
import { preferred, speak, t } from "./words.js";

/** What anywidget calls: build the widget of `model` in `el`. */
export function render({ model, el }) {
  const host = h("div", {});
  const dressed = () => {
    const light = document.body.dataset.jpThemeLight; // Jupyter's; elsewhere the system's choice holds
    if (light) host.setAttribute("data-theme", light === "false" ? "dark" : "light");
  };
  const watch = new MutationObserver(dressed);
  watch.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  dressed();
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(model.get("sheet"));
  root.adoptedStyleSheets = [sheet];
  const page = h("div", { class: "page" }, h("div", { id: "said", class: "said", role: "status" }));
  root.append(page);
  el.append(host);
  home(page);
  speak(preferred());
  answered(model);

  const about = { ...model.get("about"), served: false };
  const [name, role, latest] = [about.name, roles(about.metadata), new Latest()];
  const place = h("div", {});
  let leave = () => {};
  const tab = (label, build) => h("button", { type: "button", class: "small", "aria-pressed": "false", onclick: async (event) => {
    const pressed = event.currentTarget;
    pressed.parentElement.querySelectorAll("button").forEach((one) => one.setAttribute("aria-pressed", String(one === pressed)));
    leave();
    leave = () => {};
    put(place);
    try {
      leave = (await build()) ?? leave;
    } catch (error) {
      put(place, trouble(error));
    }
  } }, label);

  const search = async () => {
    const box = h("input", { type: "search", dir: "auto", value: model.get("query"), "aria-label": t("describe"), placeholder: t("describe"), oninput: later(80, () => ask()) });
    const cards = h("ul", { class: "cards plain" });
    const ask = async (like) => {
      const query = like === undefined ? box.value.trim() : "";
      const body = { k: model.get("k"), ...(query ? { query } : {}), ...(like ? { like } : {}) };
      try {
        const answer = await latest.run((signal) => get(route(name, "/search"), { body, signal }));
        if (answer) put(cards, answer.found.hits.map((one) => card(one, role, { open: (item) => detail(item, role), like: (item) => { box.value = ""; ask(item.id); } })));
      } catch (error) {
        put(cards, trouble(error));
      }
    };
    put(place, h("div", { class: "ask" }, h("div", { class: "box" }, icon("search"), box)), cards);
    await ask();
  };
  const first = tab(t("search"), search);
  page.prepend(h("div", { class: "pair" }, first, tab(t("map"), () => map(place, name, about))), place);
  first.click();
  return () => {
    watch.disconnect();
    leave();
  };
}

/** Questions go to the kernel by number, and answers come back by it. */
function answered(model) {
  const waiting = new Map();
  let last = 0;
  model.on("msg:custom", (message, buffers) => {
    const done = waiting.get(message.number);
    waiting.delete(message.number);
    const body = buffers?.length ? buffers[0] : JSON.stringify(message.json);
    done?.(new Response(body, { status: message.status }));
  });
  through((path, options) => new Promise((done) => {
    last += 1;
    waiting.set(last, done);
    const [address, asked] = path.split("?");
    const query = Object.fromEntries(new URLSearchParams(asked));
    model.send({ number: last, method: options.method, path: address, query, body: options.body ? JSON.parse(options.body) : {} });
  }));
}
