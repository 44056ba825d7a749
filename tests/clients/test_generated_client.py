"""A client that a public generator makes of the served document does the README's tour."""

import importlib
import os
import ssl
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import httpx
import pytest

from tests.spec.operations import CURRENT, FIRST, RATE_HEADERS
from tests.support.stack import Stack

GENERATING_S = 300
DOCUMENTS = {"the current version": (CURRENT, "3.1"), "the first version, by the older dialect": (FIRST, "3.0")}


class Generated:
    """A generated package, and a client of it."""

    def __init__(self, package: str, stack: Stack) -> None:
        self._package = package
        self._stack = stack

    def module(self, name: str) -> ModuleType:
        return importlib.import_module(f"{self._package}.{name}")

    def client(self, **claims: Any) -> Any:
        context = ssl.create_default_context(cafile=self._stack.facts["CA_FILE"])
        kind = self.module("client").AuthenticatedClient
        return kind(base_url=self._stack.api_url, token=self._stack.token(**claims), verify_ssl=context)

    def model(self, name: str) -> Any:
        return getattr(self.module("models"), name)

    def operation(self, name: str, resource: str = "contacts") -> Callable[..., Any]:
        return self.module(f"api.{resource}.{resource}_{name}").sync_detailed  # type: ignore[no-any-return]


@pytest.fixture(scope="module", params=DOCUMENTS.values(), ids=DOCUMENTS.keys())
def generated(
    request: pytest.FixtureRequest, stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Generated]:
    """The package that comes of the document of a version, as it is served."""
    version, dialect = request.param
    folder = tmp_path_factory.mktemp("generated")
    package = f"generated_{dialect.replace('.', '_')}"
    context = ssl.create_default_context(cafile=stack.facts["CA_FILE"])
    served = httpx.get(
        f"{stack.api_url}/v1/openapi.json", params={"version": version, "openapi": dialect}, verify=context, timeout=30
    )
    assert served.status_code == 200
    (folder / "openapi.json").write_bytes(served.content)
    tools = Path(sys.executable).parent
    command = [str(tools / "openapi-python-client"), "generate", "--path", "openapi.json", "--meta", "none"]
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [*command, "--fail-on-warning", "--output-path", package],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=GENERATING_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield Generated(package, stack)
    sys.path.remove(str(folder))


def test_the_tour_by_typed_calls(generated: Generated) -> None:
    client, mail = generated.client(), f"{uuid.uuid4().hex}@northwind.example"
    contact = _created(generated, client, mail)

    found = generated.operation("list")(client=client, email=mail).parsed
    assert [row.id for row in found.data] == [contact.id]

    read = generated.operation("get")(contact.id, client=client)
    assert read.parsed.data.etag == contact.etag
    assert all(name in read.headers for name in RATE_HEADERS)

    patch = generated.model("ContactUpdate")(job_title="Head of Operations")
    changed = generated.operation("update")(contact.id, client=client, body=patch).parsed
    assert changed.data.job_title == "Head of Operations"

    stale = generated.operation("update")(contact.id, client=client, body=patch, if_match=contact.etag)
    assert stale.status_code == 412
    assert stale.parsed.current_etag == changed.data.etag

    page = generated.operation("list")(client=client, limit=2, include_total=True).parsed
    assert len(page.data) == 2
    assert page.meta.total >= len(page.data)
    beyond = generated.operation("list")(client=client, limit=2, cursor=page.meta.cursor.next_).parsed
    assert not {row.id for row in page.data} & {row.id for row in beyond.data}

    refused = generated.operation("delete")(contact.id, client=generated.client(scope="contacts:read"))
    assert refused.parsed.code == "insufficient-scope"
    assert refused.parsed.required_scopes == ["contacts:delete"]
    assert generated.operation("delete")(contact.id, client=client).status_code == 204
    assert generated.operation("get")(contact.id, client=client).status_code == 410


