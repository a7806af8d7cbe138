"""The language of a collection's words: its stemmer and its stop words, told or recognised.

Stop words are the commonest words that say nothing of what is asked for; each language's are here
as `fold` leaves them. A text is recognised by them: they make up a third of what people write.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import chain
from threading import local
from typing import TYPE_CHECKING

from cospace.errors import BadArgument
from cospace.read.terms import chains, fold, has_digit

if TYPE_CHECKING:
    import Stemmer

__all__ = [
    "AUTO",
    "ENGLISH",
    "any_stop_words",
    "clear_language",
    "named",
    "recognised",
    "stem",
    "stop_words",
]

AUTO, ENGLISH = "auto", "english"

# ISO 639-1, for those who write it; the names are Snowball's.
_CODES = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "es": "spanish", "et": "estonian", "eu": "basque", "fi": "finnish",
    "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch",
    "nb": "norwegian", "no": "norwegian", "pl": "polish", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip

_STOP = {
    "english": """
        a about am an and any are as at be been being but by can could did do does each for from
        had has have he her his how i if in into is it its may me might my no not of on or our she
        should so some such than that the their then there these they this those to was we were
        what when where which who whom whose why will with would you your
    """,
    "german": """
        aber als am an auch auf aus bei das dass dein dem den der des die du ein eine einem einen
        einer eines er es fur hat haben ich ihr ihre im in ist kein keine man mein mit nach nicht
        noch nur oder ohne sehr sein sich sie sind so uber um und unter vom von vor war was wenn
        wer werden wie wir wird wo wurde zu zum zur
    """,
    "french": """
        a au aux avec c ce ces cet cette d dans de des du elle elles en est et ete etait il ils j
        je l la le les leur leurs ma mais mes mon n ne nos notre nous on ont ou par pas plus pour
        qu que qui s sa sans ses son sont sous sur tres tu un une vos votre vous y
    """,
    "spanish": """
        al como con de del el ella en era es esta estas este esto estos fue ha han la las le les lo
        los mas mi muy no o para pero por que se ser si sin sobre son su sus tambien tu un una unas
        uno unos y ya yo
    """,
    "italian": """
        a ai al alla alle anche che chi ci come con da dal dalla dei del della delle di e ed era gli
        ha hanno i il in io la le lo ma mi molto nei nel nella non o per piu quella quello questa
        queste questi questo se senza si sono su sua sul sulla suo tra un una uno
    """,
    "dutch": """
        aan als bij dat de deze die dit door een en er had heb hebben heeft het hij hoe ik in is je
        kan maar me met mijn naar niet nog of om onder ons ook op over te tot uit van veel voor
        waar was wat we wel werd wie wij wordt worden zeer zich zij zijn zonder
    """,
    "portuguese": """
        a ao aos as com como da das de do dos e ela ele em era essa esse esta este foi ha isso mais
        mas meu muito na nas nao nem no nos o os ou para pela pelo por que se sem seu seus sao sobre
        sua suas tambem tem um uma umas uns
    """,
    "swedish": """
        alla att av blir de del den denna det detta du efter ej eller en er ett for fran har hon han
        i inte jag kan man med men mot mycket nar ni och om pa sa sig sin som till under ur ut utan
        vi vid vad var ar ocksa
    """,
    "danish": """
        af alle at blev bliver da de den denne der det dette du efter eller en end er et for fra
        han har hun hvad hvis i ikke jeg kan man med meget men mod nar ned ni og ogsa om op over pa
        sa sig sin som til ud uden under var ved vi vil
    """,
    "norwegian": """
        alle at av ble blir da de den denne der det dette du eller en ei er et etter for fra han har
        hun hva hvis i ikke jeg kan man med mot men na nar og ogsa om opp over pa sa seg sin som til
        ut uten under var ved veldig vi vil
    """,
    "finnish": """
        ei eivat ennen etta han ja joka jos jotka kanssa kuin kun me mika mina mukaan mutta myos ne
        niin nyt oli olla on ovat sen se sina siella tai tama tata te vain voi ja hyvin ilman
    """,
    "polish": """
        a ale bardzo bez byc byl byla bylo co czy dla do i ich jak jako jest juz ktora ktore ktory
        lub ma mam mi moj na nad nie o od oraz po pod przez przy sa sie ta tak te ten to tym w we z
        za ze
    """,
    "czech": """
        a aby ale bez byl byla bylo co do i ja jak jako je jeho jej jen jsem jsou k ke ktera ktere
        ktery ma na nad nebo nebo neni o od po pod pri pro s se si ta tak te ten to tu u v ve velmi
        z za ze
    """,
    "hungarian": """
        a az azt be csak de egy el es ez ezek ezt ha hogy is ki le lesz meg mert mi mint mar nagyon
        nem pedig s sem szep vagy van vannak volt
    """,
    "romanian": """
        a acest aceasta al ale am ar are au ca care cu cum dar de din este eu fi foarte fost in la
        mai ne nu o pe pentru prin sa sau se si sunt un una unei unui
    """,
    "turkish": """
        ama bana ben bir biz bu cok da daha de degil en gibi hem her icin ile ise ki kadar mi ne o
        olan olarak oldu sen siz su ve veya var ya yok
    """,
    "russian": """
        без бы был была были было в вас во вот все вы да для до его ее если есть еще же за и из или
        им их к как когда кто ли мне мой мы на над не нет но о об он она они от очень по под при с
        со так также то только у уже что чтобы это этот эта эти я
    """,
}
# Stop words of other languages that titles in English have as well: a hat, The Plus, Mint Green.
_ENGLISH_TOO = (
    "come", "den", "die", "door", "end", "era", "han", "hat", "man", "men", "met", "mint",
    "over", "par", "plus", "pod", "pro", "sans", "sin", "son", "sous", "ten", "till", "tot",
    "under", "uno", "van", "volt", "war",
)  # fmt: skip
# Of many texts so much has to tell one language from the others, where a word counts in three texts
# at the most, so that it takes several words; and so much more than English.
_LEAST, _TEXTS, _MORE = 6.0, 3, 1.5
_CLEAR, _AHEAD = 1.5, 1.5  # of one text: so much, and so much more than any other language


def named(language: str) -> str:
    """Snowball's name of a language that was told: "de" and "German" are "german".

    Raises `BadArgument` for one that has no stemmer here.

    >>> named("de"), named("French"), named("auto")
    ('german', 'french', 'auto')
    """
    import Stemmer

    name = language.strip().lower() if isinstance(language, str) else ""
    name = _CODES.get(name, name)
    known = {AUTO, *_CODES.values()} & {AUTO, *Stemmer.algorithms()}
    if name not in known:
        raise BadArgument(
            f"language is one of {', '.join(sorted(known))}, or a code such as 'de', not"
            f" {language!r}"
        )
    return name


@cache
def stop_words(language: str) -> frozenset[str]:
    """The words that say nothing of what is asked for; none for a language without a list."""
    return frozenset(_STOP.get(language, "").split())


@cache
def any_stop_words() -> frozenset[str]:
    """Those of all languages."""
    return frozenset(chain.from_iterable(map(stop_words, _STOP)))


_of_thread = local()  # a stemmer is not for several threads


def stem(word: str, language: str) -> str:
    """The stem of a folded word; a word with digits is its own.

    >>> stem("chairs", "english"), stem("stuhle", "german")
    ('chair', 'stuhl')
    """
    if has_digit(word) or (language == ENGLISH and not word.isascii()):
        return word
    stemmers: dict[str, Stemmer.Stemmer] = _of_thread.__dict__
    if language not in stemmers:
        import Stemmer

        stemmers[language] = Stemmer.Stemmer(language, 0)  # `words` has a cache of its own
    return str(stemmers[language].stemWord(word))


@cache
def _tells() -> Mapping[str, Mapping[str, float]]:
    """For each stop word the languages that have it, and how much it tells: less, if several do.

    A single Latin letter tells nothing: it may be an initial or a size.
    """
    lists: dict[str, list[str]] = {}
    for name in _STOP:
        for word in stop_words(name):
            if len(word) > 1 or not word.isascii():
                lists.setdefault(word, []).append(name)
    for word in _ENGLISH_TOO:
        lists[word].append(ENGLISH)
    return {word: dict.fromkeys(names, 1 / len(names)) for word, names in lists.items()}


def _heard(texts: Iterable[str]) -> Counter[str]:
    """The stop words of all languages in texts, each with the number of texts that have it."""
    words = (set(chain.from_iterable(chains(fold(text)))) for text in texts)
    return Counter(word for of_text in words for word in of_text if word in _tells())


def _support(heard: Mapping[str, int]) -> tuple[Counter[str], Counter[str]]:
    """What speaks for each language: words shared out among those that have them, and whole."""
    shared: Counter[str] = Counter()
    whole: Counter[str] = Counter()
    for word, times in heard.items():
        for name, part in _tells()[word].items():
            shared[name] += times * part  # type: ignore[assignment]  # a Counter of floats
            whole[name] += times
    return shared, whole


def recognised(texts: Iterable[str]) -> str:
    """The language that most of the texts are in; English where they do not tell.

    >>> recognised(["Ein Sessel mit Kissen, und ein Tisch aus Eiche ohne Kratzer"] * 2)
    'german'
    >>> recognised(["Lumo 3000", "Retro"]), recognised(["brown hat", "black hat"] * 100)
    ('english', 'english')
    """
    heard = _heard(texts)
    shared, whole = _support(heard)
    several, _ = _support({word: min(times, _TEXTS) for word, times in heard.items()})
    best = max(_STOP, key=lambda name: shared[name])
    sure = several[best] >= _LEAST and whole[best] >= _MORE * whole[ENGLISH]
    return best if sure else ENGLISH


def clear_language(text: str) -> str:
    """The language of one text; "" where its stop words do not clearly tell.

    >>> clear_language("Ein Tisch aus Eiche"), clear_language("a hat in a hat box")
    ('german', '')
    """
    shared, whole = _support(_heard([text]))
    best = max(_STOP, key=lambda name: shared[name])
    others = max(shared[name] for name in _STOP if name != best)
    clear = shared[best] >= max(_CLEAR, _AHEAD * others) and whole[best] == max(whole.values())
    return best if clear else ""
