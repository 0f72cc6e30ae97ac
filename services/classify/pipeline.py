"""What a text says: the whole way from an event to its readings. Pure and deterministic, in time linear in the text."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from services.classify import domain, meetings, movements, plover, signals
from services.classify.actors import named_sources, participants
from services.classify.clauses import Sentence, sentences
from services.classify.envelope import envelope
from services.classify.lexicon import Lexicon
from services.classify.movements import Moved
from services.classify.processes import Mention, names_of, recognise
from services.classify.signals import STRENGTH, Found, Passed
from services.classify.tone import tone
from shared.catalogue import Catalogue
from shared.events import Evidence, MeetingPublished, Movement, NewsPublished, Signal, TextClassified
from shared.vocabulary import Factuality, Tone

_WORD: Final = re.compile(r"[^\W_]+")
_CONFIDENCE: Final[Mapping[Factuality, float]] = MappingProxyType(
    {Factuality.REACHED: 0.93, Factuality.CLAIMED: 0.8, Factuality.PROSPECTIVE: 0.8, Factuality.NEGATED: 0.5}
)
_LESS: Final[Mapping[str, float]] = MappingProxyType({"encounter": 0.85, "noun": 0.85})
"""How often a signal is right, as counted on the development data: by its factuality, and for facts by its pattern."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What was read in one text, before it is told per process."""

    sentences: Sequence[Sentence]
    mentions: Mapping[int, Sequence[Mention]]
    processes: Mapping[str, tuple[str, ...]]
    found: Sequence[Found]
    passed: Sequence[Passed]
    moved: Sequence[Moved]
    tone: Tone
    tone_score: float


def classify(
    event: NewsPublished | MeetingPublished, catalogue: Catalogue, lexicon: Lexicon
) -> tuple[TextClassified, ...]:
    """What a text asserts about each process.

    Returns:
        One reading per process; one with ``process=None`` for a text that is inside the domain but of no known process;
        none for a text outside. A text in a language that is not supported is told once, unread.

    """
    if isinstance(event, MeetingPublished):
        return meetings.classify(event, catalogue, lexicon)
    if event.language not in {None, "en"}:
        said = envelope(event, catalogue, lexicon)
        return (TextClassified(**said, process=None, supported=False, tone=Tone.NEUTRAL, tone_score=0.0),)
    reading = read(event.title, event.text, catalogue, lexicon, event.published_at.date())
    if reading is None:
        return ()
    said = envelope(event, catalogue, lexicon)
    said["named_sources"] = named_sources(f"{event.title}\n{event.text}", lexicon.grammar)
    return tuple(_told(said, reading, process) for process in (reading.processes or (None,)))


def read(
    title: str, text: str, catalogue: Catalogue, lexicon: Lexicon, published: date | None = None
) -> Reading | None:
    """Read a title and a text; ``None`` where they are outside the domain."""
    names = names_of(catalogue)
    words = _WORD.findall(f"{title} {text}".lower())
    if lexicon.triggers.isdisjoint(words) and names.telling.isdisjoint(words):
        return None
    cut = sentences("title", title, headline=True) + sentences("text", text)
    mentions = {id(sentence): names.find(sentence) for sentence in cut}
    processes = recognise(mention for found in mentions.values() for mention in found)
    lacking = domain.NEEDED - domain.weight(cut, lexicon.domain, len(processes))
    if lacking > (domain.SIGNALLED if processes else 0):
        return None
    judged = [one for sentence in cut for one in signals.find(sentence, mentions[id(sentence)], lexicon, published)]
    asserted = [one for one in judged if isinstance(one, Found)]
    if lacking > 0 and not any(one.kind in {"event", "encounter", "reached"} for one in asserted):
        return None
    found = signals.settle(asserted)
    passed = [one for one in judged if isinstance(one, Passed)] + signals.outshone(asserted, found)
    moved = movements.find(cut, found, lexicon)
    label, score = tone(cut, moved, lexicon.tone)
    return Reading(cut, mentions, processes, found, passed, moved, label, score)


def strongest(found: Iterable[Found]) -> dict[str, Found]:
    """Per code the strongest of reached > claimed > prospective > negated; of equals the first."""
    best: dict[str, Found] = {}
    for one in found:
        if one.code not in best or STRENGTH[one.factuality] > STRENGTH[best[one.code].factuality]:
            best[one.code] = one
    return best


def _told(said: dict[str, Any], reading: Reading, process: str | None) -> TextClassified:
    own = [one for one in reading.found if _belongs(one, process, reading)]
    moved = [one for one in reading.moved if _belongs(one, process, reading)]
    return TextClassified(
        **said,
        process=process,
        process_reason=", ".join(reading.processes[process]) if process else None,
        signals=tuple(_signal(one, reading, process) for one in strongest(own).values()),
        movements=tuple(
            Movement(
                issue=m.issue, direction=m.direction, evidence=_evidence(m.sentence, m.match.first, m.match.last, m.cue)
            )
            for m in moved
        ),
        tone=reading.tone,
        tone_score=reading.tone_score,
    )


def _belongs(one: Found | Moved, process: str | None, reading: Reading) -> bool:
    """Whose party or place is in the clause, else in the sentence, else the text's only process."""
    if process is None or len(reading.processes) == 1:
        return True
    mentions = reading.mentions[id(one.sentence)]
    first, end = one.sentence.clause_of(one.match.anchor)
    for near in ([m for m in mentions if first <= m.first < end], mentions):
        named = set(recognise(near)) & set(reading.processes) or {
            name.process
            for mention in near
            for name in mention.names
            if name.rank and name.process in reading.processes
        }
        if named:
            return process in named
    return False


def _signal(found: Found, reading: Reading, process: str | None) -> Signal:
    who, target = participants(found.sentence, reading.mentions[id(found.sentence)], found.match.anchor, process)
    return Signal(
        code=found.code,
        factuality=found.factuality,
        confidence=min(_CONFIDENCE[found.factuality], _LESS.get(found.kind, 1.0)),
        actors=who,
        object=target,
        says=found.speech.says if found.speech else None,
        plover=plover.signal(found.code, found.factuality),
        evidence=_evidence(found.sentence, 0, len(found.sentence.words) - 1, found.cue),
    )


def _evidence(sentence: Sentence, first: int, last: int, cue: str) -> Evidence:
    start, end = sentence.starts[first], sentence.ends[last]
    return Evidence(field=sentence.field, start=start, end=end, quote=sentence.source[start:end], cue=cue)
