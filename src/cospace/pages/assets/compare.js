// One question asked in several ways side by side; each item's move drawn; judged with keys 0 to 3.

import { get, Latest, route } from "./api.js";
import { detail, photo, roles, titleOf } from "./cards.js";
import { button, h, icon, later, put, s } from "./dom.js";
import { reason, say, trouble } from "./told.js";
import { kind, learn, number, t } from "./words.js";

learn({
  ways: ["Ways of asking", "Arten zu fragen"],
  way: ["Way {n}", "Art {n}"],
  by_all: ["as it is set", "wie eingestellt"],
  by_one: ["{list} alone", "nur {list}"],
  by_rerank: ["reranked by {name}", "neu geordnet von {name}"],
  by_typed: ["as typed, no spelling help", "wie getippt, ohne Korrektur"],
  add_way: ["Add a way", "Art hinzufügen"],
  compare_help: [
    "Ask something. Each column ranks the same items in its own way, and lines show where each item moves.",
    "Stellen Sie eine Frage. Jede Spalte ordnet dieselben Einträge auf ihre Art; Linien zeigen, wohin jeder rückt.",
  ],
  judge_help: [
    "Judge what you see: choose an item and press 0 (wrong), 1, 2 or 3 (perfect). Your judgments are kept with the collection, for cospace tune and cospace evaluate.",
    "Beurteilen Sie, was Sie sehen: Eintrag wählen und 0 (falsch), 1, 2 oder 3 (genau richtig) drücken. Die Urteile bleiben bei der Sammlung, für cospace tune und cospace evaluate.",
  ],
  judged: ["Judged {grade}: {title}", "Mit {grade} beurteilt: {title}"],
  judge: ["Judge {title}: {grade} of 3", "{title} beurteilen: {grade} von 3"],
  judged_so_far: ["{n} judged here", "{n} hier beurteilt"],
  judged_none: ["Nothing judged yet.", "Noch nichts beurteilt."],
  ndcg: ["nDCG@10 {value}, {n} of 10 judged", "nDCG@10 {value}, {n} von 10 beurteilt"],
  up: ["up {n}", "{n} höher"],
  down: ["down {n}", "{n} tiefer"],
  same: ["same place", "gleicher Platz"],
  fresh: ["not in the column before", "nicht in der Spalte davor"],
});

const DEEP = 20;
const MOST = 4; // columns that can be read side by side

/** Build the page in `main`; gives what ends it. */
export async function show(main, name, about) {
  const page = new Page(main, name, about);
  await page.start();
  return () => page.end();
}

class Page {
  #latest = new Latest();
  #watch = new ResizeObserver(() => this.lines());

  constructor(main, name, about) {
    const given = new URLSearchParams(location.search);
    Object.assign(this, { main, name, about, role: roles(about.metadata), grades: new Map(), own: new Map(), found: [] });
    this.query = given.get("q") ?? "";
    this.ways = given.getAll("way");
  }

  end() {
    this.#latest.stop();
    this.#watch.disconnect();
  }

  async start() {
    const { collections, rerankers } = await get("/collections");
    this.choices = this.#choices(collections, rerankers);
    this.ways = this.ways.filter((one) => this.choices.has(one)).slice(0, MOST);
    if (this.ways.length < 2) this.ways = [...this.choices.keys()].slice(0, 2);
    this.build();
    await this.ask();
    if (!this.query) this.box.focus();
  }

