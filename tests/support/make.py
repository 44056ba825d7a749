"""`make -s where` and `make -s token`, of whatever stack STACK_… tells of: what a guide calls, wherever it is run."""

import os
import sys

from tests.support.stack import given_stack

TENANT = 2
"""Guides work in a business of their own."""


def main() -> None:
    """Print what the command line asks for."""
    stack = given_stack(os.environ)
    assert stack is not None, "started by a test, which tells of its stack"
    words = [word for word in sys.argv[1:] if "=" not in word and not word.startswith("-")]
    told = dict(word.split("=", 1) for word in sys.argv[1:] if "=" in word)
    if words == ["where"]:
        sys.stdout.writelines(f"{name}={value}\n" for name, value in stack.facts.items())
        return
    assert words == ["token"], f"guides ask for nothing but where and token: {sys.argv[1:]}"
    assert told.keys() <= {"SCOPES", "PLAN"}
    claims = {"scope": told.get("SCOPES"), "plan": told.get("PLAN")}
    sys.stdout.write(stack.token(tenant=TENANT, **{name: value for name, value in claims.items() if value}))


if __name__ == "__main__":
    main()
