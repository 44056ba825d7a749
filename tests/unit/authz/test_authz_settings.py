"""What authz is told by its environment."""

import pytest

from authz.settings import load
from infra.process.settings import SettingsError

GOOD = {
    "LISTEN": "unix:/run/authz.sock",
    "VALKEY_URL": "unix:///run/valkey.sock",
    "PUBLIC_API_URL": "https://api.example",
    "REVOCATIONS_FEED": "unix:/run/oauth-in.sock",
    "REVOCATIONS_FILE": "/tmp/revocations.json",
}


def test_alone_by_itself_and_patient_for_eight_milliseconds_when_told_nothing_else():
    settings = load(GOOD)
    assert (settings.replicas, settings.limits_timeout_s) == (1, 0.008)


def test_as_many_and_as_patient_as_it_is_told():
    settings = load(GOOD | {"AUTHZ_AT_WORK": "4", "LIMITS_TIMEOUT_MS": "200"})
    assert (settings.replicas, settings.limits_timeout_s) == (4, 0.2)


@pytest.mark.parametrize("name", ["AUTHZ_AT_WORK", "LIMITS_TIMEOUT_MS"])
@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5", ""])
def test_does_not_start_with_a_number_that_is_none(name, text):
    with pytest.raises(SettingsError, match=name):
        load(GOOD | {name: text})
