"""Words: do a model's vectors solve analogies, and order pairs of words as people do?

The conventions, which published figures follow too:

- Analogies are asked when their four words are among the `most` commonest, and answered from
  those: 3CosAdd, without the three words of the question. Others are skipped, and counted.
  Sections that begin with "gram" are syntactic, all others semantic.
- Words are looked up in lower case where the model's are. For pairs all words of the model
  count; a word that it lacks has the vector of its n-grams, where the model has those.
- A pair with an unknown word is left out, and counted. Equal scores share the mean of their
  ranks.
- Each figure is of what its own model was asked; a difference to the first model is of the
  questions and pairs that both were asked.

glove.6B.50d gives by these: analogies 49.7% (7,393 of 14,877; semantic 50.9, syntactic
48.9); Spearman .503 on WordSim-353, .652 on MEN, .340 on RW (1,782 of 2,034 pairs), .265 on
SimLex-999. Pearson's correlation on MEN is .657.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cospace.arguments import check_count
from cospace.encode.words import WordModel
from cospace.errors import BadArgument
from cospace.evaluate.encoding import ModelName, loaded, named_models
from cospace.evaluate.words.figures import Draws, agreement, analogies
from cospace.evaluate.words.report import Seeds, WordsReport, WordsResult, over_seeds
from cospace.evaluate.words.solving import pair_cosines, solve, text_cosines
from cospace.evaluate.words.sources import Sources, WordSource, read_sources
from cospace.measures.bootstrap import RESAMPLES
from cospace.progress import Meter, Watch, metered
from cospace.read import Failures

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cospace.encode import Encoder

__all__ = ["MOST", "words"]

MOST = 30_000


class _Answers(NamedTuple):
    """What one model answered to each file: of analogies, by section, and of pairs."""

    solved: list[dict[str, NDArray[np.int8]]]
    cosines: list[NDArray[np.float64]]


def words(
    models: Sequence[ModelName] | ModelName | Mapping[str, Sequence[ModelName]],
    source: WordSource,
    *,
    most: int = MOST,
    resamples: int = RESAMPLES,
    seed: int = 0,
    progress: Watch = None,
) -> WordsReport:
    """How many analogies each model solves, and how well its cosines of words agree with people.

    `source` is a file, a folder, or several (see `read_sources`). `models` are names, folders
    or encoders; a mapping names groups of models that were trained alike with other seeds, whose
    medians are in `report.groups`. `progress` counts the files of all models; its `stage` is the
    model. The conventions are those at the top of this module.

    An encoder that is no word model is measured on pairs alone: its words are texts.

    Intervals are of draws of questions and pairs. Questions of a section share words, so that
    the true uncertainty is larger; and they say nothing of another seed or corpus.

    Raises as `read_sources` and `cospace.load` do, and `BadArgument` where there are analogies
    alone and a model is no word model.

    >>> import tempfile, pathlib, numpy as np
    >>> from cospace.encode.words import WordVectors
    >>> rows = np.array([[1, 0, 1], [0, 1, 1], [1, 0, 0], [0, 1, 0]], np.float32)
    >>> table = WordVectors(["king", "queen", "man", "woman"], rows)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "questions.txt"
    ...     _ = file.write_text(": family\\nman woman king queen\\n")
    ...     report = words(WordModel.of(table, name="tiny"), file)
    >>> report.results[0].figures["questions all"]
    1.0
    """
    most = check_count("most", most)
    groups = models if isinstance(models, Mapping) else {}
    if not all(isinstance(group, Sequence) for group in groups.values()):
        raise BadArgument(f"models by group are lists of models, not {models!r:.60}")
    members = [model for group in groups.values() for model in group]
    named = named_models(members if isinstance(models, Mapping) else models)
    files = read_sources(source)
    ready = [(name, _ready(name, model, files)) for name, model in named]
    with metered(progress, len(ready) * len(files.all), "files") as meter:
        answers = [_answers(one, files, most, meter) for one in ready]
    draws = Draws(resamples, seed)
    results = {
        name: _result((name, encoder), files, mine, answers[0] if i else None, draws)
        for i, ((name, encoder), mine) in enumerate(zip(ready, answers, strict=True))
    }
    return WordsReport(
        files=tuple(one.name for one in files.all),
        most=most,
        resamples=resamples,
        seed=seed,
        notes=tuple(files.notes),
        failed=_failed(files),
        results=tuple(results.values()),
        groups=_seeds(groups, results),
    )


def _seeds(
    groups: Mapping[str, Sequence[ModelName]], results: Mapping[str, WordsResult]
) -> tuple[Seeds, ...]:
    return tuple(
        over_seeds(name, [results[one] for one, _ in named_models(list(members))])
        for name, members in groups.items()
    )


def _ready(name: str, model: ModelName, files: Sources) -> Encoder:
    encoder = loaded(model)
    if not isinstance(encoder, WordModel) and not files.ratings:
        raise BadArgument(
            f"{name} is no word model: analogies are asked of those. Name rated pairs too"
        )
    return encoder


def _answers(model: tuple[str, Encoder], files: Sources, most: int, meter: Meter) -> _Answers:
    done = _Answers([], [])
    meter.stage, encoder = model
    dim = encoder.space.dim
    for questions in files.questions:
        if isinstance(encoder, WordModel):
            done.solved.append(solve(encoder.table, questions.sections, most=most, dim=dim))
        meter.add()
    for ratings in files.ratings:
        if isinstance(encoder, WordModel):
            done.cosines.append(pair_cosines(encoder.table, ratings, most=most, dim=dim))
        else:
            done.cosines.append(text_cosines(encoder, ratings))
        meter.add()
    return done


def _result(
    model: tuple[str, Encoder], files: Sources, mine: _Answers, first: _Answers | None, draws: Draws
) -> WordsResult:
    name, encoder = model
    asked = files.questions if mine.solved else []
    return WordsResult(
        model=name,
        dim=encoder.space.dim,
        words=len(encoder) if isinstance(encoder, WordModel) else None,
        analogies=tuple(
            analogies(
                one.name, mine.solved[i], first.solved[i] if first and first.solved else None, draws
            )
            for i, one in enumerate(asked)
        ),
        pairs=tuple(
            agreement(one, mine.cosines[i], first.cosines[i] if first else None, draws)
            for i, one in enumerate(files.ratings)
        ),
    )


def _failed(files: Sources) -> Failures:
    """The lines of all files that could not be used."""
    failed = Failures()
    for one in files.all:
        for line in one.failed:
            failed.add(line.name, line.reason)
        for _ in range(one.failed.unlisted):
            failed.add(one.name, "a further line that cannot be used")
    return failed