  /** Every way of asking by a short key: which collection, and what is sent beside the question. */
  #choices(collections, rerankers) {
    const found = new Map();
    const own = collections.filter((one) => one.name === this.name);
    for (const one of [...own, ...collections.filter((other) => other.name !== this.name)]) {
      const put = (key, label, more) => found.set(`${one.name}/${key}`, { collection: one.name, label, more, model: one.model });
      put("", t("by_all"), {});
      for (const list of [...Object.keys(one.vectors), "words"]) put(list, t("by_one", { list: kind(list) }), { by: [list] });
      for (const ranker of rerankers) put(`rerank ${ranker}`, t("by_rerank", { name: ranker }), { rerank: ranker });
      put("typed", t("by_typed"), { spelling: false });
    }
    return found;
  }

  build() {
    this.box = h("input", { type: "search", dir: "auto", id: "q", value: this.query, autocomplete: "off", maxlength: "2000", "aria-label": t("describe"), placeholder: t("describe"),
      oninput: later(60, () => { this.query = this.box.value; this.ask(); }) });
    this.note = h("div", { class: "note" });
    this.lists = h("div", { class: "ways" });
    this.wires = s("svg", { class: "wires", "aria-hidden": "true" });
    this.board = h("div", { class: "board" }, this.wires, this.lists);
    this.count = h("p", { class: "soft", role: "status" }, t("judged_none"));
    put(this.main, h("h1", { class: "unseen" }, `${t("compare")}: ${this.name}`),
      h("form", { class: "ask", role: "search", onsubmit: (event) => event.preventDefault() }, h("div", { class: "box" }, icon("search"), this.box)),
      h("p", { class: "soft middle" }, t("judge_help")), h("div", { class: "bar" }, this.count,
        h("div", { class: "end" }, (this.more = h("button", { type: "button", class: "small", onclick: () => this.add() }, icon("plus"), t("add_way"))))),
      this.note, this.board);
    this.board.addEventListener("keydown", (event) => this.keys(event));
    this.#watch.observe(this.board);
  }

  add() {
    this.ways.push([...this.choices.keys()].find((one) => !this.ways.includes(one)) ?? this.ways[0]);
    this.ask();
  }

  async ask() {
    const given = new URLSearchParams();
    if (this.query) given.set("q", this.query);
    this.ways.forEach((one) => given.append("way", one));
    history.replaceState(null, "", `${location.pathname}?${given}`);
    const query = this.query.trim();
    if (!query) { this.#latest.stop(); this.found = this.ways.map(() => []); put(this.note, h("p", { class: "middle" }, t("compare_help"))); return this.draw(); }
    try {
      const answer = await this.#latest.run(async (signal) => {
        const judged = get(route(this.name, "/judgments"), { signal }).catch(() => ({ judgments: [] }));
        const found = await Promise.all(this.ways.map((key) => {
          const { collection, more } = this.choices.get(key);
          return get(route(collection, "/search"), { body: { query, k: DEEP, ...more }, signal }).then(({ hits }) => hits, (error) => { if (error.name === "AbortError") throw error; return error; });
        }));
        return { found, judged: await judged };
      });
      if (!answer) return;
      this.found = answer.found.found;
      const kept = answer.found.judged.judgments.filter((one) => one.query === query).map((one) => [one.id, one.grade]);
      // What was judged here while the answer was on its way is newer than what it says.
      this.grades = new Map([...kept, ...(this.own.get(query) ?? [])]);
      put(this.note);
      this.draw();
    } catch (error) {
      put(this.note, trouble(error, () => this.ask()));
    }
  }

  // What is drawn

  draw() {
    const held = document.activeElement?.closest?.(".hit");
    const way = held ? [...this.lists.children].indexOf(held.closest(".way")) : -1;
    this.more.disabled = this.ways.length >= MOST;
    put(this.lists, this.ways.map((key, at) => this.column(key, at)));
    if (held) [...(this.lists.children[way]?.querySelectorAll(".hit") ?? [])].find((row) => row.dataset.id === held.dataset.id)?.querySelector(".entry").focus();
    this.graded();
    this.lines();
  }

  column(key, at) {
    const hits = this.found[at] ?? [];
    const choose = h("select", { "aria-label": t("way", { n: at + 1 }), onchange: () => { this.ways[at] = choose.value; this.ask(); } },
      [...this.choices].map(([one, { collection, label, model }]) => h("option", { value: one, selected: one === key }, `${collection} (${model ?? "?"}): ${label}`)));
    const before = at ? this.found[at - 1] : null;
    const ranks = Array.isArray(before) ? new Map(before.map((one, rank) => [one.id, rank])) : null;
    return h("section", { class: "way", "aria-label": t("way", { n: at + 1 }) },
      h("div", { class: "head" }, choose, this.ways.length > 2 ? button("close", t("remove", { what: t("way", { n: at + 1 }) }), () => { this.ways.splice(at, 1); this.ask(); }) : null),
      h("p", { class: "soft ndcg", "data-way": at }),
      Array.isArray(hits)
        ? h("ol", { class: "plain" }, hits.map((hit, rank) => this.row(hit, rank, ranks)))
        : trouble(hits));
  }

  row(hit, rank, ranks) {
    const title = titleOf(hit, this.role);
    const old = ranks?.get(hit.id);
    const gap = old === undefined ? null : old - rank;
    const move = ranks === null ? null
      : gap === null ? h("span", { class: "move fresh", title: t("fresh") }, "•")
      : gap === 0 ? h("span", { class: "move", title: t("same") }, "=")
      : h("span", { class: `move ${gap > 0 ? "up" : "down"}`, title: t(gap > 0 ? "up" : "down", { n: Math.abs(gap) }) }, `${gap > 0 ? "↑" : "↓"}${Math.abs(gap)}`);
    return h("li", { class: "hit", "data-id": hit.id },
      h("span", { class: "rank" }, String(rank + 1)),
      h("button", { type: "button", class: "entry", onclick: () => detail(hit, this.role) }, photo(hit, 120), h("span", { dir: "auto" }, title)),
      move,
      h("span", { class: "grades", role: "group" }, [0, 1, 2, 3].map((grade) => h("button", { type: "button", class: "grade", "data-grade": grade, "aria-pressed": "false",
        "aria-label": t("judge", { title: title.slice(0, 60), grade }), onclick: () => this.judge(hit, grade) }, String(grade)))));
  }

  graded() {
    for (const row of this.lists.querySelectorAll(".hit")) {
      const grade = this.grades.get(row.dataset.id);
      row.querySelectorAll(".grade").forEach((one) => one.setAttribute("aria-pressed", String(Number(one.dataset.grade) === grade)));
    }
    put(this.count, this.grades.size ? t("judged_so_far", { n: number(this.grades.size) }) : t("judged_none"));
    for (const place of this.lists.querySelectorAll(".ndcg")) {
      const hits = this.found[Number(place.dataset.way)] ?? [];
      const top = Array.isArray(hits) ? hits.slice(0, 10) : [];
      const known = top.filter((one) => this.grades.has(one.id)).length;
      put(place, known ? t("ndcg", { value: number(100 * ndcg(top.map((one) => this.grades.get(one.id) ?? 0), [...this.grades.values()]), 1), n: known }) : "\u00a0");
    }
  }

  async judge(hit, grade) {
    const query = this.query.trim();
    try {
      await get(route(this.name, "/judgments"), { body: { query, id: hit.id, grade } });
      this.own.set(query, new Map([...(this.own.get(query) ?? []), [hit.id, grade]]));
      if (query === this.query.trim()) this.grades.set(hit.id, grade);
      this.graded();
      say(t("judged", { grade, title: titleOf(hit, this.role).slice(0, 60) }));
    } catch (error) {
      say(reason(error));
    }
  }

  lines() {
    const box = this.board.getBoundingClientRect();
    const columns = [...this.lists.querySelectorAll(".way")];
    this.wires.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
    const found = [];
    for (let at = 1; at < columns.length; at += 1) {
      const old = new Map([...columns[at - 1].querySelectorAll(".hit")].map((row) => [row.dataset.id, row.getBoundingClientRect()]));
      for (const row of columns[at].querySelectorAll(".hit")) {
        const from = old.get(row.dataset.id);
        if (!from) continue;
        const to = row.getBoundingClientRect();
        if (to.left < from.right) continue; // columns stand one below the other on a phone
        const [x0, y0] = [from.right - box.left, from.top + from.height / 2 - box.top];
        const [x1, y1] = [to.left - box.left, to.top + to.height / 2 - box.top];
        const gap = Math.round(y0 - y1);
        found.push(s("path", { class: gap > 4 ? "up" : gap < -4 ? "down" : "same", d: `M${x0} ${y0}C${(x0 + x1) / 2} ${y0} ${(x0 + x1) / 2} ${y1} ${x1} ${y1}` }));
      }
    }
    put(this.wires, found);
  }

  /** 0 to 3 judge the item that has the focus; arrows go up, down and across. */
  keys(event) {
    const row = event.target.closest?.(".hit");
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const column = row.closest(".way");
    const rows = [...column.querySelectorAll(".hit")];
    const at = rows.indexOf(row);
    if ("0123".includes(event.key)) {
      const hit = this.found.flat().find((one) => one.id === row.dataset.id);
      event.preventDefault();
      if (hit) this.judge(hit, Number(event.key));
      return;
    }
    const columns = [...this.lists.querySelectorAll(".way")];
    const beside = (step) => columns[columns.indexOf(column) + step]?.querySelectorAll(".hit")[at];
    const next = { ArrowDown: rows[at + 1], ArrowUp: rows[at - 1], ArrowRight: beside(1), ArrowLeft: beside(-1) }[event.key];
    if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    next?.querySelector(".entry").focus();
  }
}

/** nDCG with the grades as gains, as `cospace evaluate` has it, over the judged items of a question. */
function ndcg(top, all) {
  const sum = (grades) => grades.slice(0, 10).reduce((total, grade, rank) => total + grade / Math.log2(rank + 2), 0);
  const best = sum([...all].sort((a, b) => b - a));
  return best ? sum(top) / best : 0;
}
