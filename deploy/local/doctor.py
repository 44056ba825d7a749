"""What is wrong with this installation, a line per finding, each with its cure.

Owns the questions that need nothing but this machine, the run folder and what the environment names; repairs nothing.
"""

import asyncio
import datetime as dt
import importlib.metadata
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from deploy.local.commands import ROOT, run_module
from deploy.local.down import running_state
from deploy.local.keys import locate_keys
from deploy.local.ports import claim_ports
from deploy.local.probes import is_ready
from deploy.local.run_folder import RunFolder
from deploy.local.services import Stack, oauth_settings, stack_plan
from deploy.local.stack_plan import Service
from deploy.local.user_error import UserError
from infra.process.doctor import check_service
from infra.process.file_checks import wrong_certificate, wrong_cursor_keys, wrong_id_key, wrong_secret
from infra.process.keys import Keys

REQUIREMENTS = ROOT / "requirements" / "runtime.txt"
_PINNED = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^\s;\\]+)(?P<marker>\s*;)?", re.M)


def examine(folder: RunFolder, port: int) -> str:
    """Returns that all is well. Raises `Trouble` with a line per finding."""
    findings = list(_findings(folder, port))
    if findings:
        raise UserError("\n".join(findings))
    return "Nothing is wrong: versions, port, keys, database, internal services, clock, and whatever runs."


def _findings(folder: RunFolder, port: int) -> Iterator[str]:
    yield from wrong_versions(REQUIREMENTS.read_text())
    state = running_state(folder)
    stack = Stack(folder, state.api_port if state else port)
    if state:
        yield from asyncio.run(unresponsive_services(stack_plan(stack).services))
    else:
        yield from _taken(port)
    yield from wrong_keys(locate_keys(folder), folder.signing_keys, now=dt.datetime.now(dt.UTC))
    if state or os.environ.get("OAUTH_DATABASE_URL"):
        yield from _database(stack)
    if url := os.environ.get("INTERNAL_URL"):
        yield from check_service(url, os.environ)


def wrong_versions(requirements: str) -> Iterator[str]:
    """Libraries that are not the ones that were tested together. What goes for other platforms only is left out."""
    for found in _PINNED.finditer(requirements):
        name, wanted = found[1], found[2]
        if found["marker"]:
            continue
        try:
            there = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            there = "missing"
        if there != wanted:
            yield f"The library {name} is {there} and {wanted} is needed: remove .venv and run `make up`."


def wrong_keys(keys: Keys, signing: Path, *, now: dt.datetime) -> Iterator[str]:
    """Keys that others can read or that are none, and a certificate that has expired. Those to come are no finding."""
    looks = {keys.id_key: wrong_id_key, keys.cursor_keys: wrong_cursor_keys, keys.private_key: wrong_secret}
    looks |= dict.fromkeys(sorted(signing.glob("*.pem")), wrong_secret)
    for path, look in looks.items():
        if path.exists():
            yield from look(path)
    if keys.certificate.is_file():
        yield from wrong_certificate(keys.certificate, now)


def _taken(port: int) -> Iterator[str]:
    try:
        claim_ports(port).close()
    except UserError as trouble:
        yield str(trouble)


async def unresponsive_services(services: Iterable[Service]) -> list[str]:
    """Services that do not answer, Valkey among them."""
    asked = list(services)
    answers = await asyncio.gather(*(is_ready(service.ready) for service in asked))
    return [
        f"{service.name} does not answer at {service.ready.address}: `make logs S={service.name}` says why."
        for service, answers_now in zip(asked, answers, strict=True)
        if not answers_now
    ]


def _database(stack: Stack) -> Iterator[str]:
    try:
        run_module("oauth", ("check",), oauth_settings(stack))
    except UserError as trouble:
        yield str(trouble)
