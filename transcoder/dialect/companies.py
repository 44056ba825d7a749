"""Companies inside."""

from contract.resources import COMPANY
from transcoder.dialect.rows import Differences, dialect

COMPANIES = dialect(COMPANY, Differences(path="companies", names={"employee_count": "employees"}))
