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

from local.down import running_state
from local.folder import RunFolder
from local.keys import locate_keys
from local.plan import Service
from local.ports import claim_ports
from local.probes import is_ready
from local.rooms import ROOT, run_module
from local.services import Stack, oauth_settings, stack_plan
from local.trouble import UserError
from process.doctor import check_service
from process.keys import Keys
from process.wrong_files import wrong_certificate, wrong_cursor_keys, wrong_id_key, wrong_secret

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
