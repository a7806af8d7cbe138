"""Which words can be flipped so that the meaning turns: by kind, and by language."""

from __future__ import annotations

__all__ = ["COLOURS", "KNOWN", "NEGATIONS", "SIZES", "UNITS"]

# Of the languages of store/language.py those that have lists here.
KNOWN = ("english", "german", "french", "spanish", "italian", "dutch")

# One word for another; "" takes it away. The first that a text holds is flipped.
NEGATIONS: dict[str, dict[str, str]] = {
    "english": {
        "with": "without", "without": "with", "no": "some", "not": "", "is": "is not",
        "are": "are not", "has": "has no", "works": "does not work",
    },
    "german": {
        "mit": "ohne", "ohne": "mit", "kein": "ein", "keine": "eine", "nicht": "",
        "ist": "ist nicht", "sind": "sind nicht",
    },
    "french": {"avec": "sans", "sans": "avec", "est": "n'est pas", "pas": ""},
    "spanish": {"con": "sin", "sin": "con", "no": "", "es": "no es", "son": "no son"},
    "italian": {"con": "senza", "senza": "con", "non": "", "sono": "non sono"},
    "dutch": {"met": "zonder", "zonder": "met", "geen": "een", "niet": "", "is": "is niet"},
}  # fmt: skip

SIZES: dict[str, dict[str, str]] = {
    "english": {
        "small": "large", "large": "small", "big": "small", "little": "big", "tiny": "huge",
        "huge": "tiny", "short": "long", "long": "short", "wide": "narrow", "narrow": "wide",
        "thin": "thick", "thick": "thin", "tall": "low", "low": "tall", "heavy": "light",
    },
    "german": {
        "klein": "groß", "kleiner": "großer", "kleine": "große", "groß": "klein",
        "große": "kleine", "großer": "kleiner", "kurz": "lang", "lang": "kurz", "breit": "schmal",
        "schmal": "breit", "schwer": "leicht", "dick": "dünn", "dünn": "dick",
    },
    "french": {"petit": "grand", "petite": "grande", "grand": "petit", "grande": "petite",
               "court": "long", "long": "court", "large": "étroit", "lourd": "léger"},
    "spanish": {"pequeño": "grande", "pequeña": "grande", "grande": "pequeño", "corto": "largo",
                "largo": "corto", "ancho": "estrecho", "pesado": "ligero"},
    "italian": {"piccolo": "grande", "piccola": "grande", "grande": "piccolo", "corto": "lungo",
                "lungo": "corto", "largo": "stretto", "pesante": "leggero"},
    "dutch": {"klein": "groot", "kleine": "grote", "groot": "klein", "grote": "kleine",
              "kort": "lang", "lang": "kort", "breed": "smal", "zwaar": "licht"},
}  # fmt: skip

# What stands behind the number of a size.
UNITS = frozenset({
    "mm", "cm", "m", "km", "inch", "inches", "ft", "feet", "kg", "g", "lb", "lbs", "oz",
    "l", "litre", "litres", "liter", "liters", "ml", "gb", "tb", "mb", "mhz", "ghz", "w",
    "kw", "v", "ah", "mah", "zoll", "watt", "watts", "volt", "volts",
})  # fmt: skip

COLOURS: dict[str, tuple[str, ...]] = {
    "english": (
        "red", "blue", "green", "yellow", "orange", "purple", "pink", "brown", "black", "white",
        "grey", "gray", "beige", "turquoise", "violet", "navy", "olive", "burgundy", "cream",
    ),
    "german": (
        "rot", "blau", "grün", "gelb", "orange", "lila", "rosa", "braun", "schwarz", "weiß",
        "grau", "beige", "türkis", "violett",
    ),
    "french": ("rouge", "bleu", "vert", "jaune", "orange", "rose", "marron", "noir", "blanc",
               "gris"),
    "spanish": ("rojo", "azul", "verde", "amarillo", "naranja", "rosa", "marrón", "negro", "blanco",
                "gris"),
    "italian": ("rosso", "blu", "verde", "giallo", "arancione", "rosa", "marrone", "nero", "bianco",
                "grigio"),
    "dutch": ("rood", "blauw", "groen", "geel", "oranje", "paars", "roze", "bruin", "zwart", "wit",
              "grijs"),
}  # fmt: skip
