"""CLIP's tokenizer, held to open_clip's SimpleTokenizer."""

# ruff: noqa: RUF001 - the odd characters are what is tested

import gzip
import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

tokenizers = pytest.importorskip("tokenizers", reason="the tokenizer is for this library")
pytest.importorskip("torch", reason="the reference and its neighbours import torch")

from tiny_imagebind import merges  # noqa: E402

from cospace.encode.modules.bpe import (  # noqa: E402
    CONTEXT,
    MERGES,
    find_tokenizer,
    tokenizer_json,
)
from cospace.errors import ModelDamaged, ModelNotFound  # noqa: E402

END = 49_407


@pytest.fixture(scope="module")
def ours() -> Any:
    tokenizer = tokenizers.Tokenizer.from_str(tokenizer_json(merges()).decode())
    tokenizer.enable_truncation(CONTEXT)
    return tokenizer


@pytest.fixture(scope="module")
def reference() -> Any:
    """open_clip's own, from its file: the package as a whole needs torchvision."""
    pytest.importorskip("ftfy", reason="open_clip's tokenizer repairs texts with it")
    pytest.importorskip("regex", reason="open_clip's tokenizer splits words with it")
    merges()  # skips where the package is not installed
    [root] = importlib.util.find_spec("open_clip").submodule_search_locations  # type: ignore[union-attr]
    spec = importlib.util.spec_from_file_location("reference_bpe", f"{root}/tokenizer.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.SimpleTokenizer()


def tokens(reference: Any, text: str) -> list[int]:
    ids = reference([text])[0].tolist()
    return ids[: ids.index(END) + 1]


@pytest.mark.parametrize(
    "text",
    [
        "a red chair", "Hello, WORLD!! it's 2023", "don't they've I'm he'll we'd O'Neill's",
        "Žluťoučký kůň — 東京の静かな朝 🚲", "naïve café  ÉCLAIR", "tabs\tand\nnew\r\nlines  ",
        "👩‍👩‍👧‍👦 family 🇩🇪 🏳️‍🌈", "İstanbul I", "straße STRASSE ẞ", "e\u0301 combining",
        "ไทย हिन्दी العربية עברית", "½ ² Ⅷ ٣", "\u200b zero\u200bwidth", "'S 'T",
        "“quoted” – “curly” ‘quotes’ it’s", "x\u00a0y\u3000z", "ﬁne ﬂour oﬀ aﬃx",
        "&amp; &lt;b&gt; &quot;q&quot; &#39;s a&nbsp;b &amp;lt;", "a_b-c/d\\\\e", "...!!!???",
        "1234567 12.5% 3,000", "\ufeffbom", "", " ", "a" * 300, "word " * 200, "🚲" * 90,
        "the quick brown fox jumps over the lazy dog " * 9,
    ],
)  # fmt: skip
def test_texts_give_the_tokens_of_the_reference(ours: Any, reference: Any, text: str) -> None:
    assert tokens(reference, text) == ours.encode(text).ids


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"], exclude_characters="<&")))
def test_every_ascii_text_gives_the_tokens_of_the_reference(
    ours: Any, reference: Any, text: str
) -> None:
    assert tokens(reference, text) == ours.encode(text).ids


@pytest.mark.parametrize(
    ("text", "seen_as"),
    [
        ("１２３", "１２３"),  # ftfy writes full-width letters as plain ones
        ("Ã©", "Ã©"),  # and mends what was decoded wrongly
        ("&eacute;", "& eacute ;"),  # an entity outside of the common ones
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),  # a final sigma is not one at the end of a word
    ],
)
def test_where_ours_differs_is_known(ours: Any, reference: Any, text: str, seen_as: str) -> None:
    assert ours.encode(seen_as).ids == ours.encode(text).ids
    assert tokens(reference, text) != ours.encode(text).ids


def test_a_text_cannot_end_itself(ours: Any) -> None:
    ids = ours.encode("a <|endoftext|> b <|startoftext|> c").ids
    assert [49_406, END] == [i for i in ids if i >= 49_406]


def test_a_folder_gives_its_tokenizer_or_the_one_of_its_merges(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="open_clip_torch"):
        find_tokenizer(tmp_path)
    (tmp_path / MERGES).write_bytes(merges())
    made = find_tokenizer(tmp_path)
    assert made == tokenizer_json(gzip.decompress(merges()))
    (tmp_path / "tokenizer.json").write_bytes(made + b" ")
    assert made + b" " == find_tokenizer(tmp_path)


@pytest.mark.parametrize(
    "data", [b"", b"\x1f\x8bno", b"\xff\xfe", b"remark\na b\n", b"r\n" + b"abc\n" * 60_000]
)
def test_other_merges_are_refused(data: bytes) -> None:
    with pytest.raises(ModelDamaged, match="merges file"):
        tokenizer_json(data)


def test_other_tokenizers_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    small = json.loads(tokenizers.Tokenizer(tokenizers.models.BPE()).to_str())
    for data in (b"", b"{}", b"[" * 5_000, json.dumps(small).encode()):
        file.write_bytes(data)
        with pytest.raises(ModelDamaged, match=r"tokenizer\.json"):
            find_tokenizer(tmp_path)
