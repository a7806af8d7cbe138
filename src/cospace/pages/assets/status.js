// What is indexed, what failed and why, whose space it is, what is being written, and the limits.

import { get, route } from "./api.js";
import { h, put } from "./dom.js";
import { reason, say, trouble } from "./told.js";
import { germanLimit } from "./limits.js";
import { german } from "./reasons.js";
import { counted, kind, language, learn, number, t } from "./words.js";

learn({
  indexed: ["Indexed", "Erfasst"],
  exact: ["All of them are searched, exactly: so few need no index.", "Alle werden durchsucht, und zwar genau: so wenige brauchen keinen Index."],
  waiting: ["Searched one by one, until the next build of the index: {n}.", "Einzeln durchsucht, bis der Index neu gebaut wird: {n}."],
  all_in: ["Everything stored is in the index.", "Alles Gespeicherte ist im Index."],
  vectors: ["vectors: {n}", "Vektoren: {n}"],
  failures: ["Failed", "Fehlgeschlagen"],
  failures_none: ["Nothing failed.", "Nichts ist fehlgeschlagen."],
  failures_lost: ["{n} could not be stored.", "{n} ließen sich nicht speichern."],
  failures_part: ["{n} stored without a part that failed.", "{n} gespeichert ohne einen Teil, der fehlschlug."],
  reason: ["Reason", "Grund"],
  kept_without: ["stored without this part", "ohne diesen Teil gespeichert"],
  not_stored: ["not stored", "nicht gespeichert"],
  retry: ["Try the missing parts again", "Fehlende Teile noch einmal versuchen"],
  retried: ["Tried again: {done} mended, {failed} still fail.", "Noch einmal versucht: {done} behoben, {failed} schlagen noch fehl."],
  space: ["The space", "Der Raum"],
  model: ["Model", "Modell"],
  fingerprint: ["Fingerprint", "Fingerabdruck"],
  dim: ["Dimensions", "Dimensionen"],
  kinds: ["Kinds", "Arten"],
  metric: ["Metric", "Maß"],
  engine: ["Index", "Index"],
  size: ["On disk", "Auf der Platte"],
  text_language: ["Language of the texts", "Sprache der Texte"],
  writing: ["Being written", "Wird geschrieben"],
  written: ["{done} of {total} rows, {rate} a second", "{done} von {total} Zeilen, {rate} pro Sekunde"],
  written_last: ["Last: {done} rows in {seconds} s.", "Zuletzt: {done} Zeilen in {seconds} s."],
  idle: ["Nothing is being written.", "Es wird nichts geschrieben."],
  read_only: ["This server only reads.", "Dieser Server liest nur."],
  limits: ["Limits", "Grenzen"],
  limits_all: ["Show all {n}", "Alle {n} zeigen"],
  what: ["What", "Was"],
  fields: ["Fields of the items", "Felder der Einträge"],
  type_string: ["text", "Text"],
  type_number: ["number", "Zahl"],
  type_bool: ["yes or no", "ja oder nein"],
  type_location: ["place", "Ort"],
});

const TYPES = ["string", "number", "bool", "location"];
const FAST = 700;
const SLOW = 5000;

/** Build the page in `main`; gives what ends it. */
export async function show(main, name) {
  let polling = 0;
  let failures = 0;
  let ended = false;
  const live = h("section", { class: "panel", "aria-labelledby": "live" });
  const body = h("div", { class: "panels" });
  put(main, h("h1", {}, name), live, body);

  const draw = (now) => {
    const { ingest } = now;
    put(live, h("h2", { id: "live" }, t("writing")),
      ingest.running
        ? [h("progress", { max: String(Math.max(1, ingest.total)), value: ingest.done, "aria-labelledby": "live" }),
           h("p", {}, t("written", { done: number(ingest.done), total: number(ingest.total), rate: number(ingest.per_second, 1) }))]
        : h("p", { class: "soft" }, now.read_only ? t("read_only") : t("idle"), ingest.done ? ` ${t("written_last", { done: number(ingest.done), seconds: number(ingest.seconds, 1) })}` : ""));
    put(body, indexed(now), failed(now, name, refresh), space(now), fields(now), limits(now));
  };
  const refresh = async () => {
    clearTimeout(polling);
    let wait = SLOW;
    try {
      const now = await get(route(name, "/status?limit=50"));
      failures = 0;
      // What is open or focused stays: a page that has not changed is not drawn again.
      const seen = JSON.stringify({ ...now, ingest: now.ingest.running ? now.ingest : now.ingest.done });
      if (seen !== refresh.seen) draw(now);
      refresh.seen = seen;
      if (now.ingest.running) wait = FAST;
    } catch (error) {
      failures += 1;
      if (failures === 1) put(live, trouble(error, refresh));
    }
    if (!ended) polling = setTimeout(refresh, wait);
  };
  await refresh();
  return () => {
    ended = true;
    clearTimeout(polling);
  };
}

