"""[pure] Neutral values to the forms of the authorization server, and its tokens and apps to records."""

from collections.abc import Callable

from contract.vocabulary import Json
from infra.stores import oauth_admin_messages as wire
from transcoder.backend.interface import Record, Values

Inward = Callable[[Values], dict[str, Json]]


def token_record(told: wire.Token) -> Record:
    """A token; the text is there once."""
    values = {
        "name": told.name,
        "scopes": told.scopes,
        "user_id": int(told.user),
        "expires_at": _ms(told.expires_at_s),
        "status": told.status,
        "last_used_at": _ms(told.last_used_at_s),
        "revoked_at": _ms(told.revoked_at_s),
        "created_by_id": _number(told.created_by),
        "created_at": _ms(told.created_at_s),
    }
    once = {} if told.token is None else {"token": told.token}
    return Record(told.number, told.revision, values | once, None)


def app_record(told: wire.App) -> Record:
    """An app; the secret is there once."""
    values = {
        "name": told.name,
        "kind": told.kind,
        "is_public": told.is_public,
        "redirect_uris": told.redirect_uris,
        "scopes": told.scopes,
        "service_role": told.service_role,
        "client_id": told.client_id,
        "service_user_id": _number(told.service_user),
        "secret_rotated_at": _ms(told.secret_rotated_at_s),
        "created_by_id": _number(told.created_by),
        "created_at": _ms(told.created_at_s),
    }
    once = {} if told.client_secret is None else {"client_secret": told.client_secret}
    return Record(told.number, told.revision, values | once, _ms(told.deleted_at_s))


def new_token(values: Values) -> dict[str, Json]:
    """What is wanted of a token."""
    user = values.get("user_id")
    return {
        "name": values["name"],
        "scopes": values["scopes"],
        "user": None if user is None else str(user),
        "expires_at_s": _seconds(values.get("expires_at")),
    }


def new_app(values: Values) -> dict[str, Json]:
    """What is wanted of an app."""
    return {name: values[name] for name in _NEW_APP if name in values}


_NEW_APP = ("name", "kind", "scopes", "is_public", "redirect_uris", "service_role")


def app_changes(values: Values) -> dict[str, Json]:
    """What is to be changed of an app: every member that may be is called there as it is here."""
    return dict(values)


def rotation(values: Values) -> dict[str, Json]:
    """How another one takes the place."""
    return {"overlap_s": values.get("overlap_seconds") or 0, "expires_at_s": _seconds(values.get("expires_at"))}


def _ms(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * 1000


def _seconds(ms: int | None) -> int | None:
    return None if ms is None else ms // 1000


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)
