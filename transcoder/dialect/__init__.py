"""What the internal CRM speaks: a row per field, error code and call. Replace this folder, and it is another CRM.

Nothing outside it knows an internal name, code or path; nothing in it knows HTTP's public side. A file with a `Dialect`
in it is a resource inside; nothing else lists them.
"""

from contract.discovery import modules
from infra.process.settings import SettingsReader
from transcoder.backend.loader import Connect
from transcoder.dialect.backend import CrmBackend
from transcoder.dialect.mapping import ResourceMapping

_HELD = (value for module in modules(__name__, __path__) for value in vars(module).values())
DIALECTS: tuple[ResourceMapping, ...] = tuple(
    {value.resource: value for value in _HELD if isinstance(value, ResourceMapping)}.values()
)


def load(_: SettingsReader) -> Connect:
    """The CRM needs no settings but where it is."""
    return lambda upstream: CrmBackend(upstream, DIALECTS)