def _created(generated: Generated, client: Any, mail: str) -> Any:
    body = generated.model("ContactCreate")(
        first_name=" Ada ", email=mail.title(), lifecycle_stage=generated.model("ContactLifecycleStage").PROSPECT
    )
    key = uuid.uuid4().hex
    first, again = (generated.operation("create")(client=client, body=body, idempotency_key=key) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert again.headers["Idempotent-Replayed"] == "true"
    contact = again.parsed.data
    assert (contact.first_name, contact.email, contact.lifecycle_stage) == ("Ada", mail, "prospect")

    wrong = generated.model("ContactCreate").from_dict({"first_name": "Ada", "email": "ada@"})
    refused = generated.operation("create")(client=client, body=wrong)
    assert refused.status_code == 422
    assert [error.pointer for error in refused.parsed.errors] == ["/email"]
    return contact


def test_a_search_by_typed_filters(generated: Generated) -> None:
    client, mail = generated.client(), f"{uuid.uuid4().hex}@northwind.example"
    contact = _created(generated, client, mail)
    condition = generated.model("ContactCondition").from_dict({"field": "email", "operator": "eq", "value": mail})
    none = generated.model("ContactNot").from_dict({"not": {"field": "email", "operator": "is_null", "value": True}})
    body = generated.model("ContactSearch")(filters=[condition, none], limit=5)
    assert [row.id for row in generated.operation("search")(client=client, body=body).parsed.data] == [contact.id]


class Upserted(NamedTuple):
    """A record with something to lose, and the least that an upsert of it must name."""

    noun: str
    create: dict[str, Any]
    patch: dict[str, Any]
    action: str
    upsert: dict[str, Any]
    stays: dict[str, Any]
    """Members that the upsert does not name."""


UPSERTED = {
    "contacts": Upserted(
        "Contact",
        {"first_name": "Ada"},
        {"do_not_contact": True, "lifecycle_stage": "customer", "tags": ["vip"]},
        "",
        {"first_name": "Nova"},
        {"do_not_contact": True, "lifecycle_stage": "customer", "tags": ["vip"]},
    ),
    "companies": Upserted("Company", {"name": "Acme"}, {"tags": ["vip"]}, "", {"name": "Acme Ltd"}, {"tags": ["vip"]}),
    "tasks": Upserted(
        "Task",
        {"title": "Call Ada", "type": "call", "priority": "high"},
        {},
        "complete",
        {"title": "Call Ada again"},
        {"type": "call", "priority": "high", "status": "completed"},
    ),
    "deals": Upserted(
        "Deal", {"title": "Renewal"}, {"tags": ["vip"]}, "win", {"title": "Renewed"}, {"tags": ["vip"], "status": "won"}
    ),
}


@pytest.mark.parametrize("single", [True, False], ids=["by itself", "in a batch"])
@pytest.mark.parametrize("resource", UPSERTED)
def test_an_upsert_changes_no_member_that_it_does_not_name(generated: Generated, resource: str, single: bool) -> None:
    case, client, ours = UPSERTED[resource], generated.client(), f"sync:{uuid.uuid4().hex}"
    new = generated.model(f"{case.noun}Create").from_dict({**case.create, "external_id": ours})
    made = generated.operation("create", resource)(client=client, body=new)
    assert made.status_code == 201, made.content
    record = made.parsed.data.id
    if case.patch:
        patch = generated.model(f"{case.noun}Update").from_dict(case.patch)
        assert generated.operation("update", resource)(record, client=client, body=patch).status_code == 200
    if case.action:
        assert generated.operation(case.action, resource)(record, client=client).status_code == 200

    body = generated.model(f"{case.noun}Upsert")(external_id=ours, **case.upsert)
    if single:
        told = generated.operation("upsert", resource)(
            client=client, body=body, on=generated.model(f"{case.noun}Match")("external_id")
        )
        assert (told.status_code, told.parsed.meta.result) == (200, "updated"), told.content
    else:
        batch = generated.model(f"{case.noun}BatchUpsert")(items=[body])
        told = generated.operation("batch_upsert", resource)(
            client=client, body=batch, on=generated.model(f"{case.noun}Match")("external_id")
        )
        assert told.status_code == 200
        assert [(item.status, item.result) for item in told.parsed.data] == [(200, "updated")], told.content

    kept = generated.operation("get", resource)(record, client=client).parsed.data.to_dict()
    assert {name: kept[name] for name in case.stays} == case.stays
