"""Where an app's answer goes: what the browser is told, and what a person is."""

import pytest

from oauth.pages.redirect_targets import csp_form_action, destination_host

TARGETS = {
    "https://app.example/callback?x=1": ("https://app.example", "app.example"),
    "https://app.example:8443/": ("https://app.example:8443", "app.example:8443"),
    "http://127.0.0.1:5000/callback": ("http://127.0.0.1:5000", None),
    "http://[::1]:5000/callback": ("http:", None),
    "com.example.app:/callback": ("com.example.app:", None),
    "https://app.example;script-src/": ("https:", "app.example;script-src"),
}


@pytest.mark.parametrize(("uri", "target"), [(uri, target) for uri, (target, _) in TARGETS.items()])
def test_a_form_may_be_answered_by_a_redirect_there_and_nowhere_else(uri: str, target: str) -> None:
    assert csp_form_action(uri) == target


@pytest.mark.parametrize(("uri", "told"), [(uri, told) for uri, (_, told) in TARGETS.items()])
def test_a_person_is_told_the_host_unless_it_is_their_own_device(uri: str, told: str | None) -> None:
    assert destination_host(uri) == told
