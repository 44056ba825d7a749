"""`python -m oauth` serves; `migrate`, `check` and `purge` are about its database, `keys` about its signing keys.

`token` prints an access token (local mode only), `kid` the signing key's id; the operator's commands are `operator`'s.

Knows the environment and the clock; what a token says is for `mint`.
"""

import argparse
import asyncio
import difflib
import os
import re
import secrets
import struct
import time
from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeVar

from contract.rate_plans import DEFAULT_PLAN, PLANS
from contract.roles import ROLES, Role
from contract.size_and_time_limits import MAX_TOKEN_LIFETIME_S
from infra.process.settings import load_or_exit
from oauth.commands import keys, operator
from oauth.commands.arguments import CommandError, OneLineParser, error_line, fail, parse_subject, parse_tenant
from oauth.protocol.scopes import KNOWN_SCOPES
from oauth.settings import (
    MintSettings,
    Seeded,
    ServeSettings,
    load_database,
    load_key,
    load_keys,
    load_mint,
    load_operator,
    load_serve,
)
from oauth.tokens.mint import TokenSpec

if TYPE_CHECKING:  # the commands that only print are not to wait for these
    from aiohttp import web
    from opentelemetry.trace import Tracer

    from oauth.store.database import Database

T = TypeVar("T")

_DAYS_30_S = 30 * 24 * 3600


def main() -> None:
    """Do what the command line says."""
    try:
        _do(_arguments().parse_args())
    except CommandError as fault:
        error_line(fault)


def _do(parsed: argparse.Namespace) -> None:
    if parsed.command == "kid":
        print(load_or_exit(load_key, os.environ, "oauth").id)
    elif parsed.command == "token":
        print(_token(parsed, load_or_exit(load_mint, os.environ, "oauth")))
    elif parsed.command in operator.COMMANDS:
        print(operator.run(parsed, load_or_exit(load_operator, os.environ, "oauth")))
    elif parsed.command == "keys":
        print(_keys(parsed))
    elif parsed.command == "purge":
        asyncio.run(_purge(load_or_exit(load_database, os.environ, "oauth")))
    elif parsed.command == "check":
        asyncio.run(_check(load_or_exit(load_database, os.environ, "oauth")))
    elif parsed.command == "migrate":
        asyncio.run(_migrate(load_or_exit(load_database, os.environ, "oauth")))
    else:
        asyncio.run(_serve(load_or_exit(load_serve, os.environ, "oauth")))


async def _serve(settings: ServeSettings) -> None:
    # The commands that only print are not to wait for a web framework.
    from structlog.contextvars import merge_contextvars

    from infra.process.http_server import serve
    from infra.process.logs import make_logger
    from infra.process.metrics import new_registry, serve_metrics
    from infra.process.shutdown import stop_event
    from infra.process.tracing import log_processors, tracing
    from oauth.app import DEPENDENCIES, build
    from oauth.endpoints.internal_api import build_internal_api
    from oauth.store.database import Database
    from oauth.store.schema import missing_migrations

    log = make_logger("oauth", settings.log_level, merge_contextvars, *log_processors(settings.collector))
    stop = stop_event()
    async with Database(settings.database_url) as database:
        if missing := await _or_exit(missing_migrations(database)):
            fail(missing)
        if isinstance(settings.login, Seeded) and (taken := await _or_exit(_taken_address(database, settings.login))):
            fail(
                f"the database has {taken} as another user than DIRECTORY_FILE: it was filled from another directory;"
                " give this one a database of its own (in a checkout: RUN_DIR=)"
            )
        log.info("serving", kids=list(settings.keys.published(int(time.time()))))
        registry = new_registry()
        with tracing("oauth", settings.collector, registry) as tracer:
            async with serve_metrics(registry, settings.metrics_listen), asyncio.TaskGroup() as listeners:
                app = build(settings, database, log, registry)
                inside = build_internal_api(database, settings.internal_secret, log, desk=app[DEPENDENCIES])
                _trace(app, tracer)
                _trace(inside, tracer, "oauth.endpoints.internal_api")
                listeners.create_task(serve(app, settings.listen, stop))
                listeners.create_task(serve(inside, settings.internal_listen, stop))
    log.info("stopped")


async def _taken_address(database: "Database", login: Seeded) -> str | None:
    from oauth.store.demo_users import taken_address

    async with database.read() as connection:
        return await taken_address(connection, login.people)


