"""Is an event told as news, or as history? What a clause dates to long before the publication is no news."""

from datetime import date
from types import MappingProxyType
from typing import Final

from services.classify.clauses import Sentence

_FIRST_YEAR: Final = 1900
_FRONTED: Final = 3
"""So far from the beginning of a clause a date holds for all of it: "two decades ago, troops left ..."."""
_MONTHS: Final = MappingProxyType({
    name: number
    for number, name in enumerate(
        (
            "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
            "november", "december",
        ),
        start=1,
    )
})  # fmt: skip
_LONG: Final = frozenset({"year", "years", "months", "decades", "decade", "century"})
_SEASONS: Final = frozenset({"year", "spring", "summer", "autumn", "fall", "winter", "century", "decade"})
_RECENT: Final = 1
"""Months back from the publication that still are recent."""


class History:
    """What dates the events of one sentence; looked for once, asked for every event."""

    def __init__(self, sentence: Sentence, published: date | None) -> None:
        self._sentence = sentence
        words = sentence.words
        this_year = published.year if published is not None else _FIRST_YEAR
        self._years = [
            place
            for place, word in enumerate(words)
            if _FIRST_YEAR <= _year(word) < this_year and not _names_a_deal(words, place)
        ]
        self._dates = [place for place in range(1, len(words)) if _is_old(words[place - 1], words[place], published)]

    def covers(self, anchor: int) -> bool:
        """Whether the clause around a predicate dates it long before, in words or by a year or month.

        "Since the EU imposed sanctions" only says how long something else has lasted.
        """
        words = self._sentence.words
        first, end = self._sentence.clause_of(anchor)
        if words[first] == "since" and first < anchor:
            return True
        if any(first <= place < end for place in self._years):
            return True
        return any(
            first < place < end and place != anchor and (place - first <= _FRONTED or not self._comma(place, anchor))
            for place in self._dates
        )

    def _comma(self, one: int, other: int) -> bool:
        return "," in self._sentence.words[min(one, other) : max(one, other)]


def _names_a_deal(words: list[str], place: int) -> bool:
    """Whether a year only says which one is meant: "the 2015 nuclear deal"."""
    return place > 0 and words[place - 1] == "the"


def _year(word: str) -> int:
    return int(word) if len(word) == 4 and word.isascii() and word.isdecimal() else 0  # noqa: PLR2004  a year


def _is_old(before: str, word: str, published: date | None) -> bool:
    if word == "ago":
        return before in _LONG
    if before == "last":
        return word in _SEASONS
    if before != "in" or word not in _MONTHS or published is None:
        return False
    return _RECENT < (published.month - _MONTHS[word]) % 12 < 11  # noqa: PLR2004  11 back is the month to come
