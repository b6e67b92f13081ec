"""Recognises the kind of one of our YAML files by keys that no other kind has: they are easily confused."""

from __future__ import annotations

from collections.abc import Collection

KINDS = {  # name: keys that together no other kind has
    "a run file": {"aoi", "period"},
    "a cap": {"barrels", "year_starts"},
    "a case": {"calls", "figures"},
    "a scenario": {"ships", "looks"},
}


def kind_of(keys: Collection[object]) -> str:
    """The kind of a file with these keys, or of a model with these fields; "" if none or two fit.

    >>> kind_of({"aoi", "period", "cap"}), kind_of({"products"}), kind_of({"barrels", "year_starts", "aoi", "period"})
    ('a run file', '', '')
    """
    found = [kind for kind, own in KINDS.items() if own <= set(keys)]
    return found[0] if len(found) == 1 else ""


def wrong_kind(wanted: Collection[str], keys: Collection[object]) -> str:
    """The message that a file of one kind was given for another; "" if it may be of the wanted kind.

    >>> wrong_kind({"barrels", "year_starts", "id"}, {"aoi", "period"}), wrong_kind({"products"}, {"aoi", "period"})
    ('is a run file; a cap is wanted', 'is a run file, which is not what is wanted here')
    >>> wrong_kind({"barrels", "year_starts"}, {"barels", "year_starts"})
    ''
    """
    actual, expected = kind_of(keys), kind_of(wanted)
    if not actual or actual == expected or KINDS[actual] <= set(wanted):
        return ""
    return f"is {actual}; {expected} is wanted" if expected else f"is {actual}, which is not what is wanted here"
