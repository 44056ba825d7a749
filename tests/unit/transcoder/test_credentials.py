"""Credentials for internal services: each file usable when the process starts, or told of without its content."""

from pathlib import Path

import pytest
import trustme

from infra.process.settings import SettingsError, SettingsReader
from transcoder.backend.credentials import Credentials, read_credentials

Named = dict[str, str]


@pytest.fixture
def good(tmp_path: Path) -> Named:
    authority = trustme.CA()
    ours, other = authority.issue_cert("gateway.example"), authority.issue_cert("gateway.example")
    (tmp_path / "ca.crt").write_bytes(authority.cert_pem.bytes())
    (tmp_path / "tls.crt").write_bytes(ours.cert_chain_pems[0].bytes())
    (tmp_path / "tls.key").write_bytes(ours.private_key_pem.bytes())
    (tmp_path / "other.key").write_bytes(other.private_key_pem.bytes())
    (tmp_path / "token").write_text("a.good-token\n")
    (tmp_path / "two").write_text("hunter2 hunter3\n")
    return {
        "INTERNAL_CA_FILE": str(tmp_path / "ca.crt"),
        "INTERNAL_CERTIFICATE_FILE": str(tmp_path / "tls.crt"),
        "INTERNAL_PRIVATE_KEY_FILE": str(tmp_path / "tls.key"),
        "INTERNAL_TOKEN_FILE": str(tmp_path / "token"),
    }


def read(environment: Named) -> Credentials:
    reader = SettingsReader(environment)
    found = read_credentials(reader)
    reader.finish()
    return found


def test_all_of_them_are_optional(good: Named) -> None:
    assert read({}) == Credentials()
    assert len(read(good).files()) == 4
    assert read({"INTERNAL_TOKEN_FILE": good["INTERNAL_TOKEN_FILE"]}) == Credentials(
        token=Path(good["INTERNAL_TOKEN_FILE"])
    )


WRONG = {
    "no certificates": {"INTERNAL_CA_FILE": "token"},
    "no file": {"INTERNAL_CA_FILE": "nowhere"},
    "a key without its certificate": {"INTERNAL_CERTIFICATE_FILE": ""},
    "a certificate without its key": {"INTERNAL_PRIVATE_KEY_FILE": ""},
    "another certificate's key": {"INTERNAL_PRIVATE_KEY_FILE": "other.key"},
    "two words for a token": {"INTERNAL_TOKEN_FILE": "two"},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
def test_what_is_of_no_use_stops_the_process_by_the_name_of_its_setting(
    good: Named, tmp_path: Path, change: Named
) -> None:
    ((name, file),) = change.items()
    with pytest.raises(SettingsError) as told:
        read(good | {name: str(tmp_path / file) if file else ""})
    (line,) = str(told.value).split("\n")
    assert line.startswith(f"{name} is not set; " if not file else f"{name}={str(tmp_path / file)!r} is not usable (")
    assert "hunter" not in line
