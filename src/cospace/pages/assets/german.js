// What the server says in English, said in German, by its codes: notes of a search, and errors.

// By the code of a note: its text, with what the note was given.
const NOTES = {
  unknown_words: "Kein Eintrag enthält {words}, und das Modell kennt davon nichts: die Treffer können unpassend sein.",
  unknown_words_filtered: "Kein Eintrag mit diesen Filtern enthält {words}, und das Modell kennt davon nichts: die Treffer können unpassend sein.",
  nothing_stored: "Diese Sammlung ist leer.",
  nothing_passes: "Zu diesen Filtern gibt es nichts; Texte darin sind ganz und mit ihrer Großschreibung anzugeben.",
  query_cut: "Die Frage ist zu lang für {model}: gelesen wurde ihr Anfang.",
  texts_cut: "Von {cut} der {of} Texte hat {model} nur den Anfang gelesen: mit der Frage liest es {tokens} Tokens.",
};

// By the class of an error, as src/cospace/errors.py has them, or by the code of a refused request.
const ERRORS = {
  BadInput: "Damit lässt sich nicht arbeiten.",
  BadArgument: "Eine Angabe ist nicht möglich.",
  BadItem: "Ein Text oder Bild ist nicht lesbar.",
  EmptyItem: "Darin ist nichts, wonach sich suchen lässt.",
  BadVector: "Ein Vektor ist nicht brauchbar.",
  BadFilter: "Ein Filter passt nicht zu den Feldern dieser Sammlung.",
  DuplicateId: "Eine id kommt doppelt vor.",
  IncompleteSource: "Der Quelle fehlt, was gespeichert ist.",
  UnsafeFile: "Dateien dieser Art können Programme ausführen und werden nicht geöffnet.",
  UnsupportedModel: "Dieses Modell wird nicht unterstützt.",
  SpaceMismatch: "Die Vektoren gehören zu verschiedenen Modellen.",
  NotFound: "Das gibt es hier nicht.",
  CollectionNotFound: "Diese Sammlung gibt es hier nicht.",
  ItemNotFound: "Diesen Eintrag gibt es nicht, oder nicht mehr.",
  MapMissing: "Diese Sammlung hat noch keine Karte.",
  ModelNotFound: "Dieses Modell gibt es hier nicht.",
  UnknownWord: "Das Modell kennt dieses Wort nicht.",
  NotACollection: "Der Ordner ist keine Sammlung.",
  CollectionBusy: "Ein anderes Programm benutzt die Sammlung.",
  CollectionClosed: "Die Sammlung ist geschlossen.",
  CollectionReadOnly: "Dieser Server liest nur.",
  TooBusy: "Versuchen Sie es gleich noch einmal.",
  StorageError: "Der Speicher des Servers macht Schwierigkeiten.",
  DiskFull: "Der Speicher des Servers ist voll.",
  DurabilityError: "Das System hat das Speichern nicht bestätigt.",
  DataDamaged: "Gespeicherte Daten sind beschädigt.",
  FormatTooNew: "Die Sammlung stammt von einer neueren Version von cospace.",
  StoreUnreachable: "Der Speicher, in dem die Sammlung liegt, antwortet nicht.",
  NetworkError: "Ein anderer Rechner ist nicht erreichbar.",
  ModelDamaged: "Die Dateien des Modells sind beschädigt.",
  MissingExtra: "Dem Server fehlt ein Zusatzprogramm.",
  TrainingDiverged: "Das Training ist gescheitert.",
  ServiceError: "Der Dienst hinter dem Modell hat versagt.",
  KeyRefused: "Der Dienst hinter dem Modell nimmt den Schlüssel nicht an.",
  QuotaExceeded: "Beim Dienst hinter dem Modell ist die Grenze erreicht.",
  ServiceDown: "Der Dienst hinter dem Modell antwortet nicht.",
  MapChanged: "Die Karte hat sich geändert: laden Sie die Seite neu.",
};

/** A note in German; undefined for a code that is not known here. */
export function germanNote({ code, ...given }) {
  const listed = new Intl.ListFormat("de", { type: "disjunction" });
  const said = (value) => Array.isArray(value) ? listed.format(value.map((one) => `„${one}“`))
    : typeof value === "number" ? value.toLocaleString("de") : String(value);
  return NOTES[code]?.replace(/\{(\w+)\}/g, (_, name) => said(given[name]));
}

/** What went wrong, in German; undefined for a code that is not known here. */
export function germanError(code) {
  return ERRORS[code];
}
