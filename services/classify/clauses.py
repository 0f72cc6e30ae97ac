"""Tokens, sentences and clauses: a text cut up once, in linear time, with offsets into the original.

A token's word is its plain form for look-up: lower case, ``cease-fire`` as ``ceasefire``, ``U.S.`` and ``US`` both as
``u.s.`` (so that the country is never the pronoun). Hyphenated names fall apart (``Iran-US`` is two words), hyphenated
common words do not (``sanctions-hit`` is one, and no sanction).
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MAX_SENTENCE: Final = 160
"""A run of this many tokens without a full stop is cut, so that one sentence costs a bounded amount."""

JOINED: Final = (
    "cease", "pull", "hand", "re", "non", "power", "peace", "draw", "stand", "walk", "anti", "mine", "co",
    "hostage",
)  # fmt: skip
"""First halves of words that are one word with or without a hyphen, also where a headline capitalises both."""
_TOKEN: Final = re.compile(
    rf"""
      [A-Za-z][a-z]++(?![\w;'\u2019-])       # most words, found without a look at what follows
    | (?:&?\#39;|&apos;|['\u2019])s\b            # a genitive, also out of broken HTML
    | &?\#39;|&?quot;|&?amp;|&?[lg]t;|&nbsp;
    | (?:[^\W\d_]\.){{2,8}}                 # U.S.
    | [^\W\d_]\.(?=[^\W\d_]{{2}})[^\W\d_]+  # N.Korea
    | (?i:(?:{"|".join(JOINED)})-[^\W\d_]+)
    | [a-z]+(?:-[a-z]+){{1,4}}
    | [0-9]+(?:[.,][0-9]+){{1,6}}
    | [^\W_]+(?:['\u2019](?:t|re|ve|ll|d|m)\b)?
    | [^\w\s]
    """,
    re.VERBOSE,
)
_APOSTROPHE: Final = "\u2019"
_BREAK: Final = re.compile(r"\n|[•*]\s|\s[|]\s")
_PLAIN: Final = {
    "US": "u.s.", "USA": "u.s.", "U.S.A.": "u.s.", "U.S": "u.s.", "quot;": '"', "&quot;": '"', "\u201c": '"',
    "\u201d": '"', "\u2018": "'", "\u2019": "'", "#39;": "'", "&#39;": "'", "\u2013": "—", "\u2026": ".",
}  # fmt: skip
_USUAL: Final = 30
"""Tokens up to this many characters are remembered with their plain form: there are few, and they come again."""
_MILLIONS: Final = ("m", "mn", "bn", "tn")
"""What follows the figure in "$500m": a sum, for which "million" stands."""
_ABBREVIATIONS: Final = frozenset({
    "mr", "mrs", "ms", "dr", "gen", "sen", "rep", "lt", "col", "sgt", "gov", "rev", "hon", "prof", "st", "jr", "sr",
    "no", "vs", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
})  # fmt: skip
_ENDS: Final = frozenset(".!?")
_SPLITS: Final = frozenset({
    ";", ":", "—", "(", ")", "but", "while", "although", "though", "whereas", "after", "before", "as", "when",
    "whenever", "because", "since", "despite", "amid", "until", "unless", "if", "which", "who", "whom", "whose",
    "where", "following", "once",
})  # fmt: skip
"""What begins a new clause; the word itself belongs to the clause that it begins."""


@dataclass(slots=True, eq=False)
class Sentence:
    """One sentence of one field, as parallel lists.

    Attributes:
        field: which field of the event it is in (``title``, ``text`` …).
        source: that whole field.
        words: the plain words and punctuation marks.
        starts: where each begins in ``source``, in characters.
        ends: where each ends.
        clauses: the number of the clause that each is in.
        spans: for each clause its first and one-past-last token.
        headline: whether headline grammar is to be expected.

    """

    field: str
    source: str
    words: list[str]
    starts: list[int]
    ends: list[int]
    clauses: list[int]
    spans: list[tuple[int, int]]
    headline: bool

    def quote(self, first: int, last: int) -> str:
        """The original characters from token ``first`` to token ``last``, both included."""
        return self.source[self.starts[first] : self.ends[last]]

    def clause_of(self, index: int) -> tuple[int, int]:
        """First and one-past-last token of the clause that token ``index`` is in."""
        return self.spans[self.clauses[index]]


def plain(token: str) -> str:
    """The form in which a token is looked up."""
    return _known(token) if len(token) <= _USUAL else _plain(token)


def _plain(token: str) -> str:
    found = _PLAIN.get(token)
    if found is not None:
        return found
    word = token.lower()
    if word[0].isdigit() and word.endswith(_MILLIONS):
        return "million"
    if "-" in word and len(word) > 1:
        word = word.replace("-", "")
    if "." in word and len(word) > 1:
        bare = word.replace(".", "")
        return "u.s." if bare in {"us", "usa"} else bare
    if _APOSTROPHE in word:
        word = word.replace(_APOSTROPHE, "'")
    return "'s" if word in {"#39;s", "&#39;s", "&apos;s"} else word


_known = lru_cache(16_384)(_plain)


def words_of(text: str) -> list[str]:
    """The plain words of a phrase, for lexicon and catalogue: what a text that contains it is compared with."""
    return [plain(match.group()) for match in _TOKEN.finditer(text)]


def sentences(field: str, source: str, *, headline: bool = False) -> list[Sentence]:
    """Cut a field into sentences."""
    found: list[Sentence] = []
    begin = 0
    for stop in _BREAK.finditer(source):
        found += _sentences(field, source, begin, stop.start(), headline)
        begin = stop.end()
    return found + _sentences(field, source, begin, len(source), headline)


def _sentences(field: str, source: str, begin: int, end: int, headline: bool) -> list[Sentence]:
    found: list[Sentence] = []
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for match in _TOKEN.finditer(source, begin, end):
        start, stop = match.span()
        word = plain(source[start:stop])
        if words and words[-1] in _ENDS and word not in _ENDS and _ended(source, words, starts, start):
            found.append(_sentence(field, source, words, starts, ends, headline))
            words, starts, ends = [], [], []
        words.append(word)
        starts.append(start)
        ends.append(stop)
        if len(words) >= MAX_SENTENCE:
            found.append(_sentence(field, source, words, starts, ends, headline))
            words, starts, ends = [], [], []
    if words:
        found.append(_sentence(field, source, words, starts, ends, headline))
    return found


def _ended(source: str, words: list[str], starts: list[int], following: int) -> bool:
    """Whether the stop that was read last ends a sentence, seen from the token that follows it."""
    gap = following - starts[-1] > 1
    if not gap and words[-1] == ".":
        return False
    if words[-1] == "." and len(words) > 1 and (words[-2] in _ABBREVIATIONS or len(words[-2]) == 1):
        return False
    return not source[following].islower()


def _sentence(
    field: str, source: str, words: list[str], starts: list[int], ends: list[int], headline: bool
) -> Sentence:
    clauses: list[int] = []
    spans: list[tuple[int, int]] = []
    begin = 0
    for index, word in enumerate(words):
        if index and (word in _SPLITS or (word == "-" and _is_dash(source, starts[index], ends[index]))):
            spans.append((begin, index))
            begin = index
        clauses.append(len(spans))
    spans.append((begin, len(words)))
    return Sentence(field, source, words, starts, ends, clauses, spans, headline)


def _is_dash(source: str, start: int, end: int) -> bool:
    return source[start - 1 : start].isspace() and source[end : end + 1].isspace()
