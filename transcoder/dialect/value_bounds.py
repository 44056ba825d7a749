"""[pure] The contract's bounds of a stored value, in the CRM's terms, as msgspec takes them.

What is within them passes the contract's check, so that it need not be run; a test holds them to that.
"""

from typing import Annotated, Any

from msgspec import Meta

from contract.countries import COUNTRIES
from contract.currencies import EXPONENTS
from contract.ids import MAX_NUMBER
from contract.types import Choice, Country, Currency, Domain, Email, Id, Ids, Int, Line, Phone, Tags, Text, Url, Zone
from transcoder.dialect.conversions import NUMBER, Conversion, one_of
from transcoder.presentation.record_checks import MAX_ZONE
from transcoder.validation.values import MAX_DOMAIN, MAX_EMAIL, PHONE


def bounded_type(kind: Any, nullable: bool, conversion: Conversion) -> Any:
    """What may be stored of a field of that public type."""
    match kind:
        case Line(max_length=most) | Text(max_length=most) | Url(max_length=most):
            return _text(most)
        case Email() | Domain() | Zone():
            return _text({Email: MAX_EMAIL, Domain: MAX_DOMAIN, Zone: MAX_ZONE}[type(kind)])
        case Phone():
            return Annotated[str, Meta(pattern=rf"^{PHONE.pattern}\Z")]
        case Choice(is_open=False, values=values):
            return one_of(map(conversion.write, values))
        case Country():
            return one_of(COUNTRIES)
        case Currency():
            return one_of(EXPONENTS)
        case Int(low=low, high=high):
            return Annotated[int, Meta(ge=conversion.write(low), le=conversion.write(high))]
        case Id() if not nullable:  # 0 stands for what is not there yet
            return Annotated[int, Meta(ge=1, le=MAX_NUMBER)]
        case Ids(max_items=most):
            return Annotated[list[NUMBER], Meta(max_length=most)]
        case Tags(item=item, max_items=most):
            return Annotated[list[_text(item.max_length)], Meta(max_length=most)]  # type: ignore[misc]
    return conversion.kind


def _text(most: int) -> Any:
    return Annotated[str, Meta(max_length=most)]
