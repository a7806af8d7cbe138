import threading

import pytest

from cospace.encode.engines.threads import pool, submit
from cospace.errors import BadArgument
from cospace.limits import TABLE, limit, override


def test_every_row_is_whole() -> None:
    for name, row in TABLE.items():
        assert name == row.name
        assert name.islower()
        assert row.default > 0
        assert row.unit
        assert row.help
        assert row.default == limit(name)


def test_the_environment_and_a_block_override_in_this_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COSPACE_LIMIT_MAX_K", "7")
    assert 7 == limit("max_k")
    with override(max_k=5, dim=3):
        assert (5, 3) == (limit("max_k"), limit("dim"))
        with override(max_k=0):
            assert (0, 3) == (limit("max_k"), limit("dim"))
        assert 5 == limit("max_k")
    assert 7 == limit("max_k")


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "1e3", "0x10", " "])
def test_an_environment_that_is_no_number_is_refused(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COSPACE_LIMIT_MAX_K", text)
    with pytest.raises(BadArgument, match=r"COSPACE_LIMIT_MAX_K is .*a whole number of hits"):
        limit("max_k")


def test_a_block_ends_with_an_exception_too() -> None:
    with pytest.raises(RuntimeError), override(max_k=5):
        raise RuntimeError
    assert TABLE["max_k"].default == limit("max_k")


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(BadArgument, match="'max_j'"), override(max_j=5):
        pass
    with pytest.raises(KeyError):
        limit("max_j")


def test_other_threads_are_untouched_and_ours_take_it_along() -> None:
    seen: list[int] = []
    with override(max_k=5):
        thread = threading.Thread(target=lambda: seen.append(limit("max_k")))
        thread.start()
        thread.join()
        with pool(1) as threads:
            assert 5 == submit(threads, limit, "max_k").result()
    assert [TABLE["max_k"].default] == seen
