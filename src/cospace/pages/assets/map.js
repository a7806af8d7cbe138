// The map of a collection's space: points, names of clusters, pictures when near, a lasso, a search.

import { call, get, Latest, route, unpacked } from "./api.js";
import { detail, photo, roles, shown, titleOf } from "./cards.js";
import { group, ofGroups, ofNumbers, scale } from "./colours.js";
import { button, h, later, put, s, save } from "./dom.js";
import { Plot } from "./plot.js";
import { reason, say, trouble } from "./told.js";
import { counted, learn, number, t } from "./words.js";

learn({
  map_none: ["This collection has no map yet.", "Diese Sammlung hat noch keine Karte."],
  map_none_help: [
    "A map puts items that mean alike near each other. It is made once; new items then find their place in it.",
    "Eine Karte legt nebeneinander, was Ähnliches bedeutet. Sie entsteht einmal; Neues findet dann seinen Platz darin.",
  ],
  map_make: ["Make the map", "Karte erstellen"],
  map_making: ["The map is being made.", "Die Karte entsteht."],
  map_missing: ["Not on it yet: {n}.", "Noch nicht darauf: {n}."],
  map_stale: ["The map is of another model.", "Die Karte gehört zu einem anderen Modell."],
  map_update: ["Put them on it", "Eintragen"],
  map_label: [
    "Map of {n} items. Arrow keys move, plus and minus zoom, 0 shows all.",
    "Karte mit {n} Einträgen. Pfeiltasten verschieben, Plus und Minus zoomen, 0 zeigt alles.",
  ],
  map_light: ["Light up what you describe", "Beschreiben, was leuchten soll"],
  map_lit: ["Best matches, lit up: {n}", "Beste Treffer leuchten: {n}"],
  colour: ["Colour", "Farbe"],
  clusters: ["Clusters", "Gruppen"],
  zoom_in: ["Zoom in", "Vergrößern"],
  zoom_out: ["Zoom out", "Verkleinern"],
  zoom_all: ["Show all", "Alles zeigen"],
  lasso: ["Select with a lasso", "Mit dem Lasso auswählen"],
  lasso_on: ["Draw around the points you want.", "Umfahren Sie die gewünschten Punkte."],
  selected: ["{n} selected", "{n} ausgewählt"],
  clear: ["Clear", "Leeren"],
  only: ["Show only these", "Nur diese zeigen"],
  only_on: ["Shown: {n} alone.", "Gezeigt: nur {n}."],
  only_off: ["Show all again", "Wieder alle zeigen"],
  to_csv: ["Save as CSV", "Als CSV speichern"],
  to_png: ["Save as a picture", "Als Bild speichern"],
  nearest_of: ["Nearest in the full space", "Nächste im ganzen Raum"],
  other: ["other", "andere"],
  no_webgl: ["This browser does not draw with WebGL2.", "Dieser Browser zeichnet nicht mit WebGL2."],
});

const THUMBS = 48;
const LIT = 50; // best matches that light up
const MANY = 1000; // best matches looked through for those of a selection

/** Build the page in `main`; gives what ends it. */
export async function show(main, name, about) {
  const page = new Page(main, name, about);
  await page.start();
  return () => page.end();
}

class Page {
  #latest = new Latest();
  #over = new Latest();
  #ended = new AbortController();

  constructor(main, name, about) {
    Object.assign(this, { main, name, about, role: roles(about.metadata), items: new Map(), chosen: [], corners: null });
  }

  end() {
    this.#ended.abort();
    this.#latest.stop();
    this.#over.stop();
    this.plot?.end();
    clearTimeout(this.polling);
  }

  async start() {
    let head;
    try {
      head = await get(route(this.name, "/map"));
    } catch (error) {
      if (!["MapMissing", "DataDamaged"].includes(error.code)) throw error;
      return this.missing(null, error.code === "DataDamaged");
    }
    if (!head.points) return this.missing(head.making);
    await this.open(head);
  }

