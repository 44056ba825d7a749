"""Answers that are asked for compressed: Envoy packs them, and their ETags say so and go on working."""

import httpx
import pytest

from tests.conformance.examples import unique
from tests.conformance.world import World
from tests.spec.operations import SIX


@pytest.mark.parametrize("resource", SIX)
def test_a_packed_answer_s_etag_is_weak_and_good_for_a_write(api: httpx.Client, world: World, resource: str) -> None:
    name = {"notes": "body", "activities": "body", "tasks": "description"}.get(resource, "tags")
    # Short answers are not worth it.
    long = [unique() for _ in range(50)] if name == "tags" else "x" * 1024
    record = world.new(resource, external_id=unique("erp:"), **{name: long})
    path = world.path(resource, record)
    plain = api.get(path, headers={"Accept-Encoding": "identity"})
    packed = api.get(path, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in {word.strip() for word in plain.headers["vary"].split(",")}
    assert packed.json() == plain.json()
    assert packed.headers["etag"] == f"W/{plain.headers['etag']}"
    weak = packed.headers["etag"]
    assert api.get(path, headers={"If-None-Match": weak}).status_code == 304
    changed = api.patch(path, json={"external_id": unique("erp:")}, headers={"If-Match": weak})
    assert changed.status_code == 200
    assert api.patch(path, json={"external_id": None}, headers={"If-Match": weak}).status_code == 412
    assert api.delete(path, headers={"If-Match": changed.headers["etag"]}).status_code == 204
