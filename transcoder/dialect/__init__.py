"""What the internal CRM speaks: a row per field, error code and call. Replace this folder, and it is another CRM.

Nothing outside it knows an internal name, code or path; nothing in it knows HTTP's public side. A file with a `Dialect`
in it is a resource inside; nothing else lists them.
"""

from contract.found import modules
from process.settings import Reader
from transcoder.dialect.crm import Crm
from transcoder.dialect.rows import Dialect
from transcoder.seam import Connect

_HELD = (value for module in modules(__name__, __path__) for value in vars(module).values())
DIALECTS: tuple[Dialect, ...] = tuple({value.resource: value for value in _HELD if isinstance(value, Dialect)}.values())


def load(_: Reader) -> Connect:
    """The CRM needs no settings but where it is."""
    return lambda upstream: Crm(upstream, DIALECTS)
