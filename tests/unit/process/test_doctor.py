"""`python -m infra.process.doctor`: each thing that a service's settings name, broken once, is told with its cure."""

import asyncio
import datetime as dt
import os
import secrets
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from socket import AF_UNIX, socket
from tempfile import TemporaryDirectory

import pytest
from redis.asyncio import Redis

from apidocs.settings_page import PROGRAMS, settings_of
from infra.process.doctor import CHECKS, findings
from infra.process.keys import CERTIFICATE_LIFE, Keys, create_missing
from infra.process.shared_secret import SharedSecret
from tests.local.test_doctor import a_service
from tests.stores.valkey_process import valkey_at
from tests.support.feed import feed_socket, serving_feed
from tests.support.processes import free_ports

NOW = dt.datetime.now(dt.UTC)
WORD = "w" * 32
LOOKED_AT_ELSEWHERE = {
    "BRAND_LOGO_FILE": "a picture, read at the start",
    "CA_FILE": "made, not read",
    "CERTIFICATE_FILE": "made, not read: Envoy reads it",
    "DIRECTORY_FILE": "local mode alone",
    "INTERNAL_CA_FILE": "used for INTERNAL_URL",
    "METRICS_LISTEN": "Prometheus says whether its targets are up",
    "INTERNAL_LISTEN": "whoever asks there says so",
    "OIDC_CA_FILE": "used for OIDC_ISSUER and PEOPLE_URL",
    "PRIVATE_KEY_FILE": "made, not read: Envoy reads it",
    "PUBLIC_API_URL": "a name",
    "PUBLIC_AUTH_URL": "a name",
    "SIGNING_KEY_FILE": "one of SIGNING_KEYS_DIR",
}


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    names = ("id.key", "cursor.keys", "signing.pem", "ca.pem", "server.pem", "server.key", "internal.secret")
    made = Keys(*(tmp_path / name for name in names))
    create_missing(made, now=NOW)
    return made


@pytest.fixture
async def folder() -> AsyncIterator[Path]:
    with TemporaryDirectory() as short:  # for sockets
        yield Path(short)


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    own = {"PATH": os.environ["PATH"], **environment}
    command = [sys.executable, "-m", "infra.process.doctor"]
    return subprocess.run(command, env=own, capture_output=True, text=True, check=False)


def test_every_file_and_address_of_a_service_is_looked_at() -> None:
    named = {asked.name for program in PROGRAMS for asked in settings_of(program)}
    named = {name for name in named if name.endswith(("_FILE", "_DIR", "_URL", "LISTEN", "_FEED", "_ISSUER"))}
    assert named - LOOKED_AT_ELSEWHERE.keys() <= CHECKS.keys()


def test_says_what_it_has_looked_at_where_nothing_is_wrong(keys: Keys) -> None:
    done = run(ID_KEY_FILE=str(keys.id_key), INTERNAL_SECRET_FILE=str(keys.internal_secret))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Nothing is wrong with ID_KEY_FILE, INTERNAL_SECRET_FILE.\n"


def test_tells_all_findings_at_once_and_ends_in_an_error(keys: Keys, tmp_path: Path) -> None:
    keys.id_key.chmod(0o644)
    done = run(ID_KEY_FILE=str(keys.id_key), CURSOR_KEYS_FILE=str(tmp_path / "none"), LISTEN=f"unix:{tmp_path}/x.sock")
    assert (done.returncode, done.stdout) == (1, "")
    listening, readable, missing = done.stderr.splitlines()
    assert listening.startswith(f"LISTEN: nothing listens at unix:{tmp_path}/x.sock")
    assert readable == f"ID_KEY_FILE: {keys.id_key} can be read by others (-rw-r--r--): chmod 600 {keys.id_key}"
    assert missing.startswith(f"CURSOR_KEYS_FILE: {tmp_path}/none is not there")


BROKEN = {
    "ID_KEY_FILE": "put the backup back",
    "CURSOR_KEYS_FILE": "open walks begin again",
    "INTERNAL_CERTIFICATE_FILE": "is no certificate",
    "SIGNING_KEYS_DIR": "holds no key",
    "REVOCATIONS_FILE": "cannot be written",
    "VALKEY_URL": "takes no writes",
    "INTERNAL_URL": "cannot be reached",
    "OIDC_ISSUER": "cannot be reached",
}


