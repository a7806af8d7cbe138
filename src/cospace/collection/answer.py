"""Answer: sentences with their citations, each held against the passage that it cites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cospace.collection.context import Context
from cospace.collection.passages import Passage

__all__ = ["Answer", "Said"]


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence, the numbers of the passages that it cites, and whether one of them holds it.

    `why` says what is wrong with a sentence that is not held.
    """

    text: str
    citations: tuple[int, ...] = ()
    held: bool = True
    why: str = ""

    def __str__(self) -> str:
        cited = "".join(f" [{number}]" for number in self.citations)
        return f"{self.text}{cited}{'' if self.held else f' (not held: {self.why})'}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the passages say to a question; without `sentences`, they were not found to say it.

    `by` is the chat model that wrote it, "" where its sentences are taken from the passages.
    `score` is how sure it is that the passages answer, above 0 where they are taken to.
    """

    question: str
    sentences: tuple[Said, ...]
    context: Context
    by: str = ""
    score: float = 0.0
    notes: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        """Whether there is an answer."""
        return bool(self.sentences)

    @property
    def held(self) -> bool:
        """Whether every sentence is held by a passage that it cites."""
        return all(one.held for one in self.sentences)

    @property
    def cited(self) -> tuple[Passage, ...]:
        """The passages that are cited, by number."""
        numbers = {number for one in self.sentences for number in one.citations}
        return tuple(one for one in self.context.passages if one.number in numbers)

    @property
    def text(self) -> str:
        """The answer in a paragraph, or that nothing was found in what was read."""
        if self.sentences:
            return " ".join(map(str, self.sentences))
        read, stored = self.context.read, self.context.stored
        return f"Not found in the {read:,} passages read of {stored:,}."

    def to_dict(self) -> dict[str, Any]:
        """A record of plain types."""
        return {
            "question": self.question,
            "found": self.found,
            "held": self.held,
            "text": self.text,
            "sentences": [
                {
                    "text": one.text,
                    "citations": list(one.citations),
                    "held": one.held,
                    "why": one.why,
                }
                for one in self.sentences
            ],
            "by": self.by,
            "score": self.score,
            "notes": list(self.notes),
            "context": self.context.to_dict(),
        }

    def __str__(self) -> str:
        return self.text
