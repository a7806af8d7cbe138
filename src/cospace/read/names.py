"""Names: what a column is for, by its header, as shops of six languages write it.

English, German, French, Spanish, Italian and Dutch.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "AMOUNTS", "BODIES", "COUNTRIES", "IDS", "IMAGES", "LATITUDES", "LONGITUDES", "PRICES",
    "TITLES", "TRAITS", "bare", "first", "is_flag", "matching", "starting", "title_in", "words",
]  # fmt: skip

# In the order in which they are preferred.
IDS = (
    "id", "sku", "uid", "uuid", "key", "item id", "product id", "article id", "docid",
    "variant sku", "custom label sku", "custom label", "item sku", "seller sku", "product sku",
    "item number", "item no", "itemid", "article number", "article no", "product number",
    "product code", "item code", "part number", "stock code", "handle", "url handle", "asin", "ean",
    "gtin", "mpn", "isbn", "upc", "barcode", "reference", "ref", "code", "artikelnummer",
    "artikel nr", "artikelnr", "art nr", "artnr", "produktnummer", "bestellnummer", "bestell nr",
    "warennummer", "artikel id", "produkt id", "inventarnummer", "reference produit",
    "code article", "numero article", "ref produit", "identifiant", "referencia", "codigo",
    "codigo de producto", "codigo producto", "numero de articulo", "identificador", "riferimento",
    "codice", "codice articolo", "codice prodotto", "numero articolo", "artikelcode", "productcode",
    "productnummer", "bestelnummer", "referentie",
)  # fmt: skip
TITLES = (
    "title", "name", "headline", "product name", "product title", "item name", "item title",
    "productname", "producttitle", "titel", "bezeichnung", "artikelbezeichnung", "produktname",
    "artikelname", "produkttitel", "produktbezeichnung", "ueberschrift", "titre", "nom",
    "nom du produit", "nom produit", "designation", "libelle", "intitule", "titulo", "nombre",
    "nombre del producto", "nombre producto", "denominacion", "titolo", "nome", "nome prodotto",
    "nome del prodotto", "denominazione", "naam", "productnaam", "product naam", "artikelnaam",
    "producttitel", "omschrijving kort",
)  # fmt: skip
TRAITS = (
    "type", "product type", "item type", "category", "categories", "product category",
    "subcategory", "department", "kind", "genre", "style", "brand", "vendor", "manufacturer",
    "make", "model", "colour", "color", "colours", "colors", "material", "materials", "fabric",
    "finish", "pattern", "size", "sizes", "gender", "age group", "season", "occasion", "room",
    "tags", "keywords", "options", "brands", "typ", "art", "produkttyp", "produktart", "kategorie",
    "kategorien", "warengruppe", "produktkategorie", "marke", "hersteller", "modell", "farbe",
    "farben", "werkstoff", "groesse", "grosse", "stil", "muster", "schlagworte", "schlagwoerter",
    "categorie",
    "categories", "rayon", "famille", "marque", "fabricant", "modele", "couleur", "couleurs",
    "matiere", "materiau", "taille", "tipo", "categoria", "categorias", "marca", "fabricante",
    "modelo", "color", "colores", "tamano", "talla", "estilo", "categorie", "produttore", "modello",
    "colore", "colori", "materiale", "taglia", "dimensione", "stile", "soort", "merk", "fabrikant",
    "kleur", "kleuren", "materiaal", "maat", "formaat", "product_type", "google product category",
)  # fmt: skip
BODIES = (
    "description", "text", "body", "content", "caption", "abstract", "summary", "passage",
    "document", "product description", "item description", "long description",
    "short description", "body html", "details", "features", "bullet points", "beschreibung",
    "produktbeschreibung", "artikelbeschreibung", "langbeschreibung", "kurzbeschreibung",
    "langtext", "kurztext", "inhalt", "description du produit", "description longue",
    "description courte", "descriptif", "texte", "contenu", "resume", "descripcion",
    "descripcion larga", "descripcion corta", "descripcion del producto", "texto", "contenido",
    "resumen", "descrizione", "descrizione prodotto", "descrizione breve", "descrizione lunga",
    "testo", "contenuto", "riassunto", "beschrijving", "omschrijving", "productbeschrijving",
    "productomschrijving", "lange beschrijving", "korte beschrijving", "tekst", "inhoud",
)  # fmt: skip
IMAGES = (
    "image", "photo", "picture", "img", "file", "image path", "photo path", "path", "filename",
    "file name", "images", "photos", "pictures", "image link", "image url", "image src",
    "main image", "product image", "product images", "photo url", "picture url", "thumbnail",
    "product image url", "additional image link", "variant image", "variant image url", "picurl",
    "image file", "photo file", "gallery", "bild", "bilder", "foto", "fotos", "bilddatei",
    "bild url", "bildpfad", "produktbild", "produktbilder", "hauptbild", "abbildung", "datei",
    "fichier", "visuel", "photo produit", "image produit", "imagen", "imagenes", "archivo",
    "immagine", "immagini", "afbeelding", "afbeeldingen", "bestand",
)  # fmt: skip
LATITUDES = ("lat", "latitude", "breitengrad", "latitud", "latitudine", "breedtegraad")
LONGITUDES = ("lon", "lng", "long", "longitude", "laengengrad", "longitud", "longitudine",
              "lengtegraad")  # fmt: skip
# The first that a table has is the price; cards.js has the same list.
PRICES = (
    "price", "preis", "prix", "precio", "prezzo", "prijs", "sale price", "variant price",
    "regular price", "verkaufspreis", "amount", "cost",
)  # fmt: skip
# Words in a header, not whole headers.
AMOUNTS = frozenset(
    [
        "price",
        "cost",
        "amount",
        "total",
        "rrp",
        "msrp",
        "fee",
        "value",
        "preis",
        "kosten",
        "betrag",
        "summe",
        "uvp",
        "prix",
        "cout",
        "montant",
        "precio",
        "importe",
        "coste",
        "prezzo",
        "costo",
        "importo",
        "prijs",
        "bedrag",
        "verkaufspreis",
        "listenpreis",
        "einkaufspreis",
        "saleprice",
        "listprice",
    ]
)
# Columns of codes such as SI and NO, Slovenia and Norway, which are no yes and no.
COUNTRIES = frozenset({
    "country", "countries", "nation", "nationality", "origin", "market", "language", "lang",
    "locale", "land", "laender", "herkunft", "herkunftsland", "lieferland", "sprache", "pays",
    "origine", "langue", "pais", "paises", "origen", "idioma", "paese", "nazione", "lingua",
    "herkomst", "taal",
})  # fmt: skip
_FLAGS = frozenset(
    [
        "is",
        "has",
        "can",
        "in",
        "active",
        "available",
        "sold",
        "new",
        "featured",
        "published",
        "enabled",
        "visible",
        "sale",
        "flag",
        "taxable",
        "discontinued",
        "verfuegbar",
        "verfugbar",
        "aktiv",
        "verkauft",
        "neu",
        "lieferbar",
        "sichtbar",
        "actif",
        "active",
        "disponible",
        "vendu",
        "nouveau",
        "visible",
        "activo",
        "vendido",
        "nuevo",
        "attivo",
        "disponibile",
        "venduto",
        "nuovo",
        "actief",
        "beschikbaar",
        "verkocht",
        "nieuw",
        "zichtbaar",
        "gift",
        "hidden",
        "deleted",
        "archived",
    ]
)
# What is counted or measured is no yes and no, although 0 and 1 be all that there is of it.
_COUNTS = frozenset({
    "quantity", "quantities", "qty", "count", "counts", "number", "units", "pieces", "menge",
    "anzahl", "stueck", "stuck", "bestand", "lagerbestand", "quantite", "nombre", "cantidad",
    "unidades", "quantita", "aantal", "hoeveelheid", "voorraad",
})  # fmt: skip
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def bare(header: str) -> str:
    """A header in small letters without accents, with one space for what stands between words.

    >>> bare("Artikel-Nr."), bare("Référence"), bare("Body (HTML)"), bare("imageLink")
    ('artikel nr', 'reference', 'body html', 'image link')
    """
    text = re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", header[:200])
    text = unicodedata.normalize("NFC", text).lower().removeprefix("g:").translate(_UMLAUTS)
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return " ".join(re.split(r"[^a-z0-9]+", text)).strip()


def first(known: Sequence[str], names: Sequence[str]) -> str | None:
    """The column that has the earliest of the `known` names."""
    headers = {bare(name): name for name in reversed(names)}
    return next((headers[word] for word in known if word in headers), None)


def title_in(metadata: Mapping[str, Any]) -> str:
    """The title that the fields of an item hold, by their names, or "".

    >>> title_in({"sku": "S-1", "Titel": "Sessel "}), title_in({"price": 3})
    ('Sessel', '')
    """
    title = metadata.get(first(TITLES, list(metadata)) or "")
    return title.strip() if isinstance(title, str) else ""


def matching(known: Sequence[str], names: Sequence[str]) -> list[str]:
    """Every column that has one of the `known` names, also with a number behind it, as image2.

    They come in the order of the known names, and of the table.

    >>> matching(IMAGES, ["title", "image2", "Image 1", "photo"])
    ['image2', 'Image 1', 'photo']
    """
    rank = {word: at for at, word in reversed(list(enumerate(known)))}
    found = [(rank.get(_unnumbered(bare(name)), -1), at) for at, name in enumerate(names)]
    return [names[at] for place, at in sorted(found) if place >= 0]


def starting(start: str, header: str) -> bool:
    """Whether a bare header begins with these words.

    >>> starting("image", "image src"), starting("image", "images")
    (True, False)
    """
    return f"{header} ".startswith(start if start.endswith(" ") else f"{start} ")


def _unnumbered(header: str) -> str:
    """A header without the number at its end: image 2."""
    return header.rstrip("0123456789").rstrip()


def is_flag(header: str) -> bool:
    """Whether a column of this name may hold yes and no as 1 and 0.

    >>> [is_flag(one) for one in ("In stock?", "Sold quantity", "Weight in kg", "New price")]
    [True, False, False, False]
    """
    found = bare(header).split()
    # "In" asks a question at the start or behind "is"; elsewhere a unit follows it.
    asks = {word for at, word in enumerate(found) if word != "in" or found[:at] in ([], ["is"])}
    stock = "stock" in found and "in" not in asks
    return bool(asks & _FLAGS) and not (stock or asks & (_COUNTS | AMOUNTS))


def words(header: str) -> set[str]:
    """The words of a header."""
    return set(bare(header).split())
