"""[pure] Media types: what a request may send and what it must accept (RFC 9110 §8.3, §12.5.1)."""

from contract import headers
from contract.operations import body_media_types
from contract.problems import NOT_ACCEPTABLE, UNSUPPORTED_MEDIA_TYPE
from contract.size_and_time_limits import IDENTITY_CODING, JSON_MEDIA_TYPE
from contract.vocabulary import Method
from transcoder.presentation.errors import ApiError

_ANYTHING = (None, "*/*", JSON_MEDIA_TYPE)
"""What nearly all accept."""


def check_content(method: Method, content_type: str | None, content_encoding: str | None) -> None:
    """Raise 415 unless a body of this type and encoding can be read."""
    if content_type == JSON_MEDIA_TYPE and content_encoding is None:
        return  # what nearly all say
    types = body_media_types(method)
    is_coded = (content_encoding or "").strip().lower() not in ("", IDENTITY_CODING)
    if is_coded or not _is_json(content_type, types):
        field = headers.ACCEPT_PATCH if method is Method.PATCH else headers.ACCEPT.name
        told = {field: ", ".join(types)}
        if is_coded:
            told[headers.ACCEPT_ENCODING] = IDENTITY_CODING  # that the type was right is seen by this alone
        raise ApiError(UNSUPPORTED_MEDIA_TYPE, supported=list(types), headers=told)


def _is_json(content_type: str | None, types: tuple[str, ...]) -> bool:
    if content_type is None:
        return False
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if media_type not in types:
        return False
    return all(part in ("", "charset=utf-8", 'charset="utf-8"') for part in parameters)


def check_accept(accept: str | None) -> None:
    """Raise 406 when `Accept` excludes JSON; problems are sent whatever it says."""
    if accept not in _ANYTHING and preferred(accept or "", (JSON_MEDIA_TYPE,)) is None:
        raise ApiError(NOT_ACCEPTABLE, supported=[JSON_MEDIA_TYPE])


def preferred(accept: str, offered: tuple[str, ...]) -> str | None:
    """What an `Accept` likes best of what is offered, the first of equals; None when it excludes all."""
    if not accept.strip():
        return offered[0]
    liked = {media_type: _liking(accept, media_type) for media_type in offered}
    best = max(liked, key=lambda media_type: liked[media_type])
    return best if liked[best] > 0 else None


def _liking(accept: str, media_type: str) -> float:
    # The most specific range that matches decides, RFC 9110 §12.5.1.
    ranges = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    quality: dict[str, float] = {}
    for element in accept.split(","):
        media_range, *parameters = (part.strip().lower() for part in element.split(";"))
        if media_range in ranges:
            quality[media_range] = max(quality.get(media_range, 0.0), _quality(parameters))
    return next((quality[media_range] for media_range in ranges if media_range in quality), 0.0)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 1.0
    return 1.0
