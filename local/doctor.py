"""What is wrong with this installation, a line per finding, each with its cure.

Owns the questions that need nothing but this machine, the run folder and what the environment names; repairs nothing.
"""

import asyncio
import datetime as dt
import importlib.metadata
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from cryptography import x509

from local.down import running
from local.folder import RunFolder
from local.keys import locate_keys
from local.plan import Service
from local.ports import claim_ports
from local.probes import is_ready
from local.rooms import ROOT, ask
from local.services import Stack, oauth_settings, plan
from local.trouble import Trouble
from process.keys import RENEWED_BEFORE, Keys

ANSWER_WITHIN_S = 3.0
MOST_CLOCK_S = 5.0
"""As much as a token's times forgive."""
REQUIREMENTS = ROOT / "requirements" / "runtime.txt"
_PINNED = re.compile(r"^([A-Za-z0-9_.-]+)(?:\[[^]]*\])?==([^\s;\\]+)(?P<marker>\s*;)?", re.M)
_OTHERS = 0o077


def examine(folder: RunFolder, port: int) -> str:
    """Returns that all is well. Raises `Trouble` with a line per finding."""
    findings = list(_findings(folder, port))
    if findings:
        raise Trouble("\n".join(findings))
    return "Nothing is wrong: versions, port, keys, database, internal services, clock, and whatever runs."


def _findings(folder: RunFolder, port: int) -> Iterator[str]:
    yield from wrong_versions(REQUIREMENTS.read_text())
    state = running(folder)
    stack = Stack(folder, state.api_port if state else port)
    if state:
        yield from asyncio.run(silent(plan(stack).services))
    else:
        yield from _taken(port)
    yield from wrong_keys(locate_keys(folder), folder.signing_keys, now=dt.datetime.now(dt.UTC))
    if state or os.environ.get("OAUTH_DATABASE_URL"):
        yield from _database(stack)
    if url := os.environ.get("INTERNAL_URL"):
        yield from wrong_service(url)


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
    for path in (keys.id_key, keys.cursor_keys, keys.private_key, *sorted(signing.glob("*.pem"))):
        if path.exists():
            yield from _wrong_file(path)
    if keys.id_key.is_file() and os.access(keys.id_key, os.R_OK) and not _is_hex(keys.id_key.read_bytes()):
        yield f"{keys.id_key} is not 64 hex characters: put the backup back; a new one makes all ids unreadable."
    if keys.certificate.is_file():
        yield from _wrong_certificate(keys.certificate, now)


def _wrong_file(path: Path) -> Iterator[str]:
    found = path.stat()
    if found.st_mode & _OTHERS:
        yield f"{path} can be read by others ({stat.filemode(found.st_mode)}): chmod 600 {path}"
    if not os.access(path, os.R_OK):
        yield f"{path} cannot be read by you: chown it to whoever runs the gateway."


def _is_hex(content: bytes) -> bool:
    return re.fullmatch(rb"[0-9a-fA-F]{64}\s*", content) is not None


def _wrong_certificate(path: Path, now: dt.datetime) -> Iterator[str]:
    try:
        ends = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    except ValueError:
        yield f"{path} is no certificate: remove it, `make up` makes another."
        return
    if ends < now + RENEWED_BEFORE / 2:
        yield f"{path} ends at {ends:%Y-%m-%d %H:%M} UTC: `make down up` renews it."


def _taken(port: int) -> Iterator[str]:
    try:
        claim_ports(port).close()
    except Trouble as trouble:
        yield str(trouble)


async def silent(services: Iterable[Service]) -> list[str]:
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
        ask("oauth", ("check",), oauth_settings(stack))
    except Trouble as trouble:
        yield str(trouble)


def wrong_service(url: str) -> Iterator[str]:
    """Internal services that cannot be reached, or whose clock is not ours. Any answer will do."""
    if url.startswith("unix:"):
        if not Path(url.removeprefix("unix:")).is_socket():
            yield f"INTERNAL_URL: nothing listens at {url}: start the internal services, or correct it."
        return
    if not url.startswith(("http://", "https://")):
        yield f"INTERNAL_URL={url!r} is not unix:/path, http://host:port or https://host:port: correct it."
        return
    try:
        date = _date_of(url)
    except (OSError, HTTPException) as fault:
        cause = fault.reason if isinstance(fault, URLError) else fault
        yield f"INTERNAL_URL: {url} cannot be reached ({cause}): start the internal services, or correct it."
        return
    apart_s = abs(time.time() - parsedate_to_datetime(date).timestamp()) if date else 0.0
    if apart_s > MOST_CLOCK_S:
        yield f"The clock here and that of {url} are {apart_s:.0f} s apart: let both follow NTP, or tokens are refused."


def _date_of(url: str) -> str | None:
    try:
        with urlopen(Request(url, method="HEAD"), timeout=ANSWER_WITHIN_S) as answer:  # noqa: S310 (http or https)
            return str(answer.headers.get("Date") or "")
    except HTTPError as answer:
        return str(answer.headers.get("Date") or "")
