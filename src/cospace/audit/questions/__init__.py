"""What a log of questions says of a collection: outside of it, never found, and a score floor."""

from cospace.audit.questions.log import read_log
from cospace.audit.questions.measure import Asked, measure_questions

__all__ = ["Asked", "measure_questions", "read_log"]
