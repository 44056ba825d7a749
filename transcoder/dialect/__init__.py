"""What the internal CRM speaks: a row per field, error code and call. Replace this folder, and it is another CRM.

Nothing outside it knows an internal name, code or path; nothing in it knows HTTP's public side. A file with a `Dialect`
in it is a resource inside; nothing else lists them.
"""

from contract.found import modules
from process.settings import SettingsReader
from transcoder.dialect.crm import CrmBackend
from transcoder.dialect.rows import ResourceMapping
from transcoder.seam import Connect

_HELD = (value for module in modules(__name__, __path__) for value in vars(module).values())
DIALECTS: tuple[ResourceMapping, ...] = tuple(
    {value.resource: value for value in _HELD if isinstance(value, ResourceMapping)}.values()
)


def load(_: SettingsReader) -> Connect:
    """The CRM needs no settings but where it is."""
    return lambda upstream: CrmBackend(upstream, DIALECTS)
