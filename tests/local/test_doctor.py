"""`make doctor`: each thing broken once, each found in a line that says what to do."""

import datetime as dt
import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local.doctor import REQUIREMENTS, unresponsive_services, wrong_keys, wrong_versions
from deploy.local.keys import locate_keys
from deploy.local.ports import claim_ports
from deploy.local.run_folder import RunFolder
from deploy.local.stack_plan import Probe, Service
from infra.process.doctor import check_service
from infra.process.keys import CERTIFICATE_LIFE, create_missing
from tests.local.test_commands import local

NOW = dt.datetime.now(dt.UTC)
MISSING = "sqlite:////no/such/folder/oauth.db"


@pytest.fixture
def port() -> int:
    """Of a pair that is free."""
    claim = claim_ports(0)
    claim.close()
    return claim.api_port


@contextmanager
def a_service(date: str) -> Iterator[str]:
    """An internal service by whose clock it is `date`."""

    class Dated(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(404)
            self.send_header("Date", date)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Dated) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_finds_nothing_where_nothing_is_wrong(folder: RunFolder, port: int) -> None:
    create_missing(locate_keys(folder), now=NOW)
    done = local("doctor", "--run-dir", str(folder.root), "--port", str(port))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Nothing is wrong")


def test_tells_all_findings_at_once_and_ends_in_an_error(folder: RunFolder, port: int) -> None:
    keys = locate_keys(folder)
    create_missing(keys, now=NOW)
    keys.id_key.chmod(0o644)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        done = local("doctor", RUN_DIR=str(folder.root), PORT=str(port), OAUTH_DATABASE_URL=MISSING)
    assert (done.returncode, done.stdout) == (1, "")
    taken, readable, database = done.stderr.splitlines()
    assert taken == f"Port {port} is taken by another program; choose another: PORT=9443."
    assert readable.endswith(f"chmod 600 {keys.id_key}")
    assert database.startswith("oauth: the database is lost")


def test_finds_a_database_without_its_tables(folder: RunFolder, port: int, tmp_path: Path) -> None:
    create_missing(locate_keys(folder), now=NOW)
    done = local("doctor", RUN_DIR=str(folder.root), PORT=str(port), OAUTH_DATABASE_URL=f"sqlite:///{tmp_path}/new.db")
    assert done.returncode == 1
    assert done.stderr.endswith("is needed: run `python -m oauth migrate`\n")


WRONG_KEYS: dict[str, tuple[Callable[[RunFolder], object], str]] = {
    "a key that others can read": (lambda folder: locate_keys(folder).cursor_keys.chmod(0o640), "chmod 600"),
    "a signing key that others can read": (lambda folder: locate_keys(folder).signing_key.chmod(0o604), "chmod 600"),
    "an id key that is none": (lambda folder: locate_keys(folder).id_key.write_text("5a"), "put the backup back"),
    "a certificate that is none": (lambda folder: locate_keys(folder).certificate.write_text("none"), "remove it"),
}


@pytest.mark.parametrize(("spoil", "cure"), WRONG_KEYS.values(), ids=WRONG_KEYS.keys())
def test_finds(folder: RunFolder, spoil: Callable[[RunFolder], object], cure: str) -> None:
    create_missing(locate_keys(folder), now=NOW)
    assert list(wrong_keys(locate_keys(folder), folder.signing_keys, now=NOW)) == []
    spoil(folder)
    [finding] = wrong_keys(locate_keys(folder), folder.signing_keys, now=NOW)
    assert cure in finding


def test_finds_a_certificate_that_has_ended(folder: RunFolder) -> None:
    create_missing(locate_keys(folder), now=NOW)
    [finding] = wrong_keys(locate_keys(folder), folder.signing_keys, now=NOW + CERTIFICATE_LIFE)
    assert "renews it" in finding


def test_finds_a_library_of_another_version() -> None:
    assert list(wrong_versions(REQUIREMENTS.read_text())) == []
    [finding] = wrong_versions(
        'aiohttp==0.0.1 \\\n    --hash=sha256:00\nnever-heard-of==1 ; sys_platform == "plan9" \\\n'
    )
    assert finding.startswith("The library aiohttp is ")
    assert "0.0.1 is needed" in finding


async def test_finds_a_service_that_does_not_answer(tmp_path: Path) -> None:
    service = Service("valkey", "valkey", (), {}, Probe(f"unix:{tmp_path}/valkey.sock", "PING\r\n", "+PONG"))
    [finding] = await unresponsive_services([service])
    assert finding.endswith("`make logs S=valkey` says why.")


def test_finds_internal_services_that_cannot_be_reached(port: int) -> None:
    [finding] = check_service(f"http://127.0.0.1:{port}", {})
    assert "cannot be reached" in finding
    [finding] = check_service("crm.example", {})
    assert "correct it" in finding


def test_finds_a_clock_that_is_not_ours() -> None:
    with a_service(dt.datetime.now(dt.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")) as url:
        assert list(check_service(url, {})) == []
    with a_service("Tue, 01 Dec 2020 00:00:00 GMT") as url:
        [finding] = check_service(url, {})
    assert "follow NTP" in finding
