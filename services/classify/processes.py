"""Which processes a text is about: the catalogue's names, found in sentences."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from services.classify.clauses import Sentence, words_of
from shared.catalogue import Catalogue, Process

_ALWAYS, _BY_DEFAULT, _WITH_OTHERS = 3, 2, 1
_NEEDED: Final = 2
"""Two names that show it only together are as good as one that shows it by itself."""
_RANK: Final = {"always": _ALWAYS, "by_default": _BY_DEFAULT, "with_others": _WITH_OTHERS}


@dataclass(frozen=True, slots=True)
class Name:
    """What one name stands for in one process.

    Attributes:
        process: the process's id.
        party: the party's name; ``None`` for places, mediators and the like.
        rank: how far it shows that a text is about the process (0: not at all).
        mediates: whether it is the name of a mediator or envoy.

    """

    process: str
    party: str | None
    rank: int
    mediates: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a sentence: its tokens ``first`` to ``last``, its characters, and all that it may stand for."""

    first: int
    last: int
    text: str
    names: tuple[Name, ...]


class Names:
    """All names of a catalogue, by their first word."""

    def __init__(self, catalogue: Catalogue) -> None:
        entries: dict[tuple[str, ...], tuple[bool, list[Name]]] = {}
        telling: set[str] = set()
        for process in catalogue.processes.values():
            for alias, name in _names(process):
                words = tuple(words_of(alias))
                capital = any(letter.isupper() for letter in alias)
                entries.setdefault(words, (capital, []))[1].append(name)
                telling.add(_telling(alias, words))
        self._by_first: dict[str, list[tuple[tuple[str, ...], bool, tuple[Name, ...]]]] = {}
        for words, (capital, names) in entries.items():
            self._by_first.setdefault(words[0], []).append((words, capital, tuple(names)))
        for found in self._by_first.values():
            found.sort(key=lambda entry: -len(entry[0]))
        self.telling = frozenset(telling)
        """One word of each name: without any of them, no name is there."""

    def find(self, sentence: Sentence) -> list[Mention]:
        """The names in a sentence from left to right, longest first, none within another."""
        found: list[Mention] = []
        words, free = sentence.words, 0
        for index, word in enumerate(words):
            if index < free:
                continue
            for name, capital, meanings in self._by_first.get(word, ()):
                if len(name) > 1 and tuple(words[index : index + len(name)]) != name:
                    continue
                if capital and not _has_capital(sentence.source[sentence.starts[index] : sentence.ends[index]]):
                    continue
                last = index + len(name) - 1
                found.append(Mention(index, last, sentence.quote(index, last), meanings))
                free = last + 1
                break
        return found


def _telling(alias: str, words: tuple[str, ...]) -> str:
    """The word of a name that other texts have least: its longest. A quick look cannot see a word with a hyphen."""
    whole = [word for word in words if word.isalpha()] if "-" not in alias else []
    return max(reversed(whole), key=len) if whole else words[0]


def _has_capital(text: str) -> bool:
    return any(letter.isupper() for letter in text)


def _names(process: Process) -> Iterator[tuple[str, Name]]:
    for party in process.parties:
        name = Name(process.id, party.name, _RANK[party.recognises])
        for alias in (party.name, *party.aliases, *party.people):
            yield alias, name
    for alias in (*process.aliases, *process.places):
        yield alias, Name(process.id, None, _ALWAYS)
    for alias in process.people:
        yield alias, Name(process.id, None, _ALWAYS, mediates=True)
    for alias in process.mediators:
        yield alias, Name(process.id, None, 0, mediates=True)
    for alias in process.legislatures:
        yield alias, Name(process.id, None, 0)


_compiled: dict[str, Names] = {}


def names_of(catalogue: Catalogue) -> Names:
    """The names of a catalogue, compiled once per version."""
    if catalogue.version not in _compiled:
        _compiled.clear()
        _compiled[catalogue.version] = Names(catalogue)
    return _compiled[catalogue.version]


def recognise(mentions: Iterable[Mention]) -> Mapping[str, tuple[str, ...]]:
    """The processes that the names of a text show, each with the words that show it.

    A name that shows a process always does. One that does so by default counts where nothing else is shown; names
    that show it only with others need two parties, or a party and a place.
    """
    ranks: dict[str, dict[str, int]] = {}
    words: dict[str, list[str]] = {}
    for mention in mentions:
        for name in mention.names:
            if not name.rank:
                continue
            by_party = ranks.setdefault(name.process, {})
            key = name.party or ""
            by_party[key] = max(by_party.get(key, 0), name.rank)
            shown = words.setdefault(name.process, [])
            if mention.text not in shown:
                shown.append(mention.text)
    sure = {process for process, found in ranks.items() if max(found.values()) == _ALWAYS}
    both = {process for process, found in ranks.items() if len(found) >= _NEEDED}
    if not sure and not both:
        both = {process for process, found in ranks.items() if max(found.values()) == _BY_DEFAULT}
    chosen = sure | {process for process in both if not sure or _new_pair(ranks[process], sure, ranks)}
    return {process: tuple(words[process][:6]) for process in ranks if process in chosen}


def _new_pair(found: Mapping[str, int], sure: set[str], ranks: Mapping[str, Mapping[str, int]]) -> bool:
    """Whether the parties of a process that only together show it are not all in one that is sure anyway."""
    return not any(set(found) <= set(ranks[process]) for process in sure)
