"""Words of the command line: how ids and numbers are spelled there, and the one line in which a mistake is told."""

import argparse
import re
import sys
from typing import Never
from uuid import UUID

from contract.ids import MAX_NUMBER, MAX_TENANT
from contract.resources.shape import USER_PREFIX
from contract.vocabulary import TenantId, UserId

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong in one line, as every other mistake is told."""

    def error(self, message: str) -> Never:
        fail(message)


class CommandError(Exception):
    """Ends the process, when all that was opened is closed: a SystemExit from within would end the loop first."""


def fail(line: str) -> Never:
    """The end of the process, and why. Raises CommandError."""
    raise CommandError(line)


def error_line(fault: CommandError) -> Never:
    """In a line."""
    sys.stderr.write(f"oauth: {fault}\n")
    raise SystemExit(2) from None


def parse_tenant(text: str) -> TenantId:
    """A business by its internal number or UUID."""
    return TenantId(_number(text, MAX_TENANT))


def parse_subject(text: str) -> UserId | str:
    """A user by its internal number or UUID, or by its `usr_…` id as it stands."""
    return text if text.startswith(f"{USER_PREFIX}_") else UserId(_number(text, MAX_NUMBER))


def format_number(number: int) -> str:
    """A number as its operator knows it: past those that count it is a UUID."""
    return str(number) if number <= MAX_NUMBER else str(UUID(int=number))


def _number(text: str, most: int) -> int:
    if _UUID.fullmatch(text):
        return UUID(text).int
    if not re.fullmatch(r"[0-9]{1,19}", text) or not 0 < int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {most}, and no UUID")
    return int(text)
