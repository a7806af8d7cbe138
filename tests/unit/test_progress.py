"""Progress: one kind for every job. A function is told of each step; True draws a bar."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from cospace.errors import BadArgument
from cospace.progress import Meter, Progress, metered


def test_a_function_is_told_after_each_step() -> None:
    seen: list[Progress] = []
    with metered(seen.append, 5, "texts") as meter:
        meter.add(2)
        meter.add(3)
    assert [(2, 5), (5, 5)] == [(now.done, now.total) for now in seen]
    assert {"texts"} == {now.unit for now in seen}
    assert [0.4, 1.0] == [now.share for now in seen]


def test_without_a_total_there_is_no_share_and_no_time_left() -> None:
    seen: list[Progress] = []
    with metered(seen.append) as meter:
        meter.add(7)
    assert (7, None, None, None) == (
        seen[0].done,
        seen[0].total,
        seen[0].share,
        seen[0].seconds_left,
    )


def test_the_time_left_follows_from_the_rate() -> None:
    assert 30.0 == Progress(25, 100, per_second=2.5).seconds_left
    assert None is Progress(0, 100, per_second=0.0).seconds_left


def test_a_job_of_nothing_is_done() -> None:
    assert 1.0 == Progress(0, 0).share


@pytest.mark.parametrize("nothing", [False, None])
def test_nothing_is_shown_unless_it_is_asked_for(
    nothing: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    with metered(nothing, 3) as meter:
        meter.add(3)
    assert 3 == meter.done
    assert ("", "") == capsys.readouterr()


def test_true_draws_a_bar_on_stderr_with_the_rate_and_the_time_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with metered(True, 40, "texts") as meter:
        for _ in range(4):
            meter.add(10)
    shown = capsys.readouterr()
    assert "" == shown.out
    assert "/40" in shown.err
    assert "texts/s" in shown.err
    assert "<" in shown.err  # the time so far < the time left


def test_a_bar_says_the_stage_the_epoch_and_the_loss(capsys: pytest.CaptureFixture[str]) -> None:
    with metered(True, 4, "words") as meter:
        meter.stage = "glove"
        meter.at(3, epoch=2, epochs=3, loss=0.25)
    assert "glove, epoch 2/3, loss 0.250" in capsys.readouterr().err


def test_a_run_that_goes_on_counts_its_own_rate() -> None:
    seen: list[Progress] = []
    with metered(seen.append, 10, done=9) as meter:
        meter.add(1)
    [now] = seen
    assert 10 == now.done
    assert now.per_second * now.seconds == pytest.approx(1)


def test_a_meter_that_is_handed_on_is_added_to() -> None:
    seen: list[Progress] = []
    with metered(seen.append, 4, "texts") as whole:
        for _ in range(2):
            with metered(whole, 2, "others") as part:
                assert part is whole
                part.add(2)
    assert [(2, 4, "texts"), (4, 4, "texts")] == [(n.done, n.total, n.unit) for n in seen]


def test_what_a_function_raises_ends_the_job() -> None:
    def stop(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), metered(stop, 2) as meter:
        meter.add()
        pytest.fail("the step after it is not reached")


def test_threads_may_share_a_meter() -> None:
    meter = Meter()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: [meter.add() for _ in range(500)], range(8)))
    assert 4_000 == meter.done


@pytest.mark.parametrize("given", [1, 0, "yes", [], 2.5])
def test_anything_else_is_refused(given: object) -> None:
    with (
        pytest.raises(BadArgument, match="progress is True, False, or a function"),
        metered(given),  # type: ignore[arg-type]
    ):
        pytest.fail("not reached")
