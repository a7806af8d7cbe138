// The texts of the pages in English and German. What items say is never translated.

const TEXTS = {
  search: ["Search", "Suche"],
  map: ["Map", "Karte"],
  compare: ["Compare", "Vergleich"],
  status: ["Status", "Zustand"],
  collections: ["Collections", "Sammlungen"],
  no_collections: [
    "This server has no collection. Start it with one: cospace serve market.cospace",
    "Dieser Server hat keine Sammlung. Starten Sie ihn mit einer: cospace serve market.cospace",
  ],
  items: ["{n} items", "{n} Einträge"],
  item: ["1 item", "1 Eintrag"],
  theme: ["Light or dark", "Hell oder dunkel"],
  language: ["Deutsch", "English"],
  skip: ["Skip to the results", "Zu den Ergebnissen springen"],
  describe: ["Describe what you are looking for", "Beschreiben Sie, was Sie suchen"],
  add_picture: ["Search with a picture", "Mit einem Bild suchen"],
  drop_here: ["Drop the picture anywhere", "Bild irgendwo hier ablegen"],
  your_picture: ["Your picture", "Ihr Bild"],
  words_or_picture: ["Words or picture", "Wörter oder Bild"],
  words: ["words", "Wörter"],
  picture: ["picture", "Bild"],
  picture_of: ["Picture {n}", "Bild {n}"],
  like_this: ["More like this", "Mehr davon"],
  unlike_this: ["Not like this", "Nicht so etwas"],
  why: ["Why was this found?", "Warum wurde das gefunden?"],
  searching_like: ["More like: {title}", "Mehr wie: {title}"],
  not_like: ["Not like: {title}", "Nicht wie: {title}"],
  remove: ["Remove {what}", "{what} entfernen"],
  filters: ["Filters", "Filter"],
  clear_filters: ["Clear all filters", "Alle Filter löschen"],
  show_results: ["Show results", "Ergebnisse zeigen"],
  from: ["from", "von"],
  to: ["to", "bis"],
  lowest: ["{field}, from", "{field}, von"],
  highest: ["{field}, up to", "{field}, bis"],
  distance: ["Distance", "Entfernung"],
  around: ["Within {km} km of this place", "Im Umkreis von {km} km um diesen Ort"],
  kilometres: ["Kilometres", "Kilometer"],
  pick_place: [
    "Choose a place: click, or move with the arrow keys and press Enter",
    "Ort wählen: klicken, oder mit den Pfeiltasten bewegen und Eingabe drücken",
  ],
  my_place: ["Use my place", "Meinen Ort verwenden"],
  no_place: ["Your browser does not tell where you are.", "Ihr Browser verrät nicht, wo Sie sind."],
  sort: ["Sort by", "Sortieren nach"],
  best: ["Best match", "Beste Treffer"],
  cheapest: ["Lowest {field}", "{field} aufsteigend"],
  dearest: ["Highest {field}", "{field} absteigend"],
  newest: ["Newest", "Neueste"],
  nearest: ["Nearest", "Am nächsten"],
  share: ["Copy the link of this search", "Link dieser Suche kopieren"],
  shared: ["The link is copied.", "Der Link ist kopiert."],
  share_picture: [
    "The link is copied. Your picture is not part of it.",
    "Der Link ist kopiert. Ihr Bild gehört nicht dazu.",
  ],
  share_by_hand: ["Copy the address of this page.", "Kopieren Sie die Adresse dieser Seite."],
  more: ["Show more", "Mehr zeigen"],
  found: ["{n} shown", "{n} gezeigt"],
  found_of: ["{n} of {of} shown", "{n} von {of} gezeigt"],
  sorted_few: ["Only what matches well is sorted: {n} of {of}.", "Sortiert ist nur, was gut passt: {n} von {of}."],
  others_too: ["Show the others too:", "Auch die übrigen zeigen:"],
  others_best: ["best match first", "beste Treffer zuerst"],
  others_sorted: ["all in this order, without the question", "alle so sortiert, ohne die Frage"],
  none: ["Nothing matches these filters.", "Zu diesen Filtern gibt es nichts."],
  none_help: [
    "A search by meaning always has a nearest item, so it is the filters that leave nothing.",
    "Eine Suche nach Bedeutung findet immer ein Nächstes: hier lassen die Filter nichts übrig.",
  ],
  empty: ["This collection is empty.", "Diese Sammlung ist leer."],
  empty_help: ["Add items: cospace index listings.csv", "Einträge hinzufügen: cospace index listings.csv"],
  away: ["The server does not answer.", "Der Server antwortet nicht."],
  away_help: ["Is it still running? Your search is kept.", "Läuft er noch? Ihre Suche bleibt erhalten."],
  busy: ["The server is busy.", "Der Server ist ausgelastet."],
  failed: ["That did not work.", "Das hat nicht geklappt."],
  again: ["Try again", "Noch einmal"],
  did_you_mean: ["Did you mean {text}?", "Meinten Sie {text}?"],
  shown_for: ["Results for {text}.", "Ergebnisse für {text}."],
  as_typed: ["Search for {text} as typed", "Genau nach {text} suchen"],
  close: ["Close", "Schließen"],
  no_photo: ["no photo", "kein Foto"],
  km: ["{km} km away", "{km} km entfernt"],
  not_a_picture: ["This file is not a picture that can be read here.", "Diese Datei ist kein Bild, das hier lesbar ist."],
  why_words: [
    "Marked: words without which the item would match less.",
    "Markiert: Wörter, ohne die der Eintrag schlechter passte.",
  ],
  why_region: [
    "Bright: parts of the picture without which it would match less.",
    "Hell: Teile des Bildes, ohne die es schlechter passte.",
  ],
  why_none: ["Nothing single in it decides; the whole is near.", "Nichts Einzelnes entscheidet; das Ganze ist nahe."],
  yes: ["yes", "ja"],
  no: ["no", "nein"],
  locked: ["This server is locked", "Dieser Server ist geschützt"],
  token: ["Token", "Zugangswort"],
  token_help: ["Ask whoever runs the server for it.", "Fragen Sie, wer den Server betreibt."],
  token_wrong: ["This token is wrong.", "Dieses Zugangswort ist falsch."],
  enter: ["Enter", "Eintreten"],
  others: ["{n} more", "{n} weitere"],
  results: ["Results", "Ergebnisse"],
};

