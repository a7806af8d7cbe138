// The search page: a box for words and a picture, cards, filters, and an address to share.

import { call, get, Latest, route } from "./api.js";
import { card, detail, roles, titleOf } from "./cards.js";
import { button, h, icon, later, put, spaced } from "./dom.js";
import { Facets } from "./facets.js";
import { noted, reason, say, trouble } from "./told.js";
import { catching, dataUrl, smaller } from "./picture.js";
import { filtered, question, read, write } from "./state.js";
import { explained } from "./why.js";
import { number, t } from "./words.js";

const PAGE = 24;

/** Build the page in `main`; gives what ends it. */
export async function show(main, name, about) {
  const page = new Page(main, name, about);
  await page.start();
  return () => page.end();
}

class Page {
  #latest = new Latest();
  #ended = new AbortController();

  constructor(main, name, about) {
    this.main = main;
    this.name = name;
    this.about = about;
    this.role = roles(about.metadata);
    this.state = read(location.search, about.metadata);
    this.titles = new Map();
    this.picture = null;
    this.hits = [];
    this.build();
  }

  build() {
    this.box = h("input", {
      type: "search", id: "q", dir: "auto", autocomplete: "off", spellcheck: "false", enterkeyhint: "search", maxlength: "2000",
      "aria-label": t("describe"), placeholder: t("describe"), value: this.state.q, list: "completions",
      oninput: () => { this.state.q = this.box.value; this.state.typed = false; this.typed(); this.complete(); },
    });
    this.completions = h("datalist", { id: "completions" });
    const file = h("input", { type: "file", accept: "image/*", hidden: true, tabindex: "-1", "aria-hidden": "true", onchange: () => {
      if (file.files[0]) this.take(file.files[0]);
      file.value = "";
    } });
    const form = h("form", { class: "ask", role: "search", onsubmit: (event) => { event.preventDefault(); this.changed(); this.box.blur(); } },
      h("div", { class: "box" }, icon("search"), this.box, h("span", { class: "hint", "aria-hidden": "true" }, t("drop_here")), this.completions, file, button("picture", t("add_picture"), () => file.click())),
      (this.chips = h("div", { class: "chips" })));
    this.count = h("p", { class: "soft", id: "count", role: "status" });
    this.order = h("select", { id: "sort", onchange: () => { this.state.sort = this.order.value; this.changed(); } });
    this.note = h("div", { class: "note" });
    this.cards = h("ul", { class: "cards plain" });
    this.more = h("button", { type: "button", class: "main more", hidden: true, onclick: () => this.next() }, t("more"));
    this.results = h("section", { id: "results", tabindex: "-1", "aria-label": t("results") },
      h("div", { class: "bar" }, this.count,
        h("div", { class: "end" },
          (this.filters = h("button", { type: "button", class: "small narrow-only", "aria-expanded": "false", onclick: () => this.panel() }, icon("filter"), t("filters"))),
          h("label", { for: "sort" }, t("sort")), this.order,
          button("share", t("share"), () => this.share()))),
      this.note, this.cards, this.more);
    this.facets = new Facets(this.name, this.state, () => this.changed());
    this.facets.element.append(h("button", { type: "button", class: "main narrow-only", onclick: () => { this.panel(); this.results.focus(); } }, t("show_results")));
    this.body = h("div", { class: "columns" }, this.facets.element, this.results);
    put(this.main, h("h1", { class: "unseen" }, `${t("search")}: ${this.name}`), form, this.body);
  }

  async start() {
    const signal = this.#ended.signal;
    catching(document.documentElement, (one) => this.take(one), signal);
    addEventListener("popstate", () => this.back(), { signal });
    this.main.addEventListener("keydown", (event) => this.keys(event), { signal });
    addEventListener("keydown", (event) => {
      if (event.key === "/" && !event.target.closest?.("input, select, textarea, dialog")) { event.preventDefault(); this.box.focus(); }
    }, { signal });
    this.drawChips();
    this.sorts([]);
    const refreshed = this.refreshFacets();
    if (this.state.like || this.state.unlike.length) await this.learnTitles();
    await Promise.all([this.search(), refreshed]);
    if (matchMedia("(pointer: fine)").matches) this.box.focus({ preventScroll: true });
  }

  end() {
    this.#ended.abort();
    this.#latest.stop();
    if (this.picture) URL.revokeObjectURL(this.picture.shown);
  }

  // What changes the search

  typed = spaced(50, () => {
    history.replaceState(null, "", location.pathname + write(this.state));
    if (Boolean(this.slider) !== this.mixed()) this.drawChips();
    this.search();
  });

  /** Whether there is something to weigh words against. */
  mixed() {
    return Boolean((this.picture || this.state.like) && this.state.q.trim());
  }

  complete = later(150, async () => {
    const text = this.box.value.trim();
    if (text.length < 2) return put(this.completions);
    try {
      const { completions } = await get(route(this.name, `/complete?text=${encodeURIComponent(text)}`));
      put(this.completions, completions.map((one) => h("option", { value: one })));
    } catch {
      put(this.completions); // a help that is missing is no trouble
    }
  });

