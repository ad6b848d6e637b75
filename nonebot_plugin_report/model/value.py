"""Values: dataclasses that nobody changes once they are made.

The type checker sees to it. At run time a frozen dataclass sets each field by a call of its own,
which makes a report of nineteen fields cost more than to parse its JSON.
"""

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

_Made = TypeVar("_Made")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value_type(cls: type[_Made]) -> type[_Made]:
    """Make a class of fields one of values, which are equal if their fields are."""
    return dataclass(slots=True, unsafe_hash=True)(cls)
