"""The real stack, as a newcomer meets it: up, the printed curl, a second up, a crash, down."""

import os
import re
import resource
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.local.commands import ROOT, environment
from deploy.local.down import take_down
from deploy.local.processes import ProcessIdentity, is_alive, send
from deploy.local.run_folder import RunFolder, locate
from deploy.local.stack_state import read_state
from tests.support.processes import niceness

WITHIN_S = 90.0
WARM_IN_IMPORTS = 12.0
"""What a warm start may cost: so many times what it takes to import two of its services (it is 8). Counted as work and
not by the clock, and against what is known, so that neither a busy machine nor a slow one counts.
"""


def run(folder: RunFolder, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.local", *words, "--run-dir", str(folder.root)]
    return subprocess.run(
        command, cwd=ROOT, env=environment({}), capture_output=True, text=True, timeout=WITHIN_S, check=False
    )


def local(folder: RunFolder, *words: str) -> str:
    done = run(folder, *words)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def where(folder: RunFolder) -> dict[str, str]:
    return dict(line.split("=", 1) for line in local(folder, "where").splitlines())


def everyone(folder: RunFolder) -> list[ProcessIdentity]:
    state = read_state(folder)
    assert state is not None
    return [state.supervisor, *state.processes()]


def processor_s(process: ProcessIdentity) -> float:
    user, system = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def processor_s_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def imported_s() -> float:
    """Processor time of importing the transcoder and the sandbox."""
    before_s = processor_s_of_children()
    subprocess.run([sys.executable, "-c", "import transcoder.app, sandbox.app"], cwd=ROOT, timeout=WITHIN_S, check=True)
    return processor_s_of_children() - before_s


@pytest.fixture(scope="module")
def stack() -> Iterator[tuple[RunFolder, str]]:
    """A running stack and what `up` printed."""
    root = Path(tempfile.mkdtemp(prefix="run-"))
    folder = locate(root)
    try:
        yield folder, local(folder, "up", "--port", "0")
    finally:
        take_down(folder)
        shutil.rmtree(root)


def test_the_printed_curl_creates_a_contact(stack: tuple[RunFolder, str]) -> None:
    pasted = stack[1][stack[1].index("TOKEN=") :]
    done = subprocess.run(
        ["/bin/sh", "-c", pasted], capture_output=True, text=True, timeout=WITHIN_S, cwd="/", check=False
    )
    assert '"id":"con_' in done.stdout.replace(" ", ""), done.stdout + done.stderr


def test_up_names_the_reference_and_the_login_page_with_its_users_and_prints_the_token_once(
    stack: tuple[RunFolder, str],
) -> None:
    facts, printed = where(stack[0]), stack[1]
    assert f"Reference:  {facts['API_URL']}/docs\n" in printed
    assert f"Log in:     {facts['AUTH_URL']}/login  (" in printed
    assert "alice@acme-brokers.example, admin\n" in printed
    assert "vera@acme-brokers.example, viewer\n" in printed
    assert "ian@acme-brokers.example" not in printed  # is not active
    assert len(re.findall(r"eyJ[\w-]+\.[\w-]+\.[\w-]+", printed)) == 1


def test_a_healthy_fresh_start_logs_no_warning_and_no_error(stack: tuple[RunFolder, str]) -> None:
    lines = [line for path in stack[0].logs.glob("*.log") for line in path.read_text(errors="replace").splitlines()]
    assert len(lines) > 20
    # Envoy marks the field by which unknown methods reach a 501; Valkey speaks of this machine's kernel settings.
    known = ("allow_custom_methods", "Memory overcommit must be enabled")
    bad = re.compile(r'"level":\s*"(warning|error|critical)"|\bWARNING\b|\bERROR\b|Traceback')
    assert [line for line in lines if bad.search(line) and not any(each in line for each in known)] == []


def test_down_and_up_keep_the_port_and_with_it_issuer_and_audience(stack: tuple[RunFolder, str]) -> None:
    folder, _ = stack
    before = where(folder)
    token = local(folder, "token").strip()
    local(folder, "down")
    local(folder, "up")
    after = where(folder)
    assert [after[name] for name in ("API_URL", "ISSUER", "AUDIENCE")] == [
        before[name] for name in ("API_URL", "ISSUER", "AUDIENCE")
    ]
    trust = ssl.create_default_context(cafile=after["CA_FILE"])
    headers = {"Authorization": f"Bearer {token}", "Version": after["LATEST_VERSION"]}
    answer = httpx.get(f"{after['API_URL']}/v1/me", headers=headers, verify=trust, timeout=WITHIN_S)
    assert answer.status_code == 200, "a token of before is good"


MISTAKES = {
    ("suspend",): "BUSINESS= is missing\n",
    ("suspend", "--business", "x"): "BUSINESS= 'x' is no number from 1 to 281474976710655, and no UUID\n",
    ("suspend", "--business", "99"): (
        "There is no business 99: BUSINESS= is one of 1 (Acme Brokers), 2 (Birch & Co).\n"
    ),
    ("revoke",): "one of JTI= SUBJECT= KEY= BUSINESS= is needed\n",
    ("revoke", "--tenant", "1", "--key", "a"): "TENANT= says whose user is meant: it goes with SUBJECT=\n",
    ("plan", "--business", "1", "--plan", "gold"): (
        "PLAN= invalid choice: 'gold' (choose from starter, growth, scale)\n"
    ),
    ("token", "--tenant", "77"): "the directory has no active admin of business 77: name one with SUBJECT=\n",
}


@pytest.mark.parametrize(("words", "complaint"), MISTAKES.items(), ids=map(" ".join, MISTAKES))
def test_a_mistake_is_told_in_the_words_that_were_typed(
    stack: tuple[RunFolder, str], words: tuple[str, ...], complaint: str
) -> None:
    refused = run(stack[0], *words)
    assert (refused.returncode, refused.stdout, refused.stderr) == (1, "", complaint)


def test_where_tells_everything_that_scripts_need(stack: tuple[RunFolder, str]) -> None:
    facts = where(stack[0])
    assert list(facts) == [
        *("API_URL", "AUTH_URL", "CA_FILE", "ISSUER", "AUDIENCE", "SIGNING_KEY_FILE", "SIGNING_KID", "RUN_DIR"),
        *("PIDS", "LATEST_VERSION"),
    ]
    kinds = [word.partition(":")[0] for word in facts["PIDS"].split()]
    assert sorted(kinds) == [
        *("authz", "authz", "envoy", "oauth", "sandbox", "transcoder", "transcoder", "valkey"),
    ]
    assert Path(facts["CA_FILE"]).exists()


def test_who_refuses_goes_first_then_who_decides_and_last_who_works(stack: tuple[RunFolder, str]) -> None:
    pids = dict(word.split(":") for word in where(stack[0])["PIDS"].split())
    gives_way = {kind: niceness(int(pids[kind])) for kind in ("envoy", "authz", "transcoder", "sandbox")}
    assert gives_way["envoy"] == niceness()
    assert gives_way["envoy"] < gives_way["authz"] < gives_way["transcoder"] == gives_way["sandbox"]


def test_token_prints_a_token_and_nothing_else(stack: tuple[RunFolder, str]) -> None:
    assert re.fullmatch(r"(?:[\w-]+\.){2}[\w-]+\n", local(stack[0], "token", "--role", "viewer", "--ttl", "60"))


def test_a_second_up_joins_and_prints_the_same(stack: tuple[RunFolder, str]) -> None:
    folder, first = stack
    before = everyone(folder)
    again = local(folder, "up", "--port", "0")
    assert again.startswith("Already up")
    assert everyone(folder) == before
    said = [re.sub(r"eyJ[\w.-]+", "TOKEN", text[text.index("Up:") :]) for text in (first, again)]
    assert said[0] == said[1]


def test_up_on_another_port_than_it_has_says_what_to_do_and_leaves_it_as_it_is(stack: tuple[RunFolder, str]) -> None:
    folder, _ = stack
    before = everyone(folder)
    [port] = re.findall(r"API_URL=https://localhost:(\d+)", local(folder, "where"))
    refused = run(folder, "up", "--port", str(int(port) + 2))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"Already up, on port {port}: `make down` first, or RUN_DIR= for a stack beside it.\n"
    assert local(folder, "up", "--port", port).startswith("Already up")
    assert everyone(folder) == before


def test_after_a_crash_up_starts_afresh_and_is_warm_and_down_leaves_nothing(stack: tuple[RunFolder, str]) -> None:
    folder = stack[0]
    crashed = everyone(folder)
    send(crashed[0], signal.SIGKILL)
    before_s = processor_s_of_children()
    local(folder, "up", "--port", "0")
    ours_s = processor_s_of_children() - before_s
    started_s = ours_s + sum(map(processor_s, everyone(folder)))
    assert started_s < WARM_IN_IMPORTS * imported_s()
    assert not any(map(is_alive, crashed))
    ran = everyone(folder)
    assert local(folder, "down") == "Everything has ended.\n"
    assert not any(map(is_alive, ran))
    assert not list(folder.sockets.glob("*.sock"))