  missing(making, again = false) {
    const bar = h("progress", { max: "1", value: this.about.served === false ? null : making?.done ?? 0, "aria-label": t("map_making") });
    const wait = async () => {
      const head = await get(route(this.name, "/map")).catch((error) => ({ code: error.code, making: null }));
      if (head.making?.error) return put(place, trouble({ status: 500, ...head.making.error }, () => this.missing(null, true)));
      if (head.points && !head.making) return this.open(head);
      if (head.making) bar.value = head.making.done;
      this.polling = setTimeout(wait, 700);
    };
    const make = async (event) => {
      event.currentTarget.disabled = true;
      put(place, h("p", { role: "status" }, t("map_making")), bar);
      try {
        await call(route(this.name, "/map"), { body: { again } });
        await wait();
      } catch (error) {
        put(place, trouble(error));
      }
    };
    const place = h("div", { class: "narrow" }, h("button", { type: "button", class: "main", onclick: make }, t("map_make")));
    put(this.main, h("section", { class: "trouble" }, h("h1", {}, t("map_none")), h("p", {}, t("map_none_help")), place));
    if (making) { put(place, h("p", { role: "status" }, t("map_making")), bar); wait(); }
  }

  async open(head) {
    this.head = head;
    const at = `?version=${encodeURIComponent(head.version)}`;
    const bytes = async (rest) => (await call(route(this.name, `/map/${rest}${at}`))).arrayBuffer();
    const [points, labels, { ids }] = await Promise.all([bytes("points"), bytes("labels"), get(route(this.name, `/map/ids${at}`))]);
    this.ids = ids;
    this.numbers = new Map(ids.map((id, at) => [id, at]));
    this.labels = new Uint16Array(labels);
    this.build(head);
    try {
      this.plot = new Plot(this.stage, new Float32Array(points), head.bounds, () => this.moved());
    } catch (error) {
      console.warn(error.message);
      put(this.stage, h("p", { class: "trouble" }, t("no_webgl")));
      return;
    }
    this.listen();
    await this.colour();
  }

  build(head) {
    this.stage = h("div", { class: "stage", tabindex: "0", role: "application", "aria-label": t("map_label", { n: number(head.points) }) });
    this.names = h("div", { class: "names", "aria-hidden": "true" });
    this.thumbs = h("div", { class: "thumbs" });
    this.shape = s("svg", { class: "shape", "aria-hidden": "true" }, (this.line = s("path", {})));
    this.tip = h("div", { class: "tip", role: "status", hidden: true });
    this.stage.append(this.thumbs, this.names, this.shape, this.tip);
    this.box = h("input", { type: "search", dir: "auto", "aria-label": t("map_light"), placeholder: t("map_light"), maxlength: "2000", oninput: later(60, () => this.search()) });
    this.lit = h("p", { class: "soft", role: "status" });
    this.kept = h("p", { class: "soft", role: "status" });
    this.by = h("select", { id: "colour", onchange: () => this.colour() },
      h("option", { value: "" }, t("clusters")), head.fields.map((one) => h("option", { value: `.${one}` }, one)));
    this.legend = h("ul", { class: "plain legend" });
    this.picked = h("section", { class: "picked", "aria-live": "polite" });
    const lasso = (this.lasso = button("lasso", t("lasso"), () => this.roping(!this.rope), { "aria-pressed": "false" }));
    const tools = h("div", { class: "tools" },
      button("plus", t("zoom_in"), () => this.plot.zoom(1.6)), button("minus", t("zoom_out"), () => this.plot.zoom(1 / 1.6)),
      button("whole", t("zoom_all"), () => this.plot.fit(head.bounds)), lasso, button("save", t("to_png"), () => this.png()));
    const notes = h("div", { class: "soft" },
      head.stale ? h("p", {}, t("map_stale"), " ", this.about.served === false ? null : h("button", { type: "button", class: "link", onclick: () => this.missing(null, true) }, t("map_make"))) : null,
      head.missing ? h("p", {}, t("map_missing", { n: counted(head.missing) }), " ", this.about.served === false ? null : h("button", { type: "button", class: "link", onclick: () => this.update() }, t("map_update"))) : null);
    put(this.main, h("h1", { class: "unseen" }, `${t("map")}: ${this.name}`),
      h("div", { class: "atlas" }, h("div", { class: "frame" }, this.stage, tools),
        h("aside", { class: "side" }, this.box, this.lit, this.kept, notes, h("label", { for: "colour" }, t("colour")), this.by, this.legend, this.picked)));
  }

  async update() {
    await call(route(this.name, "/map"), { body: {} });
    this.missing({ done: 0 });
  }

  // Colours

