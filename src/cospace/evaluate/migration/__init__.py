"""Migration: may a collection change to another model? A measured gate, and bridges until then.

    questions --- gate (compare_models) --- a verdict that its interval bears
            \\---- bridges: rescoring, and a map of questions, each with its share of the new model

Both take two collections of the same items, in two models, and only read them.
"""

from __future__ import annotations

from cospace.evaluate.migration.bridges import Bridge, map_bridge, rescoring_bridge
from cospace.evaluate.migration.gate import Part, Verdict, compare_models
from cospace.evaluate.migration.judged import JudgedMigration, judge_migration
from cospace.evaluate.migration.questionmap import QuestionMap, learn_question_map
from cospace.evaluate.migration.rescoring import rescored

__all__ = [
    "Bridge",
    "JudgedMigration",
    "Part",
    "QuestionMap",
    "Verdict",
    "compare_models",
    "judge_migration",
    "learn_question_map",
    "map_bridge",
    "rescored",
    "rescoring_bridge",
]
