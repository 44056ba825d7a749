"""Browsers that are logged in, or on their way to an upstream provider and back, by the digests of their cookies.

Knows what is kept; that it is a cookie is for the pages and logins. What has ended is found no more.
"""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from contract.oauth import LOGIN_LIFETIME_S, SESSION_LIFETIME_S
from contract.vocabulary import UserId
from oauth.login import Identity
from oauth.store.tables import LOGINS, SESSIONS
from oauth.tokens.opaque import digest, new_secret


@dataclass(frozen=True, slots=True)
class Session:
    """A browser's login; every form that it is shown holds `csrf`."""

    user: UserId
    name: str
    csrf: str
    amr: tuple[str, ...]
    auth_time_s: int


@dataclass(frozen=True, slots=True)
class LoginState:
    """What a browser has to come back with, and where it goes then."""

    return_to: str
    nonce: str
    verifier: str


async def start_session(connection: AsyncConnection, identity: Identity, *, now_s: int) -> str:
    """A new login; returns the word that only the browser has."""
    word = new_secret()
    await connection.execute(
        sa.insert(SESSIONS).values(
            id_hash=digest(word),
            user_id=identity.user_id,
            name=identity.name,
            csrf=new_secret(),
            amr=" ".join(identity.amr),
            auth_time_s=identity.auth_time_s,
            created_at_s=now_s,
            expires_at_s=now_s + SESSION_LIFETIME_S,
        )
    )
    return word


async def find_session(connection: AsyncConnection, word: str, *, now_s: int) -> Session | None:
    """The login of a browser, unless it has ended."""
    columns = SESSIONS.c
    asked = sa.select(columns.user_id, columns.name, columns.csrf, columns.amr, columns.auth_time_s)
    found = await connection.execute(asked.where(columns.id_hash == digest(word), columns.expires_at_s > now_s))
    row = found.one_or_none()
    return None if row is None else Session(row[0], row[1], row[2], tuple(row[3].split()), row[4])


async def end_session(connection: AsyncConnection, word: str) -> None:
    """The browser is logged in no more."""
    await connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.id_hash == digest(word)))


async def end_sessions_of(connection: AsyncConnection, user: UserId) -> None:
    """None of a user's browsers is logged in any more."""
    await connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.user_id == user))


async def save_login_state(connection: AsyncConnection, journey: LoginState, *, now_s: int) -> str:
    """Keep what a browser has to come back with; returns the word that only it has."""
    word = new_secret()
    values = {"return_to": journey.return_to, "nonce": journey.nonce, "verifier": journey.verifier}
    await connection.execute(
        sa.insert(LOGINS).values(id_hash=digest(word), expires_at_s=now_s + LOGIN_LIFETIME_S, **values)
    )
    return word


async def take_login_state(connection: AsyncConnection, word: str, *, now_s: int) -> LoginState | None:
    """What the browser had to come back with, once."""
    columns = LOGINS.c
    taken = sa.delete(LOGINS).where(columns.id_hash == digest(word), columns.expires_at_s > now_s)
    found = await connection.execute(taken.returning(columns.return_to, columns.nonce, columns.verifier))
    row = found.one_or_none()
    return None if row is None else LoginState(*row)
