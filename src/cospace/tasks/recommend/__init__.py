"""More like these, less like those; and what goes with them in sessions."""

from __future__ import annotations

from cospace.tasks.recommend.learning import Learnt, learn
from cospace.tasks.recommend.recommending import Recommendation, Recommended, recommend
from cospace.tasks.recommend.sessions import Sessions

__all__ = ["Learnt", "Recommendation", "Recommended", "Sessions", "learn", "recommend"]