  changed() {
    if (this.state.sort === "distance" && !this.state.near) this.state.sort = this.order.value = "";
    const address = location.pathname + write(this.state);
    if (address !== location.pathname + location.search) history.pushState(null, "", address);
    this.drawChips();
    this.refreshFacets();
    return this.search();
  }

  back() {
    Object.assign(this.state, read(location.search, this.about.metadata));
    this.box.value = this.state.q;
    // A box that is being typed into is left alone; this one is to say what holds now.
    if (this.facets.element.contains(document.activeElement)) document.activeElement.blur();
    this.drawChips();
    this.refreshFacets();
    this.search();
  }

  async take(file) {
    let blob;
    try {
      blob = await smaller(file);
    } catch {
      return say(t("not_a_picture"));
    }
    if (this.picture) URL.revokeObjectURL(this.picture.shown);
    this.picture = { blob, shown: URL.createObjectURL(blob) };
    this.state.like = "";
    this.changed();
  }

  like(item) {
    this.drop();
    this.titles.set(item.id, titleOf(item, this.role));
    this.state.like = item.id;
    this.state.unlike = this.state.unlike.filter((id) => id !== item.id);
    this.state.q = this.box.value = "";
    this.changed();
    scrollTo({ top: 0 });
  }

  unlike(item) {
    this.titles.set(item.id, titleOf(item, this.role));
    if (this.state.like === item.id) this.state.like = "";
    this.state.unlike = [...new Set([...this.state.unlike, item.id])];
    this.changed();
  }

  drop() {
    if (this.picture) URL.revokeObjectURL(this.picture.shown);
    this.picture = null;
  }

  // What is asked

  ask(offset, signal, k = PAGE) {
    const body = question(this.state, { k, offset, picture: this.picture !== null });
    const path = route(this.name, "/search");
    if (!this.picture) return get(path, { body, signal });
    const form = new FormData();
    form.set("request", JSON.stringify(body));
    form.set("image", this.picture.blob, "picture.jpg");
    return call(path, { form, signal }).then((answer) => answer.json());
  }

  async search() {
    this.results.setAttribute("aria-busy", "true");
    try {
      const answer = await this.#latest.run((signal) => this.ask(0, signal));
      if (!answer) return;
      this.hits = answer.found.hits;
      this.nextAt = answer.found.next_offset;
      this.draw(answer.found);
    } catch (error) {
      this.hits = [];
      put(this.cards);
      put(this.count);
      this.more.hidden = true;
      put(this.note, trouble(error, () => this.search()));
    }
    this.results.removeAttribute("aria-busy");
  }

  async next() {
    try {
      const answer = await this.#latest.run((signal) => this.ask(this.nextAt, signal));
      if (!answer) return;
      const first = this.hits.length;
      this.hits.push(...answer.found.hits);
      this.nextAt = answer.found.next_offset;
      this.cards.append(...answer.found.hits.map((one) => this.card(one)));
      this.counted();
      this.cards.children[first]?.querySelector(".title").focus();
    } catch (error) {
      say(reason(error));
    }
  }

  async refreshFacets() {
    try {
      const found = await this.facets.refresh();
      if (!found) return;
      this.total = found.items;
      this.sorts(found.fields);
      this.counted();
    } catch (error) {
      console.warn(error.message);
    }
  }

  // What is drawn

  draw(found) {
    put(this.cards, this.hits.map((one) => this.card(one)));
    put(this.note, this.meant(found), this.hits.length ? noted(found, { sorted_few: (note) => this.few(note) }) : this.nothing());
    this.of = found.total;
    this.counted();
  }

  /** That only the best matches are sorted, and the two ways to the others. */
  few({ sorted: n, total }) {
    const way = (name, task) => h("button", { type: "button", class: "link", onclick: () => { task(); this.changed(); } }, t(name));
    return h("p", { class: "meant" }, t("sorted_few", { n: number(n), of: number(total) }), " ", t("others_too"), " ",
      way("others_best", () => { this.state.sort = this.order.value = ""; }), " · ",
      way("others_sorted", () => { this.drop(); Object.assign(this.state, { q: "", like: "", unlike: [], typed: false }); this.box.value = ""; }));
  }

  counted() {
    this.more.hidden = this.nextAt === null || this.nextAt === undefined || !this.hits.length;
    const n = number(this.hits.length);
    const of = this.of ?? this.total; // what a question is like is not among what it finds
    put(this.count, !this.hits.length ? "" : of === undefined ? t("found", { n }) : t("found_of", { n, of: number(of) }));
  }

  meant(found) {
    const given = found.did_you_mean;
    if (!given) return null;
    const text = h("b", { dir: "auto" }, given.text);
    const choose = (q, typed) => () => { this.state.q = this.box.value = q; this.state.typed = typed; this.changed(); };
    const parts = (key) => t(key, { text: "\n" }).split("\n");
    const [before, after] = parts(given.used ? "shown_for" : "did_you_mean");
    if (!given.used) return h("p", { class: "meant" }, before, h("button", { type: "button", class: "link", onclick: choose(given.text, false) }, text), after);
    const [first, last] = parts("as_typed");
    return h("p", { class: "meant" }, before, text, after, " ",
      h("button", { type: "button", class: "link", onclick: choose(this.state.q, true) }, first, h("span", { dir: "auto" }, this.state.q), last));
  }

