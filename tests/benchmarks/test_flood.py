"""What the flood says and reads is HTTP/2 and HPACK, and what is reckoned from it is right."""

import pytest
from hpack import Decoder, Encoder

from benchmarks.flood import block_of, status_of
from benchmarks.flooding import Seen
from benchmarks.overload import back_after_s
from benchmarks.soak_stack import Sample, slope


def test_a_head_says_the_same_in_both_versions() -> None:
    token = "x" * 700
    head = f"POST /v1/contacts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nVersion: 2026-11-24"
    assert Decoder().decode(block_of(head.encode())) == [
        (":method", "POST"),
        (":path", "/v1/contacts"),
        (":scheme", "https"),
        (":authority", "localhost"),
        ("authorization", f"Bearer {token}"),
        ("version", "2026-11-24"),
    ]


@pytest.mark.parametrize("status", ["200", "201", "404", "429", "503"])
@pytest.mark.parametrize("huffman", [True, False])
def test_a_status_is_read_of_a_peer_without_a_table(status: str, huffman: bool) -> None:
    encoder = Encoder()
    encoder.header_table_size = 0
    block = encoder.encode([(":status", status), ("x-request-id", "1")], huffman=huffman)
    assert status_of(block) == int(status)


def seen(*answers: tuple[float, float, int]) -> Seen:
    return Seen(10.0, 0.0, 2.0, answers, {}, 1.0)


USUAL = [(due / 10, 0.01, 200) for due in range(20)]


def test_late_answers_are_no_good_ones() -> None:
    assert seen((0.0, 0.1, 200), (0.1, 2.5, 200), (0.2, 0.1, 503)).good == [0.1]


@pytest.mark.parametrize("odd", [(0.4, 0.01, 503), (0.4, 0.5, 200)])
def test_a_flood_is_over_when_the_last_is_served_as_usual(odd: tuple[float, float, int]) -> None:
    assert back_after_s(seen(*USUAL)) == 0.0
    assert back_after_s(seen(*USUAL, odd)) == 0.4
    assert back_after_s(seen(*USUAL, odd, (0.8, 0.5, 200))) == 0.8


def test_what_is_late_after_half_a_second_without_such_is_no_part_of_a_flood() -> None:
    assert back_after_s(seen(*USUAL, (0.4, 0.5, 200), (1.0, 0.5, 200))) == 0.4
    assert back_after_s(seen(*USUAL, (1.0, 0.5, 200))) == 0.0


def test_a_slope_is_that_of_the_line() -> None:
    grown, _ = slope([Sample("a", at_s, 1_000 + at_s, 0, 0) for at_s in range(0, 3_600, 60)])
    assert grown == pytest.approx(3_600)
