"""[pure] The three ways in which there may be no answer, told apart by what the server may have done."""


class NoResponse(Exception):
    """There is none; the text says why, for a log."""


class Unreachable(NoResponse):
    """There was no connection: nothing of the request has left."""


class ConnectionDropped(NoResponse):
    """The connection ended before an answer had begun: the request may have been carried out, or never been read."""


class InvalidResponse(NoResponse):
    """What came is no answer, or not the whole of one."""
