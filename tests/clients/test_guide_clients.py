"""The two clients of the guide on problems, and every problem there is: what they send again, and what they do not.

A listener here says whatever is asked for, once; the gateway itself cannot be made to answer with all of it.
"""

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from contract.documents import EXAMPLE_API_URL
from contract.problem_docs import client_action, example_body
from contract.problems import PROBLEMS, Problem
from tests.support import guides
from tests.support.stack import ROOT

GUIDE = (ROOT / "docs" / "guides" / "problems.md").read_text()
BY_CODE = {problem.code: problem for problem in PROBLEMS}
SHELL_S = 60


class Teller(BaseHTTPRequestHandler):
    """`/<code>/<anything>` answers with that problem the first time, and with a success from then on."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[Counter[str]] = Counter()

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked[self.path] += 1
        if self.asked[self.path] > 1:
            self._answer(200, "application/json", {"data": self.path})
            return
        problem = BY_CODE[self.path.split("/")[1]]
        body = example_body(problem, EXAMPLE_API_URL)
        self._answer(problem.status, "application/problem+json", body, problem.retry_after_s)

    do_POST = do_GET  # noqa: N815  (the names are the library's)

    def _answer(self, status: int, media_type: str, body: Any, retry_after_s: int | None = None) -> None:
        raw = json.dumps(body, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(raw)))
        if retry_after_s is not None:
            self.send_header("Retry-After", str(retry_after_s))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Teller) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def asked() -> Counter[str]:
    """How often each path was asked for."""
    Teller.asked.clear()
    return Teller.asked


Sends = dict[str, bool]
"""By way of sending: whether it was sent again."""


def wanted(problem: Problem, *, renews: bool) -> Sends:
    do = client_action(problem)
    again = do == "retry" or (renews and do == "re-authenticate")
    harmless = do != "retry" or problem.outcome == "not-applied"
    return {"read": again, "write": again and harmless, "keyed": again}


def in_python(url: str, problem: Problem) -> Iterator[str]:
    names: dict[str, Any] = {}
    exec(guides.files(GUIDE)["client.py"], names)  # noqa: S102  (it is ours, and run by its readers)
    names["time"] = SimpleNamespace(sleep=lambda _: None)
    client = names["Client"](url, lambda: "a-token")
    for way, sent in {"read": {}, "write": {}, "keyed": {"key": "k"}}.items():
        yield way
        try:
            client.call("GET" if way == "read" else "POST", f"/{problem.code}/{way}", **sent)
        except names["Problem"] as refused:
            assert refused.treatment == client_action(problem)
    client.http.close()


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.code)
def test_the_client_in_python_sends_again_what_may_pass_and_nothing_else(
    url: str, asked: Counter[str], problem: Problem
) -> None:
    ways = list(in_python(url, problem))
    assert {way: asked[f"/{problem.code}/{way}"] > 1 for way in ways} == wanted(problem, renews=True)


def test_the_client_in_curl_sends_again_what_may_pass_and_nothing_else(
    url: str, asked: Counter[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    saving = next(block.text for block in guides.blocks(GUIDE) if block.text.startswith("cat > call.sh"))
    calls = "\n".join(
        f"call GET /{code}/read; call POST /{code}/write; call POST /{code}/keyed -H 'Idempotency-Key: k'"
        for code in BY_CODE
    )
    script = f"{saving}\n. ./call.sh\nsleep() {{ :; }}\nAPI_URL={url} TOKEN=a-token\n{calls}\ntrue"
    folder = tmp_path_factory.mktemp("curl")
    subprocess.run(["bash", "-uc", script], cwd=folder, capture_output=True, check=True, timeout=SHELL_S)
    sent: dict[str, Sends] = {
        code: {way: asked[f"/{code}/{way}"] > 1 for way in ("read", "write", "keyed")} for code in BY_CODE
    }
    assert sent == {code: wanted(problem, renews=False) for code, problem in BY_CODE.items()}
