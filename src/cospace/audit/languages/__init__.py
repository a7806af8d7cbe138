"""Languages of a collection that its model does not know, told by what it makes of their texts."""

from cospace.audit.languages.measure import OfLanguage, language_of, measure_languages

__all__ = ["OfLanguage", "language_of", "measure_languages"]