  async colour() {
    const field = this.by.value.slice(1);
    if (!field) {
      this.plot.colour(ofGroups(this.labels, 65535));
      return put(this.legend, this.head.clusters.map((one) => h("li", {}, h("button", { type: "button", class: "link", onclick: () => this.cluster(one) },
        dot(group(one.id)), h("span", { dir: "auto" }, one.name), h("span", { class: "count" }, number(one.size))))));
    }
    try {
      const found = await get(route(this.name, `/map/field?name=${encodeURIComponent(field)}`));
      if (found.type === "number") {
        const { colours, low, high, more } = ofNumbers(new Float32Array(unpacked(found.values).buffer));
        this.plot.colour(colours);
        return put(this.legend, h("li", { class: "ramp" }, h("span", {}, `${more[0]}${number(low)}`), scale.map(dot), h("span", {}, `${more[1]}${number(high)}`)));
      }
      this.plot.colour(ofGroups(unpacked(found.codes), 255));
      put(this.legend, found.values.map((value, at) => h("li", {}, dot(group(at)), h("span", { dir: "auto" }, shown(value)))));
    } catch (error) {
      say(reason(error));
    }
  }

  cluster(one) {
    const numbers = [];
    this.labels.forEach((label, at) => label === one.id && numbers.push(at));
    this.select(numbers);
    this.show(numbers);
  }

  /** Zoom to where points lie. */
  show(numbers) {
    const xs = numbers.map((one) => this.plot.xy[2 * one]).sort((a, b) => a - b);
    const ys = numbers.map((one) => this.plot.xy[2 * one + 1]).sort((a, b) => a - b);
    const at = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
    if (xs.length) this.plot.fit([at(xs, 0.02), at(ys, 0.02), at(xs, 0.98), at(ys, 0.98)]);
  }

  // Searching

