"""What the internal CRM speaks: a row per field, error code and call. Replace this folder, and it is another CRM.

Nothing outside it knows an internal name, code or path; nothing in it knows HTTP's public side. A resource is a file
with its differences, and a line below.
"""

from transcoder.dialect.activities import ACTIVITIES
from transcoder.dialect.companies import COMPANIES
from transcoder.dialect.contacts import CONTACTS
from transcoder.dialect.custom_fields import FIELD_DEFINITIONS
from transcoder.dialect.deals import DEALS
from transcoder.dialect.notes import NOTES
from transcoder.dialect.pipelines import PIPELINES, STAGES
from transcoder.dialect.rows import Dialect
from transcoder.dialect.tasks import TASKS
from transcoder.dialect.users import USERS

DIALECTS: tuple[Dialect, ...] = (
    CONTACTS,
    COMPANIES,
    DEALS,
    PIPELINES,
    STAGES,
    TASKS,
    NOTES,
    ACTIVITIES,
    USERS,
    FIELD_DEFINITIONS,
)
