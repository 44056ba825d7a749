"""Where what is built in a test's own process tells its faults of records: nobody hears of them."""

from tests.support.quiet_log import QUIET
from transcoder.metrics import Tally
from transcoder.record_faults import RecordFaults

FAULTS = RecordFaults(QUIET, Tally())
