"""What vectors are good for besides search: classify, cluster, recommend, senses of a word.

    a collection, or labelled photos -- gather --> Material -- classify, cluster --> a report
    stored items + sessions ----------------------------------- recommend ---------> items
    a corpus + a word ----------------------------------------- senses ------------> groups

Each says how good it is on what was held out, beside chance.
"""

from __future__ import annotations

from cospace.lazy import lazy

__all__ = [
    "Classified", "Clustered", "Material", "Recommended", "Senses", "Sessions", "classify",
    "cluster", "gather", "recommend", "senses",
]  # fmt: skip

_HOME = {
    "Classified": "classify.report",
    "Clustered": "cluster.report",
    "Material": "material",
    "Recommended": "recommend.recommending",
    "Senses": "senses.report",
    "Sessions": "recommend.sessions",
    "classify": "classify.classifying",
    "cluster": "cluster.clustering",
    "gather": "material",
    "recommend": "recommend.recommending",
    "senses": "senses.finding",
}

__getattr__ = lazy(__name__, _HOME)
