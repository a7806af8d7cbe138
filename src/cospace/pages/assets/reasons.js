// Why an item failed, and what limits there are, in German; what is not known here stays English.

const KINDS = { text: "Text", image: "Bild", audio: "Ton", video: "Video", depth: "Tiefenbild", thermal: "Wärmebild", imu: "Bewegung" };

// The whole of a reason, and what it means. Later numbers and names are put in for $1, $2.
const REASONS = [
  [/^the file is empty \(0 bytes\).*$/, "Die Datei ist leer."],
  [/^(?:photo|image) missing: (.*)$/, "Das Bild fehlt: $1."],
  [/^no such file: (.*)$/, "Die Datei fehlt: $1."],
  [/^is a URL, and nothing is fetched: .*$/, "Das ist eine Adresse im Netz, und nichts wird von dort geholt: laden Sie die Datei selbst herunter, und geben Sie ihren Pfad an."],
  [/^not a regular file \(.*\)$/, "Das ist keine gewöhnliche Datei."],
  [/^cannot be opened: (.*)$/, "Die Datei lässt sich nicht öffnen ($1)."],
  [/^cannot be read: (.*)$/, "Die Datei lässt sich nicht lesen ($1)."],
  [/^a symlink that leads out of the folder; it is not followed$/, "Die Verknüpfung führt aus dem Ordner hinaus und wird nicht verfolgt."],
  [/^the folder cannot be listed: (.*)$/, "Der Ordner lässt sich nicht lesen ($1)."],
  [/^the file has ([\d,]+) bytes or more; at most ([\d,]+) are read\. .*raise (\w+)$/, "Die Datei hat mindestens $1 Bytes; gelesen werden höchstens $2. Verkleinern Sie sie, oder erhöhen Sie $3."],
  [/^the file has more than ([\d,]+) bytes\. Split it into several$/, "Die Datei hat mehr als $1 Bytes. Teilen Sie sie auf."],
  [/^byte 0x(\w+) at offset ([\d,]+) is not valid UTF-8\. .*$/, "Das Zeichen 0x$1 an Stelle $2 ist kein UTF-8. Speichern Sie die Datei als UTF-8."],
  [/^the image cannot be decoded: (.*)$/, "Das Bild ist beschädigt oder lässt sich nicht lesen ($1)."],
  [/^the image cannot be resized: (.*)$/, "Das Bild lässt sich nicht verkleinern ($1)."],
  [/^holds (.*), not an image in (.*)$/, "Kein Bild, sondern $1; gelesen werden $2."],
  [/^holds (.*), not audio in (.*)$/, "Kein Ton, sondern $1; gelesen werden $2."],
  [/^holds (.*), not a video in (.*)$/, "Kein Video, sondern $1; gelesen werden $2."],
  [/^the (?:image|\w+) is ([\d,]+) x ([\d,]+); each side has at least (\d+)$/, "Das Bild hat $1 x $2 Pixel; jede Seite braucht mindestens $3."],
  [/^the (?:image|\w+) is ([\d,]+) x ([\d,]+); at most ([\d,]+) pixels are decoded\. .*raise (\w+)$/, "Das Bild hat $1 x $2 Pixel; gelesen werden höchstens $3. Verkleinern Sie es, oder erhöhen Sie $4."],
  [/^the image has more than ([\d,]+) frames\. .*$/, "Das Bild besteht aus mehr als $1 Einzelbildern."],
  [/^the audio cannot be decoded: (.*)$/, "Der Ton ist beschädigt oder lässt sich nicht lesen ($1)."],
  [/^the audio ends before its header says$/, "Die Tondatei ist unvollständig."],
  [/^the audio has no samples$/, "Die Tondatei enthält nichts."],
  [/^the audio is silent: .*$/, "Die Aufnahme ist stumm."],
  [/^the audio lasts ([\d.]+) s; at least.*$/, "Die Aufnahme ist mit $1 s zu kurz."],
  [/^the WAV file .*$/, "Die WAV-Datei ist unvollständig, oder es ist keine."],
  [/^the video cannot be decoded: (.*)$/, "Das Video ist beschädigt oder lässt sich nicht lesen ($1)."],
  [/^the (?:video has no frames|file holds no video stream)$/, "Die Datei enthält kein Video."],
  [/^the video ends before its index says$/, "Das Video ist unvollständig."],
  [/^has no id in column '(.*)'$/, "In der Spalte „$1“ fehlt die id."],
  [/^holds neither .*$/, "Es gibt weder einen Text noch ein Bild oder anderes."],
  [/^(.*), and there is no text$/, (why) => `${german(why) ?? why} Einen Text gibt es auch nicht.`],
  [/^has ([\d,]+) cells?; the header has ([\d,]+)$/, "Die Zeile hat $1 Zellen, die Kopfzeile $2."],
  [/^a quote opens here and is not closed.*$/, "Ein Anführungszeichen öffnet sich hier und schließt sich nicht."],
  [/^is not a JSON object: .*$/, "Die Zeile ist kein JSON-Objekt."],
  [/^column '(.*)': '(.*)' is not (?:0 or 1|yes or no), as the rest of its column is$/, "Spalte „$1“: „$2“ ist weder ja noch nein, wie es der Rest der Spalte ist."],
  [/^column '(.*)': '(.*)' is not .*$/, "Spalte „$1“: „$2“ passt nicht zum Rest der Spalte."],
  [/^column '(.*)': (.*)$/, (column, why) => `Spalte „${column}“: ${german(why) ?? why}`],
  [/^the text has ([\d,]+) characters; at most ([\d,]+) are taken\. .*raise (\w+)$/, "Der Text hat $1 Zeichen; höchstens $2 werden genommen. Teilen Sie ihn, oder erhöhen Sie $3."],
  [/^the text (?:is empty|holds only space).*$/, "Der Text ist leer."],
  [/^the text holds a NUL character at position ([\d,]+); remove it$/, "Der Text enthält an Stelle $1 ein Nullzeichen; entfernen Sie es."],
  [/^the text holds a lone surrogate at position ([\d,]+).*$/, "Der Text enthält an Stelle $1 ein ungültiges Zeichen."],
  [/^metadata has ([\d,]+) keys; at most ([\d,]+) are kept\..*$/, "Der Eintrag hat $1 Felder; höchstens $2 werden behalten."],
  [/^metadata has ([\d,]+) bytes as JSON; at most ([\d,]+) are kept\..*$/, "Die Felder des Eintrags haben $1 Bytes; höchstens $2 werden behalten."],
  [/^the PDF is locked .*$/, "Das PDF hat ein Kennwort; speichern Sie es ohne."],
  [/^the PDF has no text layer: .*$/, "Das PDF besteht aus Bildern von Seiten; eine Texterkennung macht Text daraus."],
  [/^the PDF is damaged.*$/, "Das PDF ist beschädigt oder von unbekannter Art."],
  [/^the PDF has ([\d,]+) pages; at most ([\d,]+) are read\..*$/, "Das PDF hat $1 Seiten; gelesen werden höchstens $2."],
  [/^the \.docx is damaged.*$/, "Die .docx-Datei ist beschädigt, oder es ist keine."],
  [/^the file is locked with a password, or an old \.doc.*$/, "Die Datei hat ein Kennwort oder ist eine alte .doc-Datei; speichern Sie sie als .docx."],
  [/^nothing in it to encode$/, "Es gibt darin nichts zu erfassen."],
  [/^no token of it is in the vocabulary$/, "Das Modell kennt kein Wort davon."],
];

