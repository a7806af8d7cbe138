"""What vectors are good for besides search: classify, cluster, recommend, senses of a word.

    a collection, or labelled photos -- gather --> Material -- classify, cluster --> a report
    stored items, and sessions -------------------------------- recommend ---------> items
    a corpus and a word --------------------------------------- senses ------------> groups

Each says how good it is on what was held out, beside chance.
"""

from __future__ import annotations

from cospace.tasks.classify import Classified, classify
from cospace.tasks.cluster import Clustered, cluster
from cospace.tasks.material import Material, gather
from cospace.tasks.recommend import Recommended, Sessions, recommend
from cospace.tasks.senses import Senses, senses

__all__ = [
    "Classified",
    "Clustered",
    "Material",
    "Recommended",
    "Senses",
    "Sessions",
    "classify",
    "cluster",
    "gather",
    "recommend",
    "senses",
]
