"""`python -m oauth keys list|stage|rotate|withdraw`: what an operator does with the signing keys.

Knows the command line and what is printed; the rules are `parse_key_ring`'s.
"""

import argparse
import time
from datetime import UTC, datetime

from contract.claims import ALGORITHMS
from oauth.keys.key_files import KeyFolder
from oauth.keys.key_ring import SIGNED, STAGED_AT_LEAST_S, KeyRow, Purpose, Rows, rotate, withdraw

_AFTER_WITHDRAWAL = """\
{kid} is withdrawn: it signs no more, and the edge drops it within two minutes. What an Envoy has verified before that
stays in its cache. To end all that the key has signed, within a second: `python -m oauth revoke --key {kid}`."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words after `keys`."""
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("list", help="print every key and its state")
    stage = acts.add_parser("stage", help="make a key and publish it; it does not sign yet")
    stage.add_argument("purpose", choices=SIGNED, type=Purpose)
    stage.add_argument("--algorithm", choices=ALGORITHMS, default=ALGORITHMS[0])
    turn = acts.add_parser(
        "rotate", help=f"let the staged key sign, {STAGED_AT_LEAST_S} s after it was staged or later"
    )
    turn.add_argument("purpose", choices=SIGNED, type=Purpose)
    gone = acts.add_parser(
        "withdraw",
        help="take a key out of the set: it signs no more, and Envoy drops it within two minutes; what it has signed is"
        " refused within a second by `python -m oauth revoke --key KID`, the step after this one",
    )
    gone.add_argument("kid")


def run(asked: argparse.Namespace, keys: KeyFolder) -> str:
    """Do what was asked; returns what to print. ValueError says why not."""
    now_s = int(time.time())
    match asked.act:
        case "stage":
            row = keys.add(asked.algorithm, asked.purpose, now_s)
            return f"{row.kid} is staged; `keys rotate {asked.purpose}` from {_instant(now_s + STAGED_AT_LEAST_S)} on"
        case "rotate":
            keys.save(_done(rotate(keys.rows(), asked.purpose, now_s=now_s)))
            return _list(keys.rows(), now_s)
        case "withdraw":
            keys.save(_done(withdraw(keys.rows(), asked.kid, now_s=now_s)))
            return _AFTER_WITHDRAWAL.format(kid=asked.kid)
        case _:
            return _list(keys.rows(), now_s)


def _done(outcome: Rows | str) -> Rows:
    if isinstance(outcome, str):
        raise ValueError(outcome)
    return outcome


def _list(rows: Rows, now_s: int) -> str:
    lines = [
        f"{row.kid}  {row.alg}  {row.purpose:<6}  {row.state(now_s):<8}  created {_created(row)}"
        + (f"  removed {_instant(row.remove_at_s)}" if row.remove_at_s else "")
        for row in rows
    ]
    return "\n".join(lines)


def _created(row: KeyRow) -> str:
    """Of a key that lay in the folder before there was a `keys.json`, nobody has noted when."""
    return _instant(row.created_s) if row.created_s else "unknown"


def _instant(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