let german = false;

/** Choose the language: "de" or "en". */
export function speak(language) {
  german = language === "de";
  document.documentElement.lang = german ? "de" : "en";
}

/** The language that was chosen before, or else the browser's. */
export function preferred() {
  return remembered("language") ?? ((navigator.language || "en").toLowerCase().startsWith("de") ? "de" : "en");
}

/** Which language is spoken. */
export function language() {
  return german ? "de" : "en";
}

/** More texts, of one page. */
export function learn(more) {
  Object.assign(TEXTS, more);
}

/** A text in the chosen language, with what stands in its braces put in. */
export function t(name, given = {}) {
  const pair = TEXTS[name];
  if (!pair) throw new Error(`no text ${name}`);
  return pair[german ? 1 : 0].replace(/\{(\w+)\}/g, (_, key) => String(given[key]));
}

/** A number as it is written in the chosen language, with at most and at least so many decimals. */
export function number(value, most = 2, least = 0) {
  return new Intl.NumberFormat(language(), { maximumFractionDigits: most, minimumFractionDigits: least }).format(value);
}

const KINDS = { text: ["text", "Text"], image: ["picture", "Bild"], words: ["words", "Wörter"], audio: ["sound", "Ton"], video: ["video", "Video"] };

/** What people call a kind of vectors, or the list of words. */
export function kind(name) {
  return KINDS[name]?.[german ? 1 : 0] ?? name;
}

/** How many items. */
export function counted(n) {
  return n === 1 ? t("item") : t("items", { n: number(n) });
}

/** A choice kept in this browser; null where there is none, or nothing is kept. */
export function remembered(name) {
  try {
    return localStorage.getItem(`cospace.${name}`);
  } catch {
    return null;
  }
}

/** Keep a choice in this browser. */
export function remember(name, value) {
  try {
    localStorage.setItem(`cospace.${name}`, value);
  } catch {
    // A private window keeps nothing; the choice lasts as long as the page.
  }
}
