"""What must hold of the reading of an answer, whatever bytes come and however they are cut."""

from infra.httpclient.errors import NoResponse
from infra.httpclient.response_parser import Reply, ResponseParser

MAX_BODY_BYTES = 1000
Outcome = Reply | type[NoResponse]
_FOR_HEAD = 0x80


def read(*pieces: bytes, to_head: bool = False) -> Outcome:
    """What comes of them, and of the end of the connection behind them."""
    reading = ResponseParser(max_body_bytes=MAX_BODY_BYTES, to_head=to_head)
    try:
        for piece in pieces:
            reading.feed(piece)
            if reading.reply is not None:
                return reading.reply
        reading.on_eof()
    except NoResponse as trouble:
        return type(trouble)
    assert reading.reply is not None
    return reading.reply


def judge(data: bytes) -> Outcome:
    """Read what follows the first byte, which says in which pieces, and whether to a HEAD; see that it is right."""
    to_head, size = bool(data[:1] >= b"\x80"), (data[:1] or b"\0")[0] & ~_FOR_HEAD
    answer = data[1:]
    whole = read(answer, to_head=to_head)
    if size:
        assert read(*(answer[at : at + size] for at in range(0, len(answer), size)), to_head=to_head) == whole
    if isinstance(whole, Reply):
        assert 200 <= whole.status < 600
        assert len(whole.body) <= MAX_BODY_BYTES
        assert not (whole.body and (to_head or whole.status in (204, 304)))
    return whole
