"""Logs: one JSON object a line, whoever writes."""

import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime

import pytest

from process.logs import Lines, make_logger, say_soon
from process.settings import level
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def _root_logger_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, was = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(was)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_is_an_object_with_its_service_event_level_and_time(capsys: pytest.CaptureFixture[str]) -> None:
    make_logger("thing", level("info")).info("request", trace_id="t", detail="two\nlines, Zoë")
    (line,) = lines(capsys)
    assert line.pop("at")
    assert line == {
        "service": "thing",
        "event": "request",
        "level": "info",
        "trace_id": "t",
        "detail": "two\nlines, Zoë",
    }


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    log = make_logger("thing", level("warning"))
    log.info("quiet")
    log.warning("loud")
    assert [line["event"] for line in lines(capsys)] == ["loud"]


def test_a_traceback_is_one_member_of_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    log = make_logger("thing", level("info"))
    try:
        raise ValueError("broken")
    except ValueError:
        log.exception("unhandled", trace_id="t")
    (line,) = lines(capsys)
    assert "ValueError: broken" in str(line["exception"])


def test_libraries_write_in_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    make_logger("thing", level("info"))
    logging.getLogger("some.library").warning("odd: %s", 5)
    logging.getLogger("some.library").info("chatter")
    (line,) = lines(capsys)
    assert (line["event"], line["level"]) == ("odd: 5", "warning")


@pytest.mark.parametrize("text", ["", "INFO", "trace", "20"])
def test_refuses_a_level(text: str) -> None:
    with pytest.raises(ValueError, match="level"):
        level(text)


async def test_a_line_said_soon_has_the_form_of_any_other(capsys: pytest.CaptureFixture[str]) -> None:
    sink = Lines(sys.stdout)
    make_logger("thing", level("info"), lines=sink).info("request", trace_id="t", status=200)
    say_soon("thing", level("info"), sink)("request", trace_id="t", status=200)
    sink.flush()
    told, said = lines(capsys)
    assert list(said) == list(told)
    assert said | {"at": ""} == told | {"at": ""}
    assert abs(datetime.fromisoformat(str(said["at"])) - datetime.fromisoformat(str(told["at"]))).total_seconds() < 60


async def test_lines_said_soon_leave_together_and_by_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    sink = Lines(sys.stdout)
    say = say_soon("thing", level("info"), sink)
    say("first")
    say("second")
    assert lines(capsys) == []
    told: list[dict[str, object]] = []
    await until(lambda: bool(told.extend(lines(capsys)) or told), "the lines")
    assert [line["event"] for line in told] == ["first", "second"]


async def test_what_is_said_at_once_comes_after_what_waits(capsys: pytest.CaptureFixture[str]) -> None:
    sink = Lines(sys.stdout)
    log = make_logger("thing", level("info"), lines=sink)
    say_soon("thing", level("info"), sink)("first")
    log.error("second")
    assert [line["event"] for line in lines(capsys)] == ["first", "second"]


async def test_a_great_many_do_not_wait(capsys: pytest.CaptureFixture[str]) -> None:
    say = say_soon("thing", level("info"), Lines(sys.stdout))
    for _ in range(1_000):
        say("event")
    assert len(lines(capsys)) == 1_000


async def test_what_is_not_to_be_told_is_not_said_soon_either(capsys: pytest.CaptureFixture[str]) -> None:
    sink = Lines(sys.stdout)
    say_soon("thing", level("warning"), sink)("event")
    sink.flush()
    assert lines(capsys) == []
