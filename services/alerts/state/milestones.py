"""From signals to milestones: what is true of one process and one code, and why.

Pure: the result depends on the set of signals, never on the clock or on the order in which they came. ``claimed`` never
opens or confirms a milestone; ``prospective`` never counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import prod
from typing import Final

from services.alerts.publishers import canonical
from services.alerts.state.corroboration import origins
from services.alerts.state.evidence import Assertion
from services.alerts.state.identity import Episode, episodes
from shared.catalogue import Process
from shared.events import Source, What
from shared.vocabulary import Code, Factuality, Identity, Status

CONFIRMING_ORIGINS: Final = 2
HIGHEST_CONFIDENCE: Final = 0.99


class Reason(StrEnum):
    """Why a milestone has its status, why a revision was made, or why a signal changed nothing."""

    FIRST_REPORT = "first_report"
    INDEPENDENT_ORIGINS = "independent_origins"
    OFFICIAL_SOURCE = "official_source"
    ACTING_PARTY = "acting_party"
    DENIED = "denied"
    KNOWN = "known_milestone"
    CLAIM_ONLY = "claims_never_open_or_confirm"
    LIES_AHEAD = "prospective_never_counts"
    NOTHING_TO_DENY = "denies_no_milestone"
    UNKNOWN_CODE = "unknown_code"
    SUPERSEDED = "superseded_by_later_revision"
    MERGED = "same_event_as_another"
    WITHDRAWN = "no_text_says_so_any_more"


@dataclass(frozen=True, slots=True)
class Milestone:
    """One event, as the texts known now have it.

    ``opened_by`` is the text whose signal is its first, ``texts`` all that say it was reached, ``denied_by`` those that
    deny it.
    """

    code: str
    status: Status
    reason: Reason
    what: What
    opened_by: str
    texts: frozenset[str]
    denied_by: frozenset[str]
    first_seen: datetime
    last_seen: datetime
    confidence: float
    sources: tuple[Source, ...]


def fold(code: Code, process: Process | None, signals: Iterable[Assertion]) -> list[Milestone]:
    """All milestones of one process and one code, oldest first."""
    return [_milestone(code, process, episode) for episode in episodes(code, signals)]


def _milestone(code: Code, process: Process | None, episode: Episode) -> Milestone:
    everyone = [*episode.reached, *episode.negated]
    origin_of = origins(everyone)
    latest: dict[str, Assertion] = {}
    for signal in sorted(everyone, key=lambda signal: signal.order):
        latest[origin_of[signal.text_id]] = signal
    reaching = {origin for origin, signal in latest.items() if signal.factuality is Factuality.REACHED}
    denying = latest.keys() - reaching
    status, reason = _status(code, process, episode, len(reaching), len(denying))
    sources = sorted(episode.reached + episode.negated, key=lambda signal: signal.order)
    return Milestone(
        code=code.name,
        status=status,
        reason=reason,
        what=_what(episode.reached),
        opened_by=min(episode.reached, key=lambda signal: signal.order).text_id,
        texts=frozenset(signal.text_id for signal in episode.reached),
        denied_by=frozenset(signal.text_id for signal in episode.negated),
        first_seen=episode.first_seen,
        last_seen=episode.last_seen,
        confidence=_confidence(episode.reached, origin_of, len(reaching), len(denying)),
        sources=tuple(signal.as_source(origin_of[signal.text_id]) for signal in _one_per_text(sources)),
    )


def _status(
    code: Code, process: Process | None, episode: Episode, reaching: int, denying: int
) -> tuple[Status, Reason]:
    if denying and denying >= reaching:
        return Status.RETRACTED, Reason.DENIED
    if reaching >= CONFIRMING_ORIGINS:
        return Status.CONFIRMED, Reason.INDEPENDENT_ORIGINS
    publishers = {canonical(signal.publisher) for signal in episode.reached if signal.publisher}
    if process is not None and publishers:
        if publishers & {canonical(domain) for domain in process.official_publishers}:
            return Status.CONFIRMED, Reason.OFFICIAL_SOURCE
        if code.identity is Identity.ACTORS and _own_act(process, episode, publishers):
            return Status.CONFIRMED, Reason.ACTING_PARTY
    return Status.REPORTED, Reason.FIRST_REPORT


def _own_act(process: Process, episode: Episode, publishers: set[str]) -> bool:
    """Whether the publisher of the one party whose act it is says so; a party cannot confirm what two must do."""
    acting = [
        party
        for party in process.parties
        if episode.actors & {name.casefold() for name in (party.name, *party.aliases)}
    ]
    return len(acting) == 1 and bool(publishers & {canonical(domain) for domain in acting[0].publishers})


def _confidence(reached: Sequence[Assertion], origin_of: dict[str, str], reaching: int, denying: int) -> float:
    """The chance that at least one independent origin is right, less the share of those who deny it."""
    best: dict[str, float] = {}
    for signal in reached:
        origin = origin_of[signal.text_id]
        best[origin] = max(best.get(origin, 0.0), signal.confidence)
    at_least_one = 1 - prod(1 - confidence for confidence in sorted(best.values()))
    return round(min(at_least_one, HIGHEST_CONFIDENCE) * reaching / max(1, reaching + denying), 4)


def _what(reached: Sequence[Assertion]) -> What:
    """The actors that any of the texts names, and the first object."""
    names: dict[str, str] = {}
    for signal in sorted(reached, key=lambda signal: signal.order):
        for actor in signal.actors:
            names.setdefault(actor.casefold(), actor)
    objects = [signal.object for signal in sorted(reached, key=lambda signal: signal.order) if signal.object]
    return What(actors=tuple(names[name] for name in sorted(names)), object=objects[0] if objects else None)


def _one_per_text(signals: Sequence[Assertion]) -> list[Assertion]:
    return list({signal.text_id: signal for signal in signals}.values())
