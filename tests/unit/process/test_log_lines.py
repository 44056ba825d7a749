"""Logs: one JSON object a line, whoever writes."""

import json
import logging
import os
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from infra.process.logs import LineBuffer, Output, deferred_logger, make_logger
from infra.process.settings import parse_log_level
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def _root_logger_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, was = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(was)


def lines(capfd: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_a_line_is_an_object_with_its_service_event_level_and_time(capfd: pytest.CaptureFixture[str]) -> None:
    make_logger("thing", parse_log_level("info")).info("request", trace_id="t", detail="two\nlines, Zoë")
    (line,) = lines(capfd)
    assert line.pop("at")
    assert line == {
        "service": "thing",
        "event": "request",
        "level": "info",
        "trace_id": "t",
        "detail": "two\nlines, Zoë",
    }


def test_what_is_below_the_level_is_not_written(capfd: pytest.CaptureFixture[str]) -> None:
    log = make_logger("thing", parse_log_level("warning"))
    log.info("quiet")
    log.warning("loud")
    assert [line["event"] for line in lines(capfd)] == ["loud"]


def test_a_traceback_is_one_member_of_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    log = make_logger("thing", parse_log_level("info"))
    try:
        raise ValueError("broken")
    except ValueError:
        log.exception("unhandled", trace_id="t")
    (line,) = lines(capfd)
    assert "ValueError: broken" in str(line["exception"])


def test_libraries_write_in_the_same_form(capfd: pytest.CaptureFixture[str]) -> None:
    make_logger("thing", parse_log_level("info"))
    logging.getLogger("some.library").warning("odd: %s", 5)
    logging.getLogger("some.library").info("chatter")
    (line,) = lines(capfd)
    assert (line["event"], line["level"]) == ("odd: 5", "warning")


@pytest.mark.parametrize("text", ["", "INFO", "trace", "20"])
def test_refuses_a_level(text: str) -> None:
    with pytest.raises(ValueError, match="level"):
        parse_log_level(text)


async def test_a_line_said_soon_has_the_form_of_any_other(capsys: pytest.CaptureFixture[str]) -> None:
    sink = LineBuffer(sys.stdout)
    make_logger("thing", parse_log_level("info"), lines=sink).info("request", trace_id="t", status=200)
    deferred_logger("thing", parse_log_level("info"), sink)("request", trace_id="t", status=200)
    sink.flush()
    told, said = lines(capsys)
    assert list(said) == list(told)
    assert said | {"at": ""} == told | {"at": ""}
    assert abs(datetime.fromisoformat(str(said["at"])) - datetime.fromisoformat(str(told["at"]))).total_seconds() < 60


async def test_lines_said_soon_leave_together_and_by_themselves(capsys: pytest.CaptureFixture[str]) -> None:
    sink = LineBuffer(sys.stdout)
    say = deferred_logger("thing", parse_log_level("info"), sink)
    say("first")
    say("second")
    assert lines(capsys) == []
    told: list[dict[str, object]] = []
    await until(lambda: bool(told.extend(lines(capsys)) or told), "the lines")
    assert [line["event"] for line in told] == ["first", "second"]


async def test_what_is_said_at_once_comes_after_what_waits(capsys: pytest.CaptureFixture[str]) -> None:
    sink = LineBuffer(sys.stdout)
    log = make_logger("thing", parse_log_level("info"), lines=sink)
    deferred_logger("thing", parse_log_level("info"), sink)("first")
    log.error("second")
    assert [line["event"] for line in lines(capsys)] == ["first", "second"]


async def test_a_great_many_do_not_wait(capsys: pytest.CaptureFixture[str]) -> None:
    say = deferred_logger("thing", parse_log_level("info"), LineBuffer(sys.stdout))
    for _ in range(1_000):
        say("event")
    assert len(lines(capsys)) == 1_000


async def test_what_is_not_to_be_told_is_not_said_soon_either(capsys: pytest.CaptureFixture[str]) -> None:
    sink = LineBuffer(sys.stdout)
    deferred_logger("thing", parse_log_level("warning"), sink)("event")
    sink.flush()
    assert lines(capsys) == []


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """Its ends, to read from and to write to."""
    ends = os.pipe()
    yield ends
    for each in ends:
        os.close(each)


def fill(output: Output, text: str = "x" * 1023) -> int:
    """Lines until one is dropped; how many there was room for."""
    written = 0
    while not output.dropped:
        output.write(f"{text}\n")
        written += not output.dropped
    return written


def test_a_pipe_that_nobody_reads_keeps_nobody_waiting_and_what_is_dropped_is_counted(pipe: tuple[int, int]) -> None:
    output = Output(pipe[1])
    fits = fill(output)
    output.write("also too much\n")
    assert output.dropped == 2
    assert os.read(pipe[0], 1 << 20) == fits * (b"x" * 1023 + b"\n")
    output.write("read again\n")
    assert (output.dropped, os.read(pipe[0], 1 << 20)) == (2, b"read again\n")


def test_what_follows_a_line_without_its_end_begins_a_line_of_its_own(pipe: tuple[int, int]) -> None:
    output = Output(pipe[1])
    output.write("x" * (1 << 20) + "\n")
    assert output.dropped == 1
    output.write("dropped whole\n")
    os.read(pipe[0], 1 << 20)
    output.write("whole\n")
    assert (output.dropped, os.read(pipe[0], 1 << 20)) == (2, b"\nwhole\n")
    output.write("next\n")
    assert os.read(pipe[0], 1 << 20) == b"next\n"


def test_a_long_line_goes_out_whole_where_there_is_room(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as file:
        Output(file.fileno()).write("x" * 100_000 + "\n")
    assert (tmp_path / "log").read_bytes() == b"x" * 100_000 + b"\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_disk_is_counted_and_nothing_else() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        output = Output(full.fileno())
        output.write("a line\n")
        output.write("a line\n")
    assert output.dropped == 2


def test_a_reader_that_has_gone_is_counted_and_nothing_else() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    output = Output(writer)
    output.write("a line\n")
    os.close(writer)
    assert output.dropped == 1