@pytest.mark.parametrize(("name", "told"), BROKEN.items(), ids=BROKEN)
def test_finds_a_thing_that_is_none(name: str, told: str, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    nothing.write_text("nothing")
    nothing.chmod(0o600)
    text = {
        "SIGNING_KEYS_DIR": str(tmp_path),
        "REVOCATIONS_FILE": str(tmp_path / "no" / "such.json"),
        "VALKEY_URL": f"unix://{nothing}",
        "INTERNAL_URL": "crm.example",
        "OIDC_ISSUER": f"https://127.0.0.1:{free_ports(1)[0]}",
    }.get(name, str(nothing))
    [finding] = findings({name: text})
    assert finding.startswith(f"{name}: ")
    assert told in finding


def test_finds_a_certificate_for_internal_services_that_ends_soon(keys: Keys) -> None:
    create_missing(keys, now=NOW - CERTIFICATE_LIFE)
    keys.certificate.unlink()
    create_missing(keys, now=NOW - CERTIFICATE_LIFE)
    [finding] = findings({"INTERNAL_CERTIFICATE_FILE": str(keys.certificate)})
    assert "docs/rotation.md" in finding


def test_finds_a_file_that_a_setting_names_and_nobody_has_mounted() -> None:
    [finding] = findings({"VALKEY_URL_FILE": "/no/such/url"})
    assert finding.startswith("VALKEY_URL_FILE cannot be read")


async def test_finds_nothing_wrong_with_a_store_that_takes_writes_from_our_user(folder: Path) -> None:
    async with valkey_at(folder) as (url, _):
        assert findings({"VALKEY_URL": url}) == []


async def test_finds_a_store_that_is_a_replica(folder: Path) -> None:
    async with valkey_at(folder) as (url, _), Redis.from_url(url) as operator:
        await operator.execute_command("REPLICAOF", "127.0.0.1", "1")
        [finding] = findings({"VALKEY_URL": url})
    assert "takes no writes" in finding


async def test_finds_a_store_that_does_not_know_our_password(folder: Path) -> None:
    async with valkey_at(folder, "--requirepass", "right") as (url, _):
        [finding] = findings({"VALKEY_URL": url.replace("unix://", "unix://:wrong@")})
    assert "WRONGPASS" in finding or "invalid" in finding
    assert "wrong@" not in finding


async def test_finds_a_secret_that_is_not_the_others(folder: Path) -> None:
    [port] = free_ports(1)
    async with serving_feed(folder, secret=SharedSecret((WORD,)), port=port):
        told = {"REVOCATIONS_FEED": f"tcp:127.0.0.1:{port}"}
        assert await apart(told | {"INTERNAL_SECRET": WORD}) == []
        [finding] = await apart(told | {"INTERNAL_SECRET": "x" * 32})
    assert "let both have the same secret" in finding


async def test_a_feed_on_a_socket_needs_no_secret(folder: Path) -> None:
    async with serving_feed(folder):
        assert await apart({"REVOCATIONS_FEED": f"unix:{feed_socket(folder)}"}) == []


async def apart(environment: dict[str, str]) -> list[str]:
    """What is found, while this loop goes on to answer."""
    return await asyncio.to_thread(findings, environment)


def test_finds_a_clock_that_is_not_ours() -> None:
    with a_service("Tue, 01 Dec 2020 00:00:00 GMT") as url:
        [finding] = findings({"INTERNAL_URL": url})
    assert "follow NTP" in finding


def test_an_answer_with_a_date_that_is_none_says_nothing_of_a_clock() -> None:
    with a_service("yesterday") as url:
        assert findings({"INTERNAL_URL": url}) == []


def test_finds_a_token_file_that_is_no_text_and_goes_on(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_bytes(b"\xff\xfe")
    token.chmod(0o600)
    with a_service("yesterday") as url:
        [finding] = findings({"INTERNAL_TOKEN_FILE": str(token), "INTERNAL_URL": url})
    assert finding == "INTERNAL_URL: INTERNAL_TOKEN_FILE holds no text: mount the token."


def test_finds_a_database_without_its_tables(tmp_path: Path) -> None:
    [finding] = findings({"OAUTH_DATABASE_URL": f"sqlite:///{tmp_path}/new.db", "PATH": os.environ["PATH"]})
    assert finding.endswith("is needed: run `python -m oauth migrate`")


def test_finds_nobody_listening_where_a_socket_was_left(folder: Path) -> None:
    with socket(AF_UNIX) as left:
        left.bind(str(folder / "x.sock"))
    [finding] = findings({"LISTEN": f"unix:{folder}/x.sock"})
    assert "nothing listens" in finding


def test_never_tells_a_secret(keys: Keys, tmp_path: Path) -> None:
    word = secrets.token_hex(32)
    (tmp_path / "url").write_text(f"rediss://gateway:{word}@127.0.0.1:1")
    told = findings({"VALKEY_URL_FILE": str(tmp_path / "url"), "ID_KEY_FILE": str(keys.id_key)})
    assert told
    assert word not in str(told)