function panel(id, title, ...inside) {
  return h("section", { class: "panel", "aria-labelledby": id }, h("h2", { id }, title), inside);
}

function indexed(now) {
  return panel("indexed", t("indexed"),
    h("p", { class: "large" }, counted(now.items)),
    h("dl", {}, Object.entries(now.indexed).map(([name, one]) => [h("dt", {}, kind(name)), h("dd", {}, `${counted(one.items)}, ${t("vectors", { n: number(one.vectors) })}`)])),
    h("p", { class: "soft" }, now.exact ? (now.items ? t("exact") : "") : now.waiting > 0 ? t("waiting", { n: number(now.waiting) }) : t("all_in")));
}

function failed(now, name, refresh) {
  const found = now.failed;
  if (!found.not_stored && !found.without_a_part) return panel("failed", t("failures"), h("p", { class: "soft" }, t("failures_none")));
  const rows = h("tbody", {}, found.items.map(line));
  let next = found.next_offset;
  const more = h("button", { type: "button", class: "link", hidden: next === null, onclick: async () => {
    const page = (await get(route(name, `/status?limit=200&offset=${next}`))).failed;
    rows.append(...page.items.map(line));
    next = page.next_offset;
    more.hidden = next === null;
  } }, t("more"));
  const retry = h("button", { type: "button", class: "small", onclick: async () => {
    retry.disabled = true;
    try {
      const report = await get(route(name, "/retry"), { method: "POST" });
      say(t("retried", { done: number(report.cured), failed: number(report.still.length) }));
      await refresh();
    } catch (error) {
      say(reason(error));
    }
    retry.disabled = false;
  } }, t("retry"));
  return panel("failed", t("failures"),
    found.not_stored ? h("p", {}, t("failures_lost", { n: counted(found.not_stored) })) : null,
    found.without_a_part ? h("p", {}, t("failures_part", { n: counted(found.without_a_part) })) : null,
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "failed" },
      h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "id"), h("th", { scope: "col" }, t("reason")), h("th", { scope: "col" }, ""))), rows)),
    more, found.without_a_part && !now.read_only ? retry : null);
}

/** A sentence of the server: in German where it is known, or in its own words. */
function told(tag, given, translated, english) {
  const own = language() === "de" && translated;
  return h(tag, { ...given, lang: own ? null : "en" }, own || english);
}

function line(one) {
  return h("tr", {}, h("td", { class: "id", dir: "auto" }, one.id), told("td", { dir: "auto" }, german(one.reason), one.reason), h("td", { class: "soft" }, t(one.stored ? "kept_without" : "not_stored")));
}

function space(now) {
  const own = now.space;
  const rows = own ? [["model", own.name], ["fingerprint", own.fingerprint], ["dim", number(own.dim)], ["kinds", own.kinds.map(kind).join(", ")], ["metric", own.metric]] : [];
  rows.push(["engine", [now.engine, now.quantization].filter(Boolean).join(", ")], ["text_language", now.language ?? "–"], ["size", `${number(now.bytes / 1e6, 1)} MB`]);
  return panel("space", t("space"), h("dl", {}, rows.map(([name, value]) => [h("dt", {}, t(name)), h("dd", {}, h(name === "fingerprint" ? "code" : "span", {}, String(value)))])));
}

function fields(now) {
  return panel("fields", t("fields"), h("dl", {}, Object.entries(now.metadata).map(([name, type]) => [h("dt", { dir: "auto" }, name), h("dd", {}, TYPES.includes(type) ? t(`type_${type}`) : type)])));
}

function limits(now) {
  return panel("limits", t("limits"), h("details", {}, h("summary", {}, t("limits_all", { n: number(now.limits.length) })),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-labelledby": "limits" },
      h("table", {}, h("tbody", {}, now.limits.map(bound))))));
}

function bound(one) {
  const found = germanLimit(one);
  const unit = (language() === "de" && found.unit) || one.unit;
  return h("tr", {},
    told("th", { scope: "row" }, found.title, one.name.replaceAll("_", " ")),
    h("td", {}, `${number(one.value)} ${unit}`),
    told("td", { class: "soft" }, found.help, one.help));
}
