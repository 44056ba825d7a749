"""Authorization requests between /authorize and the decision: bound to the user who has logged in, decided once."""

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from contract.oauth import PENDING_REQUEST_LIFETIME_S
from contract.vocabulary import UserId
from oauth.protocol.authorization_request import AuthorizationRequest, from_json
from oauth.store.tables import AUTH_REQUESTS
from oauth.tokens.opaque import digest, new_secret

_COLUMNS = AUTH_REQUESTS.c


async def save(connection: AsyncConnection, asked: AuthorizationRequest, *, now_s: int) -> str:
    """Keep a request; returns the word by which alone it is found again."""
    word = new_secret()
    values = {"id_hash": digest(word), "client_id": asked.client_id, "asked": asked.to_json()}
    await connection.execute(sa.insert(AUTH_REQUESTS).values(**values, expires_at_s=now_s + PENDING_REQUEST_LIFETIME_S))
    return word


async def bind(connection: AsyncConnection, word: str, user: UserId, *, now_s: int) -> AuthorizationRequest | None:
    """The request, now this user's alone; None where it has ended or is another's."""
    mine = await connection.execute(sa.update(AUTH_REQUESTS).where(*_open(word, user, now_s)).values(user_id=user))
    if mine.rowcount != 1:
        return None
    found = await connection.execute(
        sa.select(_COLUMNS.client_id, _COLUMNS.asked).where(_COLUMNS.id_hash == digest(word))
    )
    client_id, kept = found.one()
    return from_json(client_id, kept)


async def peek(connection: AsyncConnection, word: str, *, now_s: int) -> AuthorizationRequest | None:
    """The request as it is, whoever's it is; None where it has ended."""
    asked = sa.select(_COLUMNS.client_id, _COLUMNS.asked).where(
        _COLUMNS.id_hash == digest(word), _COLUMNS.expires_at_s > now_s
    )
    row = (await connection.execute(asked)).one_or_none()
    return None if row is None else from_json(row[0], row[1])


async def release(connection: AsyncConnection, word: str, user: UserId) -> None:
    """The user leaves their request to whoever logs in next."""
    mine = sa.update(AUTH_REQUESTS).where(_COLUMNS.id_hash == digest(word), _COLUMNS.user_id == user)
    await connection.execute(mine.values(user_id=None))


async def consume(connection: AsyncConnection, word: str, user: UserId, *, now_s: int) -> bool:
    """Whether it was there to be decided by this user; it is not any more."""
    gone = await connection.execute(
        sa.delete(AUTH_REQUESTS).where(
            _COLUMNS.id_hash == digest(word), _COLUMNS.user_id == user, _COLUMNS.expires_at_s > now_s
        )
    )
    return gone.rowcount == 1


def _open(word: str, user: UserId, now_s: int) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        _COLUMNS.id_hash == digest(word),
        sa.or_(_COLUMNS.user_id.is_(None), _COLUMNS.user_id == user),
        _COLUMNS.expires_at_s > now_s,
    )