  async search() {
    const query = this.box.value.trim();
    if (!query) { this.#latest.stop(); put(this.lit); return this.relight(); }
    try {
      const answer = await this.#latest.run((signal) => get(route(this.name, "/search"), { body: { query, k: this.only ? MANY : LIT }, signal }));
      if (!answer) return;
      const hits = answer.found.hits.filter((one) => !this.only || this.only.has(one.id)).slice(0, LIT);
      hits.forEach((one) => this.items.set(one.id, one));
      const numbers = hits.map((one) => this.numbers.get(one.id)).filter((one) => one !== undefined);
      put(this.lit, t("map_lit", { n: number(numbers.length) }));
      this.chosen = [];
      this.relight(numbers);
      this.list(t("map_lit", { n: number(numbers.length) }), hits.map((one) => one.id));
    } catch (error) {
      put(this.lit, reason(error));
    }
  }

  relight(numbers = this.chosen) {
    this.plot.light(numbers, [217, 4, 106]);
    if (!numbers.length) put(this.picked);
  }

  // Selecting

  select(numbers) {
    this.chosen = numbers;
    this.box.value = "";
    put(this.lit);
    this.relight();
    if (numbers.length) this.list(t("selected", { n: number(numbers.length) }), numbers.map((one) => this.ids[one]));
  }

  /** Show these alone; what lights up is among them too. */
  filter(ids) {
    this.only = ids && new Set(ids);
    this.plot.only(ids && ids.map((id) => this.numbers.get(id)).filter((one) => one !== undefined));
    put(this.kept, ids ? [t("only_on", { n: counted(ids.length) }), " ", h("button", { type: "button", class: "link", onclick: () => this.filter(null) }, t("only_off"))] : null);
    this.select([]);
  }

  async list(title, ids) {
    const shown = ids.slice(0, 40);
    const list = h("ol", { class: "plain list" });
    put(this.picked, h("div", { class: "head" }, h("h2", {}, title), button("close", t("clear"), () => this.select([]))),
      h("div", { class: "pair" },
        h("button", { type: "button", class: "link", onclick: () => this.filter(ids) }, t("only")),
        h("button", { type: "button", class: "link", onclick: () => this.csv(ids) }, t("to_csv"))),
      list);
    await this.learn(shown);
    put(list, shown.map((id) => this.items.get(id)).filter(Boolean).map((item) => h("li", {}, h("button", { type: "button", class: "entry", onclick: () => this.look(item) },
      photo(item, 120), h("span", { dir: "auto" }, titleOf(item, this.role))))),
      ids.length > shown.length ? h("li", { class: "soft" }, t("others", { n: number(ids.length - shown.length) })) : null);
  }

  /** Open an item with those nearest to it in the full space, and light them up. */
  async look(item) {
    const place = h("div", { class: "explained" });
    const dialog = detail(item, this.role, place);
    try {
      const { hits } = await get(route(this.name, "/search"), { body: { like: item.id, k: 8 } });
      hits.forEach((one) => this.items.set(one.id, one));
      const numbers = [item.id, ...hits.map((one) => one.id)].map((id) => this.numbers.get(id)).filter((one) => one !== undefined);
      this.plot.light(numbers, [217, 4, 106]);
      put(place, h("h3", {}, t("nearest_of")), h("ol", { class: "plain list" }, hits.map((one) => h("li", {}, h("button", { type: "button", class: "entry", onclick: () => { dialog.close(); this.look(one); } },
        photo(one, 120), h("span", { dir: "auto" }, titleOf(one, this.role)))))));
    } catch (error) {
      put(place, trouble(error));
    }
  }

  async learn(ids) {
    const unknown = ids.filter((id) => !this.items.has(id));
    if (!unknown.length) return;
    const { items } = await get(route(this.name, "/items/get"), { body: { ids: unknown } });
    items.forEach((one) => one && this.items.set(one.id, one));
  }

  async csv(ids) {
    const quoted = (text) => `"${String(text).replaceAll('"', '""')}"`;
    const rows = [["id", "title", "x", "y"].join(",")];
    for (let at = 0; at < ids.length; at += 500) {
      await this.learn(ids.slice(at, at + 500));
    }
    for (const id of ids) {
      const one = this.numbers.get(id);
      const item = this.items.get(id);
      rows.push([quoted(id), quoted(item ? titleOf(item, this.role) : ""), ...(one === undefined ? ["", ""] : this.plot.xy.subarray(2 * one, 2 * one + 2))].join(","));
    }
    save(new Blob([rows.join("\r\n")], { type: "text/csv" }), `${this.name}.csv`);
  }

  async png() {
    save(await this.plot.png(getComputedStyle(document.body).backgroundColor), `${this.name}.png`);
  }

  // Moving

  listen() {
    const { stage } = this;
    const pointers = new Map();
    const at = (event) => { const box = stage.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
    let moved = 0;
    stage.addEventListener("pointerdown", (event) => {
      if (event.target.closest("button")) return;
      stage.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, at(event));
      moved = 0;
      if (this.rope) this.corners = [at(event)];
    });
    stage.addEventListener("pointermove", (event) => {
      const now = at(event);
      const before = pointers.get(event.pointerId);
      if (!before) return this.hover(now);
      moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
      if (this.corners) { this.corners.push(now); this.line.setAttribute("d", `M${this.corners.map((one) => one.join(" ")).join("L")}Z`); }
      else if (pointers.size === 2) {
        const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, one]) => one);
        const gap = (one) => Math.max(1, Math.hypot(one[0] - other[0], one[1] - other[1]));
        this.plot.zoom(gap(now) / gap(before), other[0], other[1]);
      } else this.plot.pan(now[0] - before[0], now[1] - before[1]);
      pointers.set(event.pointerId, now);
    });
    const up = (event) => {
      if (!pointers.delete(event.pointerId)) return;
      if (this.corners) return this.roped();
      if (moved < 5 && event.type === "pointerup") this.press(at(event));
    };
    stage.addEventListener("pointerup", up);
    stage.addEventListener("pointercancel", up);
    stage.addEventListener("pointerleave", () => (this.tip.hidden = true));
    stage.addEventListener("wheel", (event) => { event.preventDefault(); this.plot.zoom(Math.exp(-event.deltaY * 0.0015), ...at(event)); }, { passive: false });
    stage.addEventListener("keydown", (event) => this.keys(event));
  }

  keys(event) {
    const step = 60;
    const task = {
      ArrowLeft: () => this.plot.pan(step, 0), ArrowRight: () => this.plot.pan(-step, 0),
      ArrowUp: () => this.plot.pan(0, step), ArrowDown: () => this.plot.pan(0, -step),
      "+": () => this.plot.zoom(1.4), "=": () => this.plot.zoom(1.4), "-": () => this.plot.zoom(1 / 1.4),
      0: () => this.plot.fit(this.head.bounds), Escape: () => { this.roping(false); this.select([]); },
    }[event.key];
    if (!task || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    task();
  }

  roping(on) {
    this.rope = on;
    this.lasso.setAttribute("aria-pressed", String(on));
    this.stage.classList.toggle("roping", on);
    if (on) say(t("lasso_on"));
  }

  roped() {
    const corners = this.corners;
    this.corners = null;
    this.line.removeAttribute("d");
    this.roping(false);
    this.select(corners.length > 2 ? this.plot.inside(corners) : []);
  }

  async press([px, py]) {
    const one = this.plot.nearest(px, py);
    if (one < 0) return;
    await this.learn([this.ids[one]]).catch((error) => say(reason(error)));
    const item = this.items.get(this.ids[one]);
    if (item) this.look(item);
  }

  hover([px, py]) {
    const one = this.plot.nearest(px, py);
    this.stage.classList.toggle("on-point", one >= 0);
    if (one < 0) { this.tip.hidden = true; this.pointed = -1; return; }
    if (one === this.pointed) return;
    this.pointed = one;
    this.tell(one);
  }

  tell = later(40, async (one) => {
    const id = this.ids[one];
    const answer = await this.#over.run(() => this.learn([id])).catch(() => null);
    const item = this.items.get(id);
    if (!answer || !item || this.pointed !== one) return;
    const [x, y] = this.plot.pixel(this.plot.xy[2 * one], this.plot.xy[2 * one + 1]);
    put(this.tip, photo(item, 240), h("span", { dir: "auto" }, titleOf(item, this.role)));
    this.tip.hidden = false;
    this.tip.style.left = `${Math.min(x + 12, this.stage.clientWidth - 190)}px`;
    this.tip.style.top = `${Math.min(y + 12, this.stage.clientHeight - 190)}px`;
  });

  // What lies over the points

  moved() {
    if (!this.plot) return;
    this.tip.hidden = true; // what it pointed at has moved away
    this.pointed = -1;
    if (!this.plot.moving) {
      this.label();
      return this.look_near();
    }
    for (const one of [...this.names.children, ...this.thumbs.children]) this.lay(one);
  }

  /** Put an element over the place of the plane that it stands for. */
  lay(element, x = element.dataset.x, y = element.dataset.y) {
    const [left, top] = this.plot.pixel(Number(x), Number(y));
    Object.assign(element.dataset, { x, y });
    element.style.transform = `translate(${left}px, ${top}px) translate(-50%, -50%)`;
    return element;
  }

  label() {
    const [stage, tools] = [this.stage, this.stage.parentElement.querySelector(".tools")].map((one) => one.getBoundingClientRect());
    const taken = [[tools.left - stage.left, tools.top - stage.top, tools.right - stage.left, tools.bottom - stage.top]];
    const free = (box) => taken.every((one) => box[0] > one[2] || box[2] < one[0] || box[1] > one[3] || box[3] < one[1]);
    const found = [];
    for (const one of [...this.head.clusters].sort((a, b) => b.size - a.size)) {
      const [x, y] = this.plot.pixel(one.x, one.y);
      if (x < 0 || y < 0 || x > stage.width || y > stage.height) continue;
      const half = one.name.length * 4.1 + 7;
      // Within the frame, above the middle or below: points that lie close together are not hidden.
      const left = Math.min(Math.max(x, half), stage.width - half);
      const tops = [y - 34, y + 10].map((top) => Math.min(Math.max(top, 0), stage.height - 24));
      const box = tops.map((top) => [left - half, top, left + half, top + 24]).find(free);
      if (box) taken.push(box), found.push(this.lay(h("span", { dir: "auto", style: { margin: `${box[1] + 12 - y}px 0 0 ${left - x}px` } }, one.name), one.x, one.y));
    }
    put(this.names, found);
  }

  look_near = later(120, async () => {
    const near = this.plot.visible(THUMBS + 1);
    if (near.length > THUMBS || near.length === this.ids.length) return put(this.thumbs);
    await this.learn(near.map((one) => this.ids[one])).catch(() => {});
    put(this.thumbs, near.map((one) => {
      const item = this.items.get(this.ids[one]);
      if (!item) return null;
      const title = titleOf(item, this.role);
      const thumb = h("button", { type: "button", class: "thumb", title, "aria-label": title, onclick: () => this.look(item) }, photo(item, 120));
      return this.lay(thumb, this.plot.xy[2 * one], this.plot.xy[2 * one + 1]);
    }));
  });
}

function dot(colour) {
  return h("i", { class: "dot", style: { background: colour } });
}
