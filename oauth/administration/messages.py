"""Administration on the wire: what is asked, out of its form; tokens, apps and refusals, into theirs."""

from typing import assert_never

import msgspec

from contract.vocabulary import Json, UserId
from infra.stores import oauth_admin_messages as forms
from oauth.administration import Deleted, InvalidFields, NotFound, Rejection, RuleBroken, Stale, TryAgain
from oauth.administration.apps import AppRequest, Registered
from oauth.administration.pats import CreatedPat, PatRequest
from oauth.protocol.clients import ClientKind
from oauth.protocol.scopes import ordered
from oauth.store.apps import StoredApp
from oauth.store.pats import Pat


def new_pat(asked: forms.CreateToken) -> PatRequest:
    """What is wanted of a token."""
    user = None if asked.user is None else UserId(int(asked.user))
    return PatRequest(asked.name, ordered(asked.scopes), user, asked.expires_at_s)


def new_app(asked: forms.CreateApp) -> AppRequest:
    """What is wanted of an app."""
    return AppRequest(
        name=asked.name,
        kind=ClientKind(asked.kind),
        scope=ordered(asked.scopes),
        is_public=asked.is_public,
        redirect_uris=None if asked.redirect_uris is None else tuple(asked.redirect_uris),
        service_role=asked.service_role,
    )


def app_changes(asked: forms.UpdateApp) -> dict[str, Json]:
    """What is to be changed, by the names of `Client`."""
    changes: dict[str, Json] = {}
    if asked.name is not msgspec.UNSET:
        changes["name"] = asked.name
    if asked.scopes is not msgspec.UNSET:
        changes["scope"] = ordered(asked.scopes)
    if asked.redirect_uris is not msgspec.UNSET:
        changes["redirect_uris"] = tuple(asked.redirect_uris)
    if asked.service_role is not msgspec.UNSET:
        changes["service_role"] = asked.service_role
    return changes


def token(pat: Pat, now_s: int, text: str | None = None) -> forms.Token:
    """A token; with its text, this once."""
    return forms.Token(
        number=pat.number,
        revision=pat.revision,
        name=pat.name,
        scopes=list(pat.scope),
        user=str(pat.user),
        status=pat.status(now_s),
        created_at_s=pat.created_at_s,
        expires_at_s=pat.expires_at_s,
        created_by=_number(pat.created_by),
        last_used_at_s=pat.last_used_at_s,
        revoked_at_s=pat.revoked_at_s,
        token=text,
    )


def app(kept: StoredApp, secret: str | None = None) -> forms.App:
    """An app; with its secret, this once."""
    client = kept.client
    return forms.App(
        number=client.number,
        revision=kept.revision,
        name=client.name,
        kind=client.kind.value,
        is_public=client.is_public,
        redirect_uris=list(client.redirect_uris),
        scopes=list(client.scope),
        client_id=client.id,
        created_at_s=kept.created_at_s,
        service_role=client.service_role,
        service_user=_number(client.service_user),
        secret_rotated_at_s=kept.secret_rotated_at_s,
        created_by=_number(kept.created_by),
        deleted_at_s=kept.deleted_at_s,
        client_secret=secret,
    )


Outcome = Pat | CreatedPat | StoredApp | Registered | Rejection


def to_message(outcome: Outcome, now_s: int) -> forms.Message:
    """What came of a call."""
    match outcome:
        case Pat():
            return token(outcome, now_s)
        case CreatedPat(pat=pat, text=text):
            return token(pat, now_s, text)
        case StoredApp():
            return app(outcome)
        case Registered(app=kept, secret=secret):
            return app(kept, secret)
    return _refused(outcome)


def _refused(refused: Rejection) -> forms.Rejection:
    match refused:
        case NotFound():
            return forms.Rejection(why="not-there")
        case Deleted(at_s=at_s):
            return forms.Rejection(why="deleted", at_s=at_s)
        case Stale(revision=revision):
            return forms.Rejection(why="stale", revision=revision)
        case InvalidFields(errors=faults):
            listed = [
                forms.FieldError(member=each.member, code=each.code, detail=each.detail, index=each.index)
                for each in faults
            ]
            return forms.Rejection(why="invalid", faults=listed)
        case RuleBroken(rule=rule, detail=detail):
            return forms.Rejection(why="rule", rule=rule, detail=detail)
        case TryAgain():
            return forms.Rejection(why="busy")
    assert_never(refused)


def _number(user: UserId | None) -> str | None:
    return None if user is None else str(user)
