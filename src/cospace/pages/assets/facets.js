// The filters: values with their counts, ranges with their histogram, a place with its distance.

import { get, Latest, route } from "./api.js";
import { shown } from "./cards.js";
import { button, h, later, put, s } from "./dom.js";
import { where } from "./state.js";
import { number, t } from "./words.js";

const WIDTH = 200;
const HEIGHT = 48;

/** The panel of filters; `changed()` is called after each change of `state`. */
export class Facets {
  #latest = new Latest();

  constructor(collection, state, changed) {
    this.collection = collection;
    this.state = state;
    this.changed = changed;
    this.groups = new Map();
    this.list = h("div", { class: "groups" });
    this.clear = h("button", { type: "button", class: "link", onclick: () => this.#emptied() }, t("clear_filters"));
    this.element = h("section", { class: "facets", "aria-labelledby": "filters" },
      h("div", { class: "head" }, h("h2", { id: "filters" }, t("filters")), this.clear), this.list);
  }

  /** Ask for the counts again, for the filters as they are now. */
  async refresh() {
    this.clear.hidden = Object.keys(where(this.state)).length === 0 && !this.state.near;
    const body = { where: where(this.state) };
    if (this.state.near) body.near = this.state.near;
    const answer = await this.#latest.run((signal) => get(route(this.collection, "/facets"), { body, signal }));
    if (!answer) return null;
    const fields = answer.found.fields;
    const names = new Set(fields.map((one) => one.name));
    for (const [name, group] of this.groups) {
      if (!names.has(name)) {
        group.element.remove();
        this.groups.delete(name);
      }
    }
    for (const field of fields) {
      const old = this.groups.get(field.name);
      if (old) old.update(field);
      else {
        const group = this.#group(field);
        if (!group) continue;
        this.groups.set(field.name, group);
        this.list.append(group.element);
      }
    }
    return answer.found;
  }

  #group(field) {
    if (field.type === "category") return category(field, this.state, this.changed);
    if (field.type === "number" || field.type === "date") return range(field, this.state, this.changed);
    if (field.type === "location") return place(field, this.state, this.changed);
    return null;
  }

  #emptied() {
    this.state.fields = {};
    this.state.ranges = {};
    this.state.near = null;
    this.changed();
  }
}

function fieldset(title, ...inside) {
  return h("fieldset", {}, h("legend", { dir: "auto" }, title), inside);
}

