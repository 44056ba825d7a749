"""Logs: one JSON object a line, whoever writes."""

import json
import logging
from collections.abc import Iterator

import pytest

from process.logs import make_logger
from process.settings import level


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
