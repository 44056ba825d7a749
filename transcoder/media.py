"""[pure] Media types: what a request may send and what it must accept (RFC 9110 §8.3, §12.5.1)."""

from contract import headers
from contract.bounds import JSON_MEDIA_TYPE, body_media_types
from contract.problems import NOT_ACCEPTABLE, UNSUPPORTED_MEDIA_TYPE
from contract.vocabulary import Method
from transcoder.errors import ApiError


def check_content(method: Method, content_type: str | None, content_encoding: str | None) -> None:
    """Raise 415 unless a body of this type and encoding can be read."""
    types = body_media_types(method)
    if (content_encoding or "").strip().lower() not in ("", "identity") or not _is_json(content_type, types):
        field = headers.ACCEPT_PATCH if method is Method.PATCH else headers.ACCEPT.name
        raise ApiError(UNSUPPORTED_MEDIA_TYPE, supported=list(types), headers={field: ", ".join(types)})


def _is_json(content_type: str | None, types: tuple[str, ...]) -> bool:
    if content_type is None:
        return False
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if media_type not in types:
        return False
    return all(part in ("", "charset=utf-8", 'charset="utf-8"') for part in parameters)


def check_accept(accept: str | None) -> None:
    """Raise 406 when `Accept` excludes JSON; problems are sent whatever it says."""
    if accept is not None and accept.strip() and not _accepts_json(accept):
        raise ApiError(NOT_ACCEPTABLE, supported=[JSON_MEDIA_TYPE])


def _accepts_json(accept: str) -> bool:
    # The most specific range that matches decides, RFC 9110 §12.5.1.
    quality = {"*/*": 0.0, "application/*": 0.0, JSON_MEDIA_TYPE: 0.0}
    named: set[str] = set()
    for element in accept.split(","):
        media_range, *parameters = (part.strip().lower() for part in element.split(";"))
        if media_range in quality:
            named.add(media_range)
            quality[media_range] = max(quality[media_range], _quality(parameters))
    for media_range in (JSON_MEDIA_TYPE, "application/*", "*/*"):
        if media_range in named:
            return quality[media_range] > 0
    return False


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 1.0
    return 1.0
