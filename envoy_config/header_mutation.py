"""What happens to a caller's headers before anything reads them (`early_header_mutation`)."""

from contract.headers import (
    CLIENT_REQUEST_ID,
    INTERNAL_PREFIXES,
    NOT_FOR_CALLERS,
    OVERSIZED,
    RATE_HEADERS,
    REQUEST_ID,
    WITH_TRACE,
    Header,
)
from contract.size_and_time_limits import MAX_HEADER_BYTES, MAX_HEADERS
from envoy_config.proto import Yaml, extension, overwrite_headers

CLIENT_REQUEST_ID_CHARACTERS = 128


def early_header_mutation() -> Yaml:
    """The extension. The order matters: forgeries go first, then the caller's own id moves to where logs find it."""
    mutations = [
        *({"remove_on_match": {"key_matcher": {"prefix": prefix}}} for prefix in INTERNAL_PREFIXES),
        *({"remove": name} for name in (*RATE_HEADERS, *WITH_TRACE)),
        *({"remove": header.name} for header in NOT_FOR_CALLERS if header != REQUEST_ID),
        _set(CLIENT_REQUEST_ID, _printable(REQUEST_ID)),
        {"remove": REQUEST_ID.name},
        _set(OVERSIZED, _too_large()),
    ]
    return extension(
        "envoy.http.early_header_mutation.header_mutation",
        "envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
        mutations=mutations,
    )


def _set(header: Header, expression: str) -> Yaml:
    """Set to what a CEL expression gives; where that is the empty string, the header stays as it is."""
    [option] = overwrite_headers({header.name: f"%CEL({expression})%"})
    return {"append": option}


def _printable(header: Header) -> str:
    """The header, where it can stand in a log as it is."""
    value = _value(header)
    return _when(header, f'size({value}) <= {CLIENT_REQUEST_ID_CHARACTERS} && {value}.matches("^[ -~]+$")', value)


def _too_large() -> str:
    """Over HTTP/2 the codec's own limit ends in a reset: it stands higher, and what lies between gets an answer."""
    size = "request.total_size - request.size"
    return f'{size} > {MAX_HEADER_BYTES} || size(request.headers) > {MAX_HEADERS} ? "yes" : ""'


def _when(header: Header, test: str, then: str) -> str:
    return f'"{header.name}" in request.headers && {test} ? {then} : ""'


def _value(header: Header) -> str:
    return f'request.headers["{header.name}"]'