/** Why an item failed, in German; undefined where a part of it is not known here. */
export function german(reason) {
  const parts = reason.split(/; (?=kept without its |(?:text|image|audio|video|depth|thermal|imu)(?: \d+)?: )/);
  if (parts.length > 1) return joined(parts);
  const [, kind, why] = reason.match(/^kept without its ([\w ]+): (.*)$/s) ?? [];
  if (kind) {
    const found = german(why);
    return found && `Ohne ${KINDS[kind.split(" ")[0]] ?? kind} gespeichert: ${found}`;
  }
  const [, part, own] = reason.match(/^(text|image|audio|video|depth|thermal|imu)(?: \d+)?: (.*)$/s) ?? [];
  if (part) return german(own);
  const without = reason.match(/^(.*); (?:kept without it|read without it|read without them|left as it is)$/s);
  if (without) return german(without[1]);
  for (const [pattern, said] of REASONS) {
    const given = reason.match(pattern)?.slice(1);
    if (given) return typeof said === "string" ? said.replace(/\$(\d)/g, (_, at) => numbers(given[at - 1])) : said(...given);
  }
  return undefined;
}

function joined(parts) {
  const found = parts.map(german);
  return found.every(Boolean) ? found.join(" ") : undefined;
}

/** 1,234 as German has it; all else as it is. */
function numbers(text) {
  return /^\d{1,3}(,\d{3})+$/.test(text) ? text.replaceAll(",", ".") : text;
}
