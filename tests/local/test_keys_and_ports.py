"""Keys are made once; ports are claimed by one stack at a time."""

import datetime as dt
import socket
import ssl
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from deploy.local.commands import ROOT
from deploy.local.keys import locate_keys
from deploy.local.ports import claim_ports
from deploy.local.run_folder import RunFolder
from deploy.local.user_error import UserError
from infra.process.keys import CERTIFICATE_LIFE, Keys, create_missing

NOW = dt.datetime.now(dt.UTC)


def made_keys(folder: RunFolder, *, now: dt.datetime) -> Keys:
    keys = locate_keys(folder)
    create_missing(keys, now=now)
    return keys


def contents(folder: RunFolder) -> dict[Path, bytes]:
    found = (path for part in (folder.keys, folder.tls) for path in part.rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in found}


def test_keys_are_made_once_and_only_their_owner_can_read_them(folder: RunFolder) -> None:
    made_keys(folder, now=NOW)
    made = contents(folder)
    assert len(made) == 6
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}
    made_keys(folder, now=NOW)
    assert contents(folder) == made


def test_keys_have_the_forms_that_the_services_read(folder: RunFolder) -> None:
    keys = made_keys(folder, now=NOW)
    assert len(bytes.fromhex(keys.id_key.read_text())) == 32
    number, key = keys.cursor_keys.read_text().split()
    assert (number, len(bytes.fromhex(key))) == ("1", 32)
    assert keys.signing_key.read_text().startswith("-----BEGIN PRIVATE KEY-----")
    signing = load_pem_private_key(keys.signing_key.read_bytes(), None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    assert signing.curve.name == "secp256r1"


def test_a_certificate_about_to_expire_is_renewed_and_the_keys_stay(folder: RunFolder) -> None:
    keys = made_keys(folder, now=NOW)
    made = contents(folder)
    made_keys(folder, now=NOW + CERTIFICATE_LIFE - dt.timedelta(days=15))
    assert contents(folder) == made
    made_keys(folder, now=NOW + CERTIFICATE_LIFE - dt.timedelta(days=13))
    renewed = {path for path, content in contents(folder).items() if made[path] != content}
    assert renewed == {keys.ca, keys.certificate, keys.private_key}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_the_certificate_is_good_for(host: str, folder: RunFolder) -> None:
    keys = made_keys(folder, now=NOW)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(keys.certificate, keys.private_key)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = serving.wrap_bio(to_server, to_client, server_side=True)
    client = ssl.create_default_context(cafile=keys.ca).wrap_bio(to_client, to_server, server_hostname=host)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert client.getpeercert()


def test_any_two_free_ports_are_neighbours_and_are_not_given_twice() -> None:
    first, second = claim_ports(0), claim_ports(0)
    pairs = [{claim.api_port, claim.api_port + 1} for claim in (first, second)]
    first.close()
    second.close()
    assert pairs[0].isdisjoint(pairs[1])


def test_a_taken_port_is_told_before_anything_is_installed() -> None:
    claim = claim_ports(0)
    command = ["/usr/bin/env", "python3", "-S", "-m", "deploy.local.ports"]

    def asked(port: str) -> tuple[int, str]:
        done = subprocess.run([*command, port], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
        return done.returncode, done.stderr

    taken = (1, f"Port {claim.api_port} is taken by another program; choose another: PORT=9443.\n")
    assert asked(str(claim.api_port)) == taken
    claim.close()
    assert asked(str(claim.api_port)) == (0, "")


def test_claimed_ports_are_taken_until_the_claim_is_closed() -> None:
    claim = claim_ports(0)
    with pytest.raises(UserError, match=f"Port {claim.api_port} is taken"):
        claim_ports(claim.api_port)
    claim.close()
    claim_ports(claim.api_port).close()


@pytest.mark.parametrize("neighbour", [0, 1])
def test_a_taken_port_is_named(neighbour: int) -> None:
    free = claim_ports(0)
    free.close()
    with socket.socket() as other:
        other.bind(("127.0.0.1", free.api_port + neighbour))
        other.listen()
        with pytest.raises(UserError, match=f"^Port {free.api_port + neighbour} .*is taken.*PORT="):
            claim_ports(free.api_port)


def test_a_claim_does_not_keep_its_owner_from_listening() -> None:
    claim = claim_ports(0)
    with socket.socket() as ours:
        ours.bind(("127.0.0.1", claim.api_port))
        ours.listen()
    claim.close()
