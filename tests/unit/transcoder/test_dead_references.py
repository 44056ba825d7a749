"""References that lead nowhere, as a dry run is told of them."""

from contract.resources import DEAL
from tests.unit.transcoder.calls import a_call
from tests.unit.transcoder.surroundings import an_id, nobody
from transcoder.backend.interface import NO_RECORD
from transcoder.operations.dangling_references import as_dry_run
from transcoder.validation.bodies import InvalidBody, validate_patch

CALL = a_call("deals.update")
TWO_DEAD = {"contact_ids": [nobody("con"), an_id("con", 7), "con_" + "y" * 26]}


def test_several_in_one_array_are_one_record_that_never_was() -> None:
    assert validate_patch(DEAL, TWO_DEAD, as_dry_run(CALL).around) == {"contact_ids": [NO_RECORD, 7]}


def test_beside_that_an_array_has_no_id_twice() -> None:
    read = validate_patch(DEAL, {"contact_ids": [an_id("con", 7)] * 2}, as_dry_run(CALL).around)
    assert isinstance(read, InvalidBody)
    assert [(error.pointer, error.code) for error in read.errors] == [("/contact_ids/1", "duplicate-item")]


def test_each_of_them_is_told_where_it_stands() -> None:
    read = validate_patch(DEAL, TWO_DEAD, CALL.around)
    assert isinstance(read, InvalidBody)
    at = ["/contact_ids/0", "/contact_ids/2"]
    assert [(error.pointer, error.code) for error in read.errors] == [(each, "reference-not-found") for each in at]
