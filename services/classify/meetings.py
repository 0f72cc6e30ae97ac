"""Meetings: what a calendar entry asserts. A meeting of two parties, or of a party and a mediator, is talks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.classify import plover
from services.classify.clauses import sentences, words_of
from services.classify.envelope import envelope
from services.classify.lexicon import Lexicon
from services.classify.processes import Mention, names_of
from shared.catalogue import Catalogue, Process
from shared.events import Evidence, MeetingPublished, Movement, Signal, TextClassified
from shared.vocabulary import Direction, Factuality, Tone

_HOUSES: Final = frozenset({
    "parliament", "senate", "congress", "knesset", "duma", "rada", "majlis", "bundestag", "legislature", "assembly",
    "parliamentary", "plenary",
})  # fmt: skip
_CONFIDENCE: Final = 0.9


@dataclass(frozen=True, slots=True)
class _Assertion:
    """What an entry says about one process."""

    process: Process
    code: str
    factuality: Factuality
    parties: tuple[str, ...]
    names: tuple[str, ...]


def classify(event: MeetingPublished, catalogue: Catalogue, lexicon: Lexicon) -> tuple[TextClassified, ...]:
    """One reading per process of which the entry names two parties, or a party and a mediator.

    A sitting of a legislature is a possible vote (``parliamentary_approval: prospective``), never talks.
    """
    mentions = _mentions(event, catalogue)
    assertions = (_assertion(event, process, mentions) for process in catalogue.processes.values())
    return tuple(_reading(event, one, catalogue, lexicon) for one in assertions if one is not None)


def _mentions(event: MeetingPublished, catalogue: Catalogue) -> list[Mention]:
    names = names_of(catalogue)
    texts = (event.title, event.description, *event.participants)
    return [mention for text in texts for sentence in sentences("title", text) for mention in names.find(sentence)]


def _assertion(event: MeetingPublished, process: Process, mentions: Sequence[Mention]) -> _Assertion | None:
    own = [(m.text, name) for m in mentions for name in m.names if name.process == process.id]
    parties = {name.party for _, name in own if name.party is not None}
    mediators = [text for text, name in own if name.mediates]
    sure = {party.name for party in process.parties if party.recognises == "always"}
    if not parties & sure and len(parties) < 2:  # noqa: PLR2004  two sides
        return None
    told = (tuple(sorted(parties)), tuple(dict.fromkeys(text for text, _ in own)))
    if _is_sitting(event, process):
        return _Assertion(process, "parliamentary_approval", Factuality.PROSPECTIVE, *told)
    if len(parties) < 2 and not mediators:  # noqa: PLR2004  two sides
        return None
    code = "talks_collapsed" if event.change == "cancelled" else "talks_scheduled"
    return _Assertion(process, code, Factuality.REACHED, *told)


def _is_sitting(event: MeetingPublished, process: Process) -> bool:
    title = event.title.lower()
    return not _HOUSES.isdisjoint(words_of(title)) or any(name.lower() in title for name in process.legislatures)


def _reading(event: MeetingPublished, assertion: _Assertion, catalogue: Catalogue, lexicon: Lexicon) -> TextClassified:
    evidence = Evidence(field="title", start=0, end=len(event.title), quote=event.title, cue=event.change)
    off = assertion.code == "talks_collapsed"
    signal = Signal(
        code=assertion.code,
        factuality=assertion.factuality,
        confidence=_CONFIDENCE,
        actors=assertion.parties,
        plover=plover.signal(assertion.code, assertion.factuality),
        evidence=evidence,
    )
    movement = Movement(
        issue="ratification" if assertion.code == "parliamentary_approval" else "negotiation",
        direction=Direction.REGRESS if off else Direction.ADVANCE,
        evidence=evidence,
    )
    return TextClassified(
        **envelope(event, catalogue, lexicon),
        process=assertion.process.id,
        process_reason=", ".join(assertion.names),
        signals=(signal,),
        movements=(movement,),
        tone=Tone.NEGATIVE if off else Tone.NEUTRAL,
        tone_score=-0.3 if off else 0.0,
    )
