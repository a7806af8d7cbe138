"""What is known of published models beyond their files: prompts by role, pooling, Matryoshka.

Facts from each model's card. A model that is not listed has its prompts from its own files, or
none; then it says that they are unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Known", "known"]


@dataclass(frozen=True)
class Known:
    """One row: models of `organisation` whose names match `pattern`, and what they need."""

    organisation: str
    pattern: str
    query: str = ""
    document: str = ""
    pooling: str = "mean"
    matryoshka: tuple[int, ...] = ()


_PASSAGES = "Represent this sentence for searching relevant passages: "
_PASSAGES_ZH = "为这个句子生成表示以用于检索相关文章："  # noqa: RUF001 - their colon
_QWEN = (
    "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
)

# In each row: the organisation, and a pattern of its models' names. The first match counts.
_TABLE = (
    Known("sentence-transformers", r"(all|multi-qa|paraphrase|msmarco|nli|stsb|gtr|sentence)-.*"),
    Known("BAAI", r"bge-m3", pooling="cls"),
    Known("BAAI", r"bge-(small|base|large)-en(-v1\.5)?", query=_PASSAGES, pooling="cls"),
    Known("BAAI", r"bge-(small|base|large)-zh(-v1\.5)?", query=_PASSAGES_ZH, pooling="cls"),
    Known("intfloat", r"(multilingual-)?e5-(small|base|large)(-v2)?", "query: ", "passage: "),
    Known("thenlper", r"gte-(small|base|large)(-zh)?"),
    Known("Alibaba-NLP", r"gte-(modernbert|multilingual)-base", pooling="cls"),
    Known("mixedbread-ai", r"mxbai-embed-.*", query=_PASSAGES, pooling="cls",
          matryoshka=(1024, 512, 256, 128, 64)),
    Known("Snowflake", r"snowflake-arctic-embed-(xs|s|m|m-long|l)", query=_PASSAGES, pooling="cls"),
    Known("Snowflake", r"snowflake-arctic-embed-m-v1\.5", query=_PASSAGES, pooling="cls",
          matryoshka=(768, 256)),
    Known("Snowflake", r"snowflake-arctic-embed-[ml]-v2\.0", query="query: ", pooling="cls",
          matryoshka=(1024, 768, 256)),
    Known("nomic-ai", r"nomic-embed-text-v1", "search_query: ", "search_document: "),
    Known("nomic-ai", r"nomic-embed-text-v1\.5", "search_query: ", "search_document: ",
          matryoshka=(768, 512, 256, 128, 64)),
    Known("nomic-ai", r"modernbert-embed-base", "search_query: ", "search_document: ",
          matryoshka=(768, 256)),
    Known("google", r"embeddinggemma-300m", "task: search result | query: ",
          "title: none | text: ", matryoshka=(768, 512, 256, 128)),
    Known("Qwen", r"Qwen3-Embedding-0\.6B", query=_QWEN, pooling="lasttoken",
          matryoshka=(1024, 768, 512, 256, 128, 64, 32)),
    Known("ibm-granite", r"granite-embedding-.*", pooling="cls"),
)  # fmt: skip


def known(name: str) -> Known | None:
    """The row for "org/name", or for a bare name whatever its organisation; None if unknown.

    >>> known("intfloat/e5-small-v2").query
    'query: '
    >>> known("my-own-model") is None
    True
    """
    organisation, _, model = name.rpartition("/")
    for row in _TABLE:
        same = not organisation or organisation.lower() == row.organisation.lower()
        if same and re.fullmatch(row.pattern, model, re.IGNORECASE):
            return row
    return None
