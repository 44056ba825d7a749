"""The folder of signing keys, and the commands that an operator turns them with."""

import json
import os
import subprocess
import sys
from pathlib import Path

import joserfc.jwk
import joserfc.jwt
import pytest

from contract.ids import IdCodec
from oauth.keys.jwks import jwk_set
from oauth.keys.key_files import MANIFEST, KeyFolder
from oauth.keys.key_ring import STAGED_AT_LEAST_S, Purpose
from oauth.tokens.mint import Mint, TokenSpec
from tests.oauth.key_files import private

NOW_S = 1_900_000_000


@pytest.fixture
def folder(tmp_path: Path, ec_pem: str) -> Path:
    private(tmp_path / "signing.pem", ec_pem)
    return tmp_path


def keys(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "SIGNING_KEYS_DIR": str(folder)}
    command = [sys.executable, "-m", "oauth", "keys", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)


def grow_old(folder: Path) -> None:
    """All that is staged was staged long ago."""
    manifest = folder / "keys.json"
    told = json.loads(manifest.read_text())
    for row in told["keys"]:
        row["created_s"] -= STAGED_AT_LEAST_S
    manifest.write_text(json.dumps(told))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602])
def test_a_key_that_others_can_read_is_refused(folder: Path, mode: int) -> None:
    (folder / "signing.pem").chmod(mode)
    with pytest.raises(ValueError, match="chmod 600"):
        KeyFolder(folder)
    refused = keys(folder, "list")
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_mounted_secret_is_read_through_its_group_and_by_nobody_else(folder: Path) -> None:
    os.chown(folder / "signing.pem", 12345, -1)
    (folder / "signing.pem").chmod(0o440)
    assert KeyFolder(folder).rows()
    (folder / "signing.pem").chmod(0o444)
    with pytest.raises(ValueError, match="chmod"):
        KeyFolder(folder)


def test_a_folder_without_a_key_or_with_two_is_refused(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(ValueError, match="0 keys"):
        KeyFolder(tmp_path_factory.mktemp("empty"))
    private(folder / "other.pem", (folder / "signing.pem").read_text())
    with pytest.raises(ValueError, match="2 keys"):
        KeyFolder(folder)


def test_of_a_key_that_nobody_has_noted_it_is_not_said_that_it_is_of_1970(folder: Path) -> None:
    assert keys(folder, "list").stdout.strip().endswith("created unknown")


def test_a_whole_life_of_keys_by_commands(folder: Path) -> None:
    running = KeyFolder(folder)
    first = running.signing(Purpose.ACCESS, NOW_S).id
    staged = keys(folder, "stage", "access")
    second = staged.stdout.split()[0]
    assert list(running.published(NOW_S)) == [first, second], "a server that runs hears of it"
    early = keys(folder, "rotate", "access")
    assert (early.returncode, early.stdout) == (2, "")
    assert "staged too late" in early.stderr
    grow_old(folder)
    assert keys(folder, "rotate", "access").returncode == 0
    assert running.signing(Purpose.ACCESS, NOW_S).id == second
    assert running.signing(Purpose.PAT, NOW_S).id == first
    assert first in running.published(NOW_S)
    gone = keys(folder, "withdraw", second)
    assert f"revoke --key {second}`" in gone.stdout
    assert list(running.published(NOW_S)) == [first]
    assert running.signing(Purpose.ACCESS, NOW_S).id == first
    listed = keys(folder, "list").stdout
    assert "current" in listed.splitlines()[0]
    assert "removed" in listed.splitlines()[1]


def test_a_manifest_that_cannot_be_read_changes_nothing_and_is_warned_of_once(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keys(folder, "stage", "access")
    running = KeyFolder(folder)
    rows, manifest = running.rows(), folder / MANIFEST
    whole = manifest.read_text()
    private(manifest, whole[:-20])
    assert running.rows() == running.rows() == rows
    assert len(caplog.records) == 1
    assert "the former ones stay" in caplog.text
    private(manifest, whole.replace('"ES256"', '"RS256"'))
    assert running.rows() == rows
    assert "is not the key that" in caplog.records[-1].getMessage()
    private(manifest, whole)
    assert running.rows() == rows
    assert len(caplog.records) == 2


def test_the_help_says_what_a_withdrawal_alone_does_not_do(folder: Path) -> None:
    said = " ".join(keys(folder, "--help").stdout.split())
    assert "Envoy drops it within two minutes" in said
    assert "`python -m oauth revoke --key KID`" in said


def test_new_files_are_for_their_owner_alone(folder: Path) -> None:
    keys(folder, "stage", "pat")
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_key_of_either_algorithm_signs_what_another_library_verifies(folder: Path, algorithm: str) -> None:
    keys(folder, "stage", "access", "--algorithm", algorithm)
    grow_old(folder)
    keys(folder, "rotate", "access")
    found = KeyFolder(folder)
    mint = Mint("https://a.example", "https://b.example", IdCodec(bytes(32)), found.signing(Purpose.ACCESS, NOW_S))
    order = TokenSpec(1, 11, "admin", ("contacts:read",), "growth", 60, "at_1", "grt_1")
    token = mint.sign(mint.claims(order, now_s=NOW_S))
    [public] = [key for key in jwk_set(*found.published(NOW_S).values())["keys"] if key["alg"] == algorithm][-1:]
    verified = joserfc.jwt.decode(token, joserfc.jwk.import_key(dict(public)), algorithms=[algorithm])
    assert verified.header == {"typ": "at+jwt", "alg": algorithm, "kid": public["kid"]}


def test_no_set_of_several_keys_has_a_private_member(folder: Path) -> None:
    keys(folder, "stage", "access", "--algorithm", "RS256")
    keys(folder, "stage", "pat")
    published = jwk_set(*KeyFolder(folder).published(NOW_S).values())["keys"]
    assert len(published) == 3
    for key in published:
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys()


def test_a_manifest_that_cannot_be_read_changes_nothing_for_a_server_that_runs(folder: Path) -> None:
    running = KeyFolder(folder)
    before = running.signing(Purpose.ACCESS, NOW_S).id
    (folder / "keys.json").write_text("{")
    assert running.signing(Purpose.ACCESS, NOW_S).id == before
    with pytest.raises(ValueError):
        KeyFolder(folder)


def test_a_key_that_the_manifest_names_and_nobody_finds_is_refused(folder: Path) -> None:
    keys(folder, "stage", "access")
    (folder / "signing.pem").unlink()
    with pytest.raises(ValueError, match="not there"):
        KeyFolder(folder)


def test_a_file_that_is_not_the_key_that_the_manifest_names_is_refused(folder: Path, rsa_pem: str) -> None:
    keys(folder, "stage", "access")
    (folder / "signing.pem").write_text(rsa_pem)
    with pytest.raises(ValueError, match="not the key"):
        KeyFolder(folder)