function readable(name) {
  const text = name.replaceAll("_", " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function category(field, state, changed) {
  const list = h("ul", { class: "plain values" });
  let all = false;
  const group = {
    element: fieldset(readable(field.name), list),
    update(now) {
      const chosen = new Set(state.fields[now.name] ?? []);
      const values = [...now.values];
      for (const one of chosen) if (!values.some(({ value }) => value === one)) values.push({ value: one, count: 0 });
      const listed = all ? values : values.filter(({ value }, at) => at < 8 || chosen.has(value));
      const focused = list.contains(document.activeElement) ? document.activeElement.dataset.value : undefined;
      put(list,
        listed.map(({ value, count }) => {
          const box = h("input", { type: "checkbox", checked: chosen.has(value), "data-value": String(value), onchange: () => {
            const rest = (state.fields[now.name] ?? []).filter((one) => one !== value);
            state.fields[now.name] = box.checked ? [...rest, value] : rest;
            if (!state.fields[now.name].length) delete state.fields[now.name];
            changed();
          } });
          return h("li", {}, h("label", { class: count ? "" : "zero" }, box, h("span", { class: "value", dir: "auto" }, shown(value)), h("span", { class: "count" }, number(count))));
        }),
        listed.length < values.length
          ? h("li", {}, h("button", { type: "button", class: "link", onclick: () => { all = true; group.update(now); } }, t("others", { n: number(values.length - listed.length) })))
          : null);
      if (focused !== undefined) [...list.querySelectorAll("input")].find((box) => box.dataset.value === focused)?.focus();
    },
  };
  group.update(field);
  return group;
}

function range(field, state, changed) {
  const name = field.name;
  const bars = s("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "bars", "aria-hidden": "true", preserveAspectRatio: "none" });
  const dated = field.type === "date";
  const input = (label, at) => h("input", {
    type: dated ? "date" : "number", step: "any", max: dated ? "9999-12-30" : null, "aria-label": t(label, { field: readable(name) }), placeholder: t(at ? "to" : "from"),
    oninput: later(dated ? 400 : 250, () => take()),
  });
  const low = input("lowest", 0);
  const high = input("highest", 1);
  const take = () => {
    const read = (box) => (box.value === "" || !box.validity.valid ? null : dated ? box.value : Number(box.value));
    const pair = [read(low), read(high)];
    if (pair.every((one) => one === null)) delete state.ranges[name];
    else state.ranges[name] = pair;
    changed();
  };
  const group = {
    element: fieldset(readable(name), bars, h("div", { class: "pair" }, low, h("span", { "aria-hidden": "true" }, "–"), high)),
    update(now) {
      const [from, to] = state.ranges[name] ?? [null, null];
      for (const [box, value] of [[low, from], [high, to]]) if (document.activeElement !== box) box.value = value ?? "";
      const bins = now.bins ?? [];
      const most = Math.max(1, ...bins.map((one) => one.count));
      const wide = WIDTH / Math.max(1, bins.length);
      const inside = (one) => (from === null || one.to >= from) && (to === null || one.from <= to);
      put(bars, bins.map((one, at) => {
        const high = one.count ? Math.max(2, (HEIGHT * one.count) / most) : 0;
        return s("rect", { x: at * wide + 0.5, y: HEIGHT - high, width: Math.max(0.5, wide - 1), height: high, class: inside(one) ? "in" : "out" },
          s("title", {}, `${shown(one.from)} – ${shown(one.to)}: ${number(one.count)}`));
      }));
    },
  };
  group.update(field);
  return group;
}

function place(field, state, changed) {
  const [south, west, north, east] = boxOf(field);
  const squeeze = Math.max(0.2, Math.cos(((south + north) / 2) * Math.PI / 180));
  const wide = Math.max(0.01, (east - west) * squeeze);
  const tall = Math.max(0.01, north - south);
  const height = Math.min(260, Math.max(90, (WIDTH * tall) / wide));
  const scale = Math.min(WIDTH / wide, height / tall);
  const left = (WIDTH - wide * scale) / 2;
  const top = (height - tall * scale) / 2;
  const x = (lon) => left + (lon - west) * squeeze * scale;
  const y = (lat) => top + (north - lat) * scale;
  const dots = s("g", { class: "dots" });
  const ring = s("g", { class: "ring" });
  const map = s("svg", { viewBox: `0 0 ${WIDTH} ${height}`, class: "places", role: "application", tabindex: "0", "aria-label": t("pick_place") }, dots, ring);
  let cursor = null;
  const at = (event) => {
    const box = map.getBoundingClientRect();
    const px = ((event.clientX - box.left) / box.width) * WIDTH;
    const py = ((event.clientY - box.top) / box.height) * height;
    return { lat: north - (py - top) / scale, lon: west + (px - left) / scale / squeeze };
  };
  const choose = ({ lat, lon }) => {
    const keep = (value, most) => Number(Math.min(most, Math.max(-most, value)).toFixed(3));
    state.near = { lat: keep(lat, 90), lon: keep(lon, 180), km: Number(km.value) || 50 };
    changed();
    draw();
  };
  map.addEventListener("click", (event) => choose(at(event)));
  map.addEventListener("keydown", (event) => {
    const step = tall / 20;
    const move = { ArrowUp: [step, 0], ArrowDown: [-step, 0], ArrowLeft: [0, -step / squeeze], ArrowRight: [0, step / squeeze] }[event.key];
    cursor ??= state.near ?? { lat: (south + north) / 2, lon: (west + east) / 2 };
    if (move) cursor = { lat: cursor.lat + move[0], lon: cursor.lon + move[1] };
    else if (event.key === "Enter" || event.key === " ") choose(cursor);
    else return;
    event.preventDefault();
    draw();
  });
  const km = h("input", { type: "number", min: "0.1", step: "any", value: String(state.near?.km ?? 50), "aria-label": t("kilometres"), oninput: later(250, () => {
    const given = Number(km.value);
    if (state.near && given > 0) { state.near = { ...state.near, km: given }; changed(); draw(); }
  }) });
  const text = h("p", { class: "soft near" });
  const off = button("close", t("remove", { what: t("distance") }), () => { state.near = null; changed(); draw(); });
  const mine = h("button", { type: "button", class: "link", onclick: () => {
    const no = () => put(text, t("no_place"));
    if (!navigator.geolocation) return no();
    navigator.geolocation.getCurrentPosition((found) => choose({ lat: found.coords.latitude, lon: found.coords.longitude }), no);
  } }, t("my_place"));
  const draw = () => {
    const near = state.near;
    if (near && document.activeElement !== km) km.value = String(near.km);
    off.hidden = !near;
    put(text, near ? t("around", { km: number(near.km) }) : t("pick_place"));
    put(ring,
      near ? s("circle", { cx: x(near.lon), cy: y(near.lat), r: Math.max(3, (near.km / 111.2) * scale) }) : null,
      cursor && document.activeElement === map ? s("path", { class: "cursor", d: `M${x(cursor.lon) - 6} ${y(cursor.lat)}h12M${x(cursor.lon)} ${y(cursor.lat) - 6}v12` }) : null);
  };
  const group = {
    element: fieldset(readable(field.name), map, h("div", { class: "pair" }, h("label", {}, km, " km"), off, mine), text),
    update(now) {
      put(dots, (now.points ?? []).map(([lat, lon]) => s("circle", { cx: x(lon), cy: y(lat), r: 2 })));
      draw();
    },
  };
  group.update(field);
  return group;
}

function boxOf(field) {
  const points = field.points?.length ? field.points : [[0, 0]];
  const lats = points.map(([lat]) => lat);
  const lons = points.map(([, lon]) => lon);
  const pad = 0.3;
  return [Math.min(...lats) - pad, Math.min(...lons) - pad, Math.max(...lats) + pad, Math.max(...lons) + pad];
}
