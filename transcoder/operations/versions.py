"""Which versions there are and what changed with each. Asks nobody."""

from contract.versions import VERSIONS, Version
from contract.vocabulary import Json
from transcoder.operations.call import Answer
from transcoder.presentation.to_public import encode, instant_text


def _status(version: Version, now_s: int) -> str:
    if version.is_retired(now_s):
        return "retired"
    if version.is_deprecated(now_s):
        return "deprecated"
    return "current" if version is VERSIONS[0] else "supported"


def _instant(at_s: int | None) -> Json:
    return None if at_s is None else instant_text(at_s * 1000)


def answer(now_s: int) -> Answer:
    """200, newest first."""
    rows = [
        {
            "version": version.date,
            "status": _status(version, now_s),
            "deprecated_at": _instant(version.deprecated_at_s),
            "sunset_at": _instant(version.sunset_at_s),
            "changes": [
                {"resources": [change.resource.name], "description": change.description} for change in version.changes
            ],
        }
        for version in VERSIONS
    ]
    return Answer(200, encode({"data": rows, "meta": {"cursor": {"next": None, "has_more": False}}}))