  nothing() {
    const what = filtered(this.state)
      ? [h("h2", {}, t("none")), h("p", {}, t("none_help")), h("button", { type: "button", class: "main", onclick: () => this.facets.clear.click() }, t("clear_filters"))]
      : [h("h2", {}, t("empty")), h("p", {}, t("empty_help"))];
    return h("section", { class: "trouble" }, what);
  }

  card(item) {
    const asked = this.state.q.trim() || this.state.like || this.picture;
    return card(item, this.role, {
      open: (one) => this.open(one),
      like: (one) => this.like(one),
      unlike: asked ? (one) => this.unlike(one) : null,
      why: asked ? (one) => this.open(one, true) : null,
    });
  }

  open(item, why = false) {
    const place = h("div", { class: "explained" });
    const act = (label, task) => h("button", { type: "button", class: "small", onclick: () => { dialog.close(); task(item); } }, label);
    const more = h("div", { class: "pair" }, act(t("like_this"), (one) => this.like(one)), act(t("unlike_this"), (one) => this.unlike(one)));
    const dialog = detail(item, this.role, more, why ? place : null);
    if (why) this.explain(place, dialog, item);
  }

  async explain(place, dialog, item) {
    const body = question(this.state, { k: 1, picture: this.picture !== null });
    if (this.picture) body.image = await dataUrl(this.picture.blob);
    if (body.query || body.like || body.image) await explained(place, dialog, this.name, item, body);
  }

  drawChips() {
    const { state } = this;
    const chip = (text, picture, off) => h("span", { class: "chip" }, picture, h("span", { class: "value", dir: "auto" }, text), button("close", t("remove", { what: text }), off));
    const found = [];
    if (this.picture) {
      found.push(chip(t("your_picture"), h("img", { src: this.picture.shown, alt: "" }), () => { this.drop(); this.changed(); }));
    } else if (state.like) {
      found.push(chip(t("searching_like", { title: this.titles.get(state.like) ?? state.like }), null, () => { state.like = ""; this.changed(); }));
    }
    this.slider = null;
    if (this.mixed()) {
      const slider = this.slider = h("input", { type: "range", min: "0", max: "1", step: "0.05", value: String(state.weight), "aria-label": t("words_or_picture"), oninput: later(60, () => {
        state.weight = Number(slider.value);
        history.replaceState(null, "", location.pathname + write(state));
        this.search();
      }) });
      found.push(h("span", { class: "between" }, t("words"), slider, t("picture")));
    }
    for (const id of state.unlike) {
      found.push(chip(t("not_like", { title: this.titles.get(id) ?? id }), null, () => { state.unlike = state.unlike.filter((one) => one !== id); this.changed(); }));
    }
    put(this.chips, found);
  }

  sorts(fields) {
    const { state, role } = this;
    const dated = fields.find((one) => one.type === "date")?.name;
    const given = [["", t("best")]];
    if (role.price) given.push([role.price, t("cheapest", { field: role.price })], [`-${role.price}`, t("dearest", { field: role.price })]);
    if (dated) given.push([`-${dated}`, t("newest")]);
    if (state.near) given.push(["distance", t("nearest")]);
    if (state.sort && !given.some(([value]) => value === state.sort)) given.push([state.sort, state.sort]);
    put(this.order, given.map(([value, text]) => h("option", { value, selected: value === state.sort }, text)));
    this.order.value = state.sort;
  }

  async learnTitles() {
    const ids = [...new Set([this.state.like, ...this.state.unlike].filter(Boolean))];
    const { items } = await get(route(this.name, "/items/get"), { body: { ids } }).catch(() => ({ items: [] }));
    items.forEach((one) => one && this.titles.set(one.id, titleOf({ ...one, metadata: one.metadata ?? {} }, this.role)));
    this.drawChips();
  }

  panel() {
    const open = this.body.classList.toggle("filtering");
    this.filters.setAttribute("aria-expanded", String(open));
    if (open) this.facets.element.querySelector("input, button")?.focus();
  }

  async share() {
    try {
      await navigator.clipboard.writeText(location.href);
      say(t(this.picture ? "share_picture" : "shared"));
    } catch {
      say(t("share_by_hand"));
    }
  }

  /** Arrow keys go from card to card, and up from the first row to the box. */
  keys(event) {
    const current = event.target.closest?.(".card");
    if (!current || !event.key.startsWith("Arrow")) return;
    const cards = [...this.cards.children];
    const top = (one) => one.getBoundingClientRect().top;
    const wide = cards.filter((one) => Math.abs(top(one) - top(cards[0])) < 4).length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: wide, ArrowUp: -wide }[event.key];
    const next = cards[cards.indexOf(current) + step];
    event.preventDefault();
    if (next) next.querySelector(".title").focus();
    else if (step < 0) this.box.focus();
  }
}
