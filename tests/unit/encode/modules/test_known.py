"""What is known of published models: the prompts that each card asks for."""

import pytest

from cospace.encode.modules.known import known

E5 = [f"{kind}e5-{size}" for kind in ("", "multilingual-") for size in ("small", "base", "large")]


@pytest.mark.parametrize("name", [*E5, "e5-small-v2"])
def test_e5_has_its_prompts(name: str) -> None:
    for spelled in (f"intfloat/{name}", name):
        facts = known(spelled)
        assert facts is not None
        assert ("query: ", "passage: ", "mean") == (facts.query, facts.document, facts.pooling)


@pytest.mark.parametrize("name", ["intfloat/e5-mistral-7b-instruct", "other/multilingual-e5-small"])
def test_others_have_none(name: str) -> None:
    assert known(name) is None
