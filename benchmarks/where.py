"""The stack that is measured, which `make up` started: its addresses, tokens, and the CPU time of its parts."""

import os
import secrets
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import jwt

from benchmarks.load import cpu_us

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Stack:
    """A running stack, as `make where` tells of it."""

    api_url: str
    ca_file: str
    parts: tuple[tuple[str, int], ...]
    claims: dict[str, str | int]
    key: str
    kid: str
    algorithm: str

    def token(self) -> str:
        """A new token of a family of its own, so that no budget runs out."""
        fresh = {"jti": f"pat_{secrets.token_hex(16)}", "rate_key": f"fam_{secrets.token_hex(16)}"}
        claims = {**self.claims, **fresh, "iat": int(time.time()), "exp": int(time.time()) + 3600}
        return jwt.encode(claims, self.key, algorithm=self.algorithm, headers={"typ": "at+jwt", "kid": self.kid})

    def cpu_us(self) -> dict[str, float]:
        """CPU time that each kind of part has used so far, all its threads together."""
        used: dict[str, float] = defaultdict(float)
        for kind, pid in self.parts:
            used[kind] += cpu_us(pid)
        return used


def rss_mib(pid: int) -> float:
    """What a process holds in memory now."""
    [line] = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def running() -> Stack:
    """The stack that runs under this checkout's (or RUN_DIR's) run folder."""
    facts = dict(line.split("=", 1) for line in _local("where").splitlines())
    sample = _local("token").strip()
    head = jwt.get_unverified_header(sample)
    parts = tuple((kind, int(pid)) for kind, pid in (each.split(":") for each in facts["PIDS"].split()))
    return Stack(
        facts["API_URL"],
        facts["CA_FILE"],
        parts,
        jwt.decode(sample, options={"verify_signature": False}),
        Path(facts["SIGNING_KEY_FILE"]).read_text(),
        head["kid"],
        head["alg"],
    )


def made_with() -> str:
    """Machine, date and commit, in one line."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=ROOT)
    load = "/".join(f"{each:.1f}" for each in os.getloadavg())
    now = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
    return f"{now} UTC, {commit.stdout.strip()}, {os.cpu_count()} cores, CPython {sys.version.split()[0]}, load {load}"


def _local(command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.local", command], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout
