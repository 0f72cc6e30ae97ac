"""Hypothesis strategies that follow the models, so that a new field is tested without a new line."""

from datetime import UTC, datetime, timedelta, timezone
from enum import EnumType
from functools import cache
from types import UnionType
from typing import Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st
from pydantic import AwareDatetime

from shared.events import EVENTS

ZONES = [UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-3))]
BASES = {
    str: st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20),
    int: st.integers(1, 2**31 - 1),
    float: st.floats(0, 1),
    bool: st.booleans(),
    type(None): st.none(),
    AwareDatetime: st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.sampled_from(ZONES)),  # noqa: DTZ001 - hypothesis adds the zone
}


def events():
    """Any valid event of any type."""
    return st.one_of(*map(models, EVENTS))


@cache
def models(model):
    """Any valid instance of one model."""
    hints = get_type_hints(model)
    return st.builds(model, **{name: _values(hints[name]) for name in model.model_fields})


def _values(hint):
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in BASES:
        return BASES[hint]
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in {Union, UnionType}:
        return st.one_of(*map(_values, arguments))
    if origin is tuple:
        return st.lists(_values(arguments[0]), max_size=2).map(tuple)
    return st.sampled_from(hint) if isinstance(hint, EnumType) else models(hint)
