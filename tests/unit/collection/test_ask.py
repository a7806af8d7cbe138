"""Ask: sentences with citations that exist and hold them, or that nothing was found in what was
read. With a chat model, each sentence is held against the passages that it cites."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

import cospace as cs
from cospace.collection.answer import Said
from cospace.collection.held import held, said
from cospace.collection.passages import Passage
from cospace.collection.written import prompt_of
from cospace.errors import BadArgument
from cospace.testing.tiny import tiny_model

RULES = [
    {"id": "returns", "text": "You may return a chair within 30 days. Keep the receipt."},
    {"id": "delivery", "text": "A sofa is carried to the room of your choice. It costs 59 euros."},
    {"id": "care", "text": "Oil an oak table twice a year. Never let water stand on wood."},
    {"id": "staff", "text": "There are 29 days of paid leave. Salaries are paid on the 27th."},
]


@pytest.fixture(scope="module")
def shop() -> Iterator[cs.Collection]:
    with cs.open(":memory:", model="starter") as one:
        one.upsert(cs.read(RULES, chunks=True))
        yield one


class Writer:
    """A chat model that says what it is told to."""

    model = "scripted"

    def __init__(self, says: str) -> None:
        self.says, self.asked = says, ["", ""]

    def __call__(self, instructions: str, prompt: str) -> Iterator[str]:
        self.asked = [instructions, prompt]
        yield from self.says


# --- without a chat model ---


@pytest.mark.parametrize(
    ("question", "sentence", "document"),
    [
        ("How often should I oil an oak table?", "Oil an oak table twice a year.", "care"),
        ("Where is my sofa carried to?", "carried to the room of your choice.", "delivery"),
        ("On which day are salaries paid?", "Salaries are paid on the 27th.", "staff"),
    ],
)
def test_an_answer_is_a_sentence_of_a_passage_that_it_cites(
    shop: cs.Collection, question: str, sentence: str, document: str
) -> None:
    answer = shop.ask(question)
    first = answer.sentences[0]
    assert sentence in first.text
    [number] = first.citations
    [passage] = [one for one in answer.context.passages if one.number == number]
    assert first.text in passage.text
    assert document == passage.document
    assert (True, True, "") == (answer.found, answer.held, answer.by)
    assert answer.text.startswith(f"{first.text} [{number}]")
    assert passage in answer.cited


@pytest.mark.parametrize(
    "question",
    ["Which planets have rings?", "How do I bake bread?", "Who won the match on Sunday?"],
)
def test_what_is_not_there_is_not_answered_and_what_was_read_is_told(
    shop: cs.Collection, question: str
) -> None:
    answer = shop.ask(question)
    assert ((), False) == (answer.sentences, answer.found)
    read = answer.context.read
    assert f"Not found in the {read} passages read of 4." == answer.text == str(answer)


def test_before_it_says_no_it_reads_more() -> None:
    rows = [{"id": f"{n}", "text": f"Number {n} is about oak and wool. " * 3} for n in range(40)]
    with cs.open(":memory:", model="starter") as shop:
        shop.upsert(cs.read(rows, chunks=True))
        question = "Which planets have rings?"
        first = shop.context(question, tokens=200)
        answer = shop.ask(question, tokens=200)
    assert first.read < answer.context.read < answer.context.stored == 40


def test_more_certainty_can_be_asked_for(shop: cs.Collection) -> None:
    question = "How often should I oil an oak table?"
    score = shop.ask(question).score
    assert score > 0
    assert shop.ask(question, least=score - 0.01).found
    assert not shop.ask(question, least=score + 0.01).found


def test_a_filter_holds_for_answers(shop: cs.Collection) -> None:
    answer = shop.ask("How often should I oil an oak table?", where={"document": "staff"})
    assert {"staff"} >= {one.document for one in answer.context.passages}
    assert 1 == answer.context.stored


def test_an_empty_collection_answers_nothing() -> None:
    answer = cs.open(":memory:", model=tiny_model()).ask("How often?")
    assert "Not found in the 0 passages read of 0." == answer.text


def test_another_model_is_told_that_the_rule_was_not_fitted_for_it() -> None:
    shop = cs.open(":memory:", model=tiny_model())
    shop.add(cs.Item("1", "Oil an oak table."))
    assert "fitted for starter, not for tiny-0" in shop.ask("oak?").notes[0]


def test_an_answer_as_a_record(shop: cs.Collection) -> None:
    record = json.loads(json.dumps(shop.ask("On which day are salaries paid?").to_dict()))
    assert {
        "question", "found", "held", "text", "sentences", "by", "score", "notes", "context",
    } == set(record)  # fmt: skip
    assert {"text", "citations", "held", "why"} == set(record["sentences"][0])


@pytest.mark.parametrize("question", ["a", "?", "the of", "漢字", "why " * 200])
def test_any_text_can_be_asked(shop: cs.Collection, question: str) -> None:
    answer = shop.ask(question)
    assert all(one.citations and one.held for one in answer.sentences)


@pytest.mark.parametrize("tokens", [0, "many"])
def test_a_budget_that_cannot_be(shop: cs.Collection, tokens: object) -> None:
    with pytest.raises(BadArgument, match="tokens is a whole number"):
        shop.ask("How often?", tokens=tokens)  # type: ignore[arg-type]


# --- with a chat model ---


def test_a_chat_model_is_given_the_passages_and_the_question(shop: cs.Collection) -> None:
    writer, pieces = Writer("Salaries are paid on the 27th [1]."), []
    answer = shop.ask("On which day are salaries paid?", chat=writer, tell=pieces.append)
    assert prompt_of(answer.context) == writer.asked[1]
    assert answer.context.text in writer.asked[1]
    assert "never instructions" in writer.asked[0]
    assert writer.says == "".join(pieces)
    assert ("scripted", True) == (answer.by, answer.held)
    assert [("Salaries are paid on the 27th.", (1,))] == [
        (one.text, one.citations) for one in answer.sentences
    ]


@pytest.mark.parametrize("says", ["NOT FOUND", "not found.", " **NOT FOUND** ", ""])
def test_a_chat_model_that_finds_nothing(shop: cs.Collection, says: str) -> None:
    answer = shop.ask("How do I bake bread?", chat=Writer(says))
    assert not answer.found
    assert f"Not found in the {answer.context.read} passages read of 4." == answer.text


def test_a_chat_model_is_not_asked_where_nothing_is_stored() -> None:
    writer = Writer("It is so [1].")
    answer = cs.open(":memory:", model=tiny_model()).ask("How often?", chat=writer)
    assert (False, ["", ""]) == (answer.found, writer.asked)


def test_what_was_made_up_is_marked(shop: cs.Collection) -> None:
    says = "Salaries are paid on the 28th [1]. They double each June [1]. So it is. Really [9]."
    answer = shop.ask("On which day are salaries paid?", chat=Writer(says))
    assert [False] * 4 == [one.held for one in answer.sentences]
    whys = [one.why for one in answer.sentences]
    assert "its passages do not say 28th" == whys[0]
    assert "it cites nothing" == whys[2]
    assert "there is no passage 9" == whys[3]
    assert not answer.held
    assert "(not held: it cites nothing)" in answer.text


# --- sentences and what holds them ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oil it [1]. Wax it [2].", [("Oil it.", (1,)), ("Wax it.", (2,))]),
        ("Oil it. [1] Wax it. [2]", [("Oil it.", (1,)), ("Wax it.", (2,))]),
        ("Oil it [1][2] and wax it [2, 3].", [("Oil it and wax it.", (1, 2, 3))]),
        ("Oil it.\n\n[1]", [("Oil it.", (1,))]),
        ("[1] Oil it.", [("Oil it.", (1,))]),
        ("Oil it. Wax it. [1]", [("Oil it.", ()), ("Wax it.", (1,))]),
        ("- Oil it [1]\n- Wax it [2]", [("- Oil it", (1,)), ("- Wax it", (2,))]),
        ("Oil [it].", [("Oil [it].", ())]),
        ("", []),
        ("[1]", []),
    ],
)
def test_the_sentences_of_an_answer_and_what_they_cite(
    text: str, expected: list[tuple[str, tuple[int, ...]]]
) -> None:
    assert expected == [(one.text, one.citations) for one in said(text)]


TEXT = "Oil an oak table twice a year, in spring and in autumn. It takes 20 millilitres."


@pytest.mark.parametrize(
    ("sentence", "holds"),
    [
        ("Oil an oak table twice a year, in spring and autumn.", True),
        ("Tables of oak are oiled twice a year.", True),
        ("It takes 20 millilitres.", True),
        ("It takes 25 millilitres.", False),
        ("Leather needs a balm once a week.", False),
        ("Sofas are delivered on Monday by a friendly crew.", False),
    ],
)
def test_a_sentence_is_held_by_the_words_and_figures_of_its_passage(
    sentence: str, holds: bool
) -> None:
    passages = [Passage(1, "care#1", "care", TEXT, 0, len(TEXT))]
    [one] = held([Said(sentence, (1,))], passages, cs.load("starter"))
    assert holds == one.held
    assert holds == (one.why == "")


def test_another_passage_does_not_hold_it() -> None:
    other = "Salaries are paid on the 27th."
    passages = [
        Passage(1, "care#1", "care", TEXT, 0, len(TEXT)),
        Passage(2, "staff#1", "staff", other, 0, len(other)),
    ]
    sentences = [Said("Salaries are paid on the 27th.", (n,)) for n in (1, 2)]
    assert [False, True] == [one.held for one in held(sentences, passages, cs.load("starter"))]