def _trace(app: "web.Application", tracer: "Tracer | None", name: str | None = None) -> None:
    if tracer is None:
        return
    from oauth.tracing import trace_requests

    app.middlewares.insert(0, trace_requests(tracer, name))


async def _migrate(database_url: str) -> None:
    from oauth.store.database import Database
    from oauth.store.schema import migrate

    async with Database(database_url) as database:
        print(f"The database is at revision {await _or_exit(migrate(database))}.")


async def _check(database_url: str) -> None:
    from oauth.store.database import Database
    from oauth.store.schema import missing_migrations

    async with Database(database_url) as database:
        if missing := await _or_exit(missing_migrations(database)):
            fail(missing)
    print("The database can be reached and has this version's tables.")


async def _purge(database_url: str) -> None:
    from oauth.jobs.purge import purge
    from oauth.store.database import Database

    async with Database(database_url) as database:
        print(f"{await _or_exit(purge(database, int(time.time())))} rows that had expired are gone.")


def _keys(parsed: argparse.Namespace) -> str:
    try:
        return keys.run(parsed, load_or_exit(load_keys, os.environ, "oauth"))
    except ValueError as fault:
        fail(str(fault))


async def _or_exit(asked: Awaitable[T]) -> T:
    """What a database answers, or the end of the process with the reason in a line."""
    from oauth.store.database import DatabaseUnavailable

    try:
        return await asked
    except DatabaseUnavailable as error:
        fail(str(error))


def _token(wanted: argparse.Namespace, settings: MintSettings) -> str:
    tenant = wanted.tenant or next(iter(settings.directory), None)
    if tenant is None:
        fail("the directory has no business: name one with --tenant")
    business = settings.directory.get(tenant)
    subject = wanted.subject or (business.first(wanted.role) if business else None)
    if subject is None:
        fail(f"the directory has no active {wanted.role} of business {tenant}: name one with --subject")
    order = TokenSpec(
        tenant=tenant,
        subject=subject,
        role=wanted.role,
        scopes=wanted.scopes,
        plan=wanted.plan or (business.plan if business else DEFAULT_PLAN.name),
        ttl_s=wanted.ttl,
        jti=f"pat_{secrets.token_hex(16)}",
        rate_key=f"fam_{secrets.token_hex(16)}",
    )
    try:
        return settings.mint.sign(settings.mint.claims(order, now_s=int(time.time())))
    except ValueError as fault:
        fail(str(fault))
    except (OverflowError, struct.error):
        fail("a UUID names nobody where ids are integers; see ID_KIND")


def _arguments() -> argparse.ArgumentParser:
    parser = OneLineParser(prog="python -m oauth", description="Without a command: serve.")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("kid", help="print the signing key's id")
    commands.add_parser("migrate", help="bring the database to this version's tables")
    commands.add_parser("check", help="see whether the database can be reached and has this version's tables")
    commands.add_parser("purge", help="forget what has expired, as is done every hour while serving")
    keys.add_arguments(commands.add_parser("keys", help="list, stage, rotate or withdraw signing keys"))
    operator.add_commands(commands)
    token = commands.add_parser("token", help="print an access token (local mode only)")
    token.add_argument("--tenant", type=parse_tenant, help="the business; default: the directory's first")
    token.add_argument(
        "--subject", type=parse_subject, help="a user, by number or usr_ id; default: the first with the role"
    )
    token.add_argument("--role", choices=tuple(ROLES), default=Role.ADMIN.word)
    token.add_argument("--scopes", type=_scopes, default=KNOWN_SCOPES, help="default: all")
    token.add_argument("--plan", choices=tuple(PLANS), help="default: the business's own")
    token.add_argument("--ttl", type=_life_s, default=_DAYS_30_S, metavar="SECONDS", help="default: 30 days")
    return parser


def _scopes(text: str) -> tuple[str, ...]:
    words = tuple(word for word in re.split(r"[ ,]+", text) if word)
    for word in words:
        if word not in KNOWN_SCOPES:
            meant = difflib.get_close_matches(word, KNOWN_SCOPES, n=1)
            instead = f"did you mean {meant[0]}?" if meant else f"there are {', '.join(KNOWN_SCOPES)}"
            raise argparse.ArgumentTypeError(f"{word!r} is no scope; {instead}")
    return words


def _life_s(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 0 < int(text) <= MAX_TOKEN_LIFETIME_S:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 1 to {MAX_TOKEN_LIFETIME_S}")
    return int(text)


if __name__ == "__main__":
    main()
