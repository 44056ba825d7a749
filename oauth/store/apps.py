"""Apps as records of the business that registered them: read, counted, changed. Every question names the business."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from contract.vocabulary import TenantId, UserId
from oauth.protocol.clients import Client
from oauth.store.clients import read_client
from oauth.store.tables import CLIENTS

_ROWS = CLIENTS.c


@dataclass(frozen=True, slots=True)
class StoredApp:
    """A client, and what its owner is shown besides."""

    client: Client
    revision: int
    created_by: UserId | None
    created_at_s: int
    secret_rotated_at_s: int | None
    deleted_at_s: int | None


async def find_app(
    connection: AsyncConnection, business: TenantId, number: int, *, hold: bool = False
) -> StoredApp | None:
    """One of the business's, a deleted one included; `hold` keeps its row until the end of the transaction."""
    asked = sa.select(CLIENTS).where(_ROWS.owner_business_id == business, _ROWS.number == number)
    row = (await connection.execute(asked.with_for_update() if hold else asked)).mappings().one_or_none()
    return None if row is None else _app(row)


async def list_apps(connection: AsyncConnection, business: TenantId) -> list[StoredApp]:
    """The business's, but for deleted ones; newest first."""
    asked = sa.select(CLIENTS).where(*_live(business)).order_by(_ROWS.number.desc())
    return [_app(row) for row in (await connection.execute(asked)).mappings()]


async def count_apps(connection: AsyncConnection, business: TenantId) -> int:
    """How many it has."""
    counted = sa.select(sa.func.count()).select_from(CLIENTS).where(*_live(business))
    return int((await connection.execute(counted)).scalar_one())


async def update_app(connection: AsyncConnection, number: int, values: Mapping[str, Any], *, now_s: int) -> None:
    """Set columns, and count the change."""
    changed = sa.update(CLIENTS).where(_ROWS.number == number)
    await connection.execute(changed.values(**values, updated_at_s=now_s, revision=_ROWS.revision + 1))


def _live(business: TenantId) -> tuple[sa.ColumnElement[bool], ...]:
    return _ROWS.owner_business_id == business, _ROWS.disabled_at_s.is_(None)


def _app(row: sa.RowMapping) -> StoredApp:
    return StoredApp(
        client=read_client(row),
        revision=row["revision"],
        created_by=row["created_by"],
        created_at_s=row["created_at_s"],
        secret_rotated_at_s=row["secret_rotated_at_s"],
        deleted_at_s=row["disabled_at_s"],
    )
