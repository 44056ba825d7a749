"""What each room may lean on, where import-linter cannot look or has to be told."""

import ast
import sys
import tomllib

import pytest

from tests.repository.sources import MODULES, PURE, ROOT, Module, modules_of

CONTRACT = modules_of("contract")
IMPURE = {"asyncio", "aiohttp", "grpc", "os", "socket", "redis", "time", "structlog", "subprocess", "threading"}


def named(module: Module) -> str:
    return module.name


@pytest.mark.parametrize("module", CONTRACT, ids=named)
def test_facts_lean_on_the_standard_library_and_ciphers_alone(module: Module) -> None:
    roots = {name.partition(".")[0] for name in module.imports}
    assert roots <= set(sys.stdlib_module_names) | {"contract", "cryptography"}


@pytest.mark.parametrize("module", [*CONTRACT, *PURE], ids=named)
def test_facts_and_pure_cores_wait_for_nothing_and_look_nowhere(module: Module) -> None:
    assert not {name.partition(".")[0] for name in module.imports} & IMPURE
    waiting = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    assert not [node for node in ast.walk(module.tree) if isinstance(node, waiting)]
    assert not module.uses & {"environ", "getenv", ".now", ".utcnow", ".today", "monotonic", "time_ns", "perf_counter"}


def test_there_are_pure_cores() -> None:
    assert {"transcoder.validation.bodies", "transcoder.http.strict_json", "transcoder.dialect.to_internal"} <= {
        module.name for module in PURE
    }


def test_import_linter_watches_every_pure_core() -> None:
    linted = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    watched = {
        name
        for contract in linted
        if "aiohttp" in contract.get("forbidden_modules", ())
        for name in contract["source_modules"]
    }
    assert {module.name for module in PURE} <= watched


def test_import_linter_keeps_every_module_of_the_transcoder_but_its_wiring_from_the_dialects() -> None:
    linted = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    dialects = ["transcoder.dialect", "transcoder.oauth_backend"]
    [kept] = [contract["source_modules"] for contract in linted if contract.get("forbidden_modules") == dialects]
    wiring = {"transcoder", "transcoder.__main__", "transcoder.app"}
    parts = {".".join(module.name.split(".")[:2]) for module in modules_of("transcoder")}
    assert parts - wiring - set(dialects) == set(kept)


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_a_module_says_what_it_owns(module: Module) -> None:
    assert module.doc


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_a_file_can_be_read_in_one_go_and_a_function_on_one_screen(module: Module) -> None:
    assert len(module.text.splitlines()) < 400
    functions = [node for node in ast.walk(module.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= 50]
    assert long == []


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_nothing_is_left_for_later_in_a_comment(module: Module) -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "XX" + "X:")
    assert not [mark for mark in marks if mark in module.text]
