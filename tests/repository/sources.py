"""The rooms as source text: modules by name, what they import, which names they use."""

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = (
    "infra",
    "contract",
    "authz",
    "transcoder",
    "oauth",
    "envoy_config",
    "apidocs",
    "deploy/local",
    "sandbox",
)
GENERATED = ("authz.ext_authz_pb2",)


@dataclass(frozen=True)
class Module:
    """A module of a room."""

    name: str
    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def doc(self) -> str:
        return ast.get_docstring(self.tree) or ""

    @cached_property
    def imports(self) -> set[str]:
        """Every module that it imports itself, by its full name."""
        found: set[str] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name} imports relatively"
                found.add(node.module or "")
        return found

    @cached_property
    def uses(self) -> set[str]:
        """Every name that it reads or imports; an attribute with its dot."""
        names: set[str] = set()
        for node in ast.walk(self.tree):
            match node:
                case ast.Name(id=name):
                    names.add(name)
                case ast.Attribute(attr=name):
                    names |= {name, f".{name}"}
                case ast.ImportFrom(names=aliases):
                    names |= {alias.name for alias in aliases}
        return names


def modules_of(*rooms: str) -> list[Module]:
    """The modules that people wrote."""
    found = []
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            if name not in GENERATED:
                found.append(Module(name, path))
    return found


MODULES = modules_of(*ROOMS)
PURE = [module for module in MODULES if module.doc.startswith("[pure]")]
