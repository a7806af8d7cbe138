#!/usr/bin/env bash
# Library:   PyStemmer 3.1.0 and 2.2.0.3 and py-rust-stemmers 0.1.8, the Snowball stemmer "english".
# Guess:     the algorithm has a name and is as old as its papers: every package gives the same stems, so
#            an index that one program wrote can be searched by another, and after an upgrade.
# Behaviour: Snowball 3 changed the algorithms and kept their names; the Rust package has the older ones.
#            Words of an index by the one and of a query by the other do not meet, or meet others:
#            "university" of the new stemmer finds nothing in the old index, "even" finds evening there,
#            "past" what was pasted. "dutch" is another algorithm altogether, the old one became
#            "dutch_porter"; the others have no second name. Nothing is raised.
# Seen:      PyStemmer 3.1.0: universiti organiz evening paste geolog, huis gegeten -> geet
#            PyStemmer 2.2.0.3: univers organ even past geologist, huiz gegeten -> geget
#            py-rust-stemmers: univers organ even past geologist, huiz gegeten -> geget
# Instead:   one package, pinned, for index and queries; a name of one's own with the index.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m pip install --quiet --target "$place/new" PyStemmer==3.1.0 2>/dev/null
python3 -m pip install --quiet --target "$place/old" PyStemmer==2.2.0.3 2>/dev/null
python3 -m pip install --quiet --target "$place/rust" py-rust-stemmers==0.1.8 2>/dev/null
cat > "$place/stems.py" <<'PY'
try:
    from Stemmer import Stemmer

    english, dutch = (Stemmer(language).stemWord for language in ("english", "dutch"))
except ImportError:
    from py_rust_stemmers import SnowballStemmer

    english, dutch = (SnowballStemmer(language).stem_word for language in ("english", "dutch"))
words = map(english, ["university", "organization", "evening", "pasted", "geologist"])
print(f"{' '.join(words)}, {dutch('huizen')} gegeten -> {dutch('gegeten')}")
PY
new=$(PYTHONPATH="$place/new" python3 "$place/stems.py")
old=$(PYTHONPATH="$place/old" python3 "$place/stems.py")
rust=$(PYTHONPATH="$place/rust" python3 "$place/stems.py")
echo "PyStemmer 3.1.0: $new"
echo "PyStemmer 2.2.0.3: $old"
echo "py-rust-stemmers: $rust"
before="univers organ even past geologist, huiz gegeten -> geget"
after="universiti organiz evening paste geolog, huis gegeten -> geet"
[ "$new" = "$after" ] && [ "$old" = "$before" ] && [ "$rust" = "$before" ] || { echo changed >&2; exit 1; }
