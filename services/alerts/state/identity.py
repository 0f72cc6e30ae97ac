"""Same event, or another? Which episode?

Two signals of one process and code speak of one event when their actors are compatible (an unknown actor is compatible
with any) and no longer than the code's episode gap lies between them and the event's other reached signals. The answer
depends on the set of signals only, never on the order in which they came.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from services.alerts.state.evidence import Assertion
from shared.vocabulary import Code, Factuality, Identity


@dataclass(slots=True)
class Episode:
    """One real-world event: the signals that say it was reached, and those that deny it."""

    reached: list[Assertion] = field(default_factory=list)
    negated: list[Assertion] = field(default_factory=list)
    actors: set[str] = field(default_factory=set)

    @property
    def first_seen(self) -> datetime:
        """The time of the first text that says so."""
        return min(signal.occurred_at for signal in self.reached)

    @property
    def last_seen(self) -> datetime:
        """The time of the latest text that says so."""
        return max(signal.occurred_at for signal in self.reached)


def episodes(code: Code, signals: Iterable[Assertion]) -> list[Episode]:
    """Divide the signals of one process and one code among the events that they speak of, oldest first.

    Signals with known actors settle the events; those without join the latest event that was under way at their time.
    A denial belongs to the event that it follows within the gap; what it precedes, it cannot deny.
    """
    ordered = sorted(signals, key=lambda signal: signal.order)
    reached = [signal for signal in ordered if signal.factuality is Factuality.REACHED]
    found: list[Episode] = []
    named = [signal for signal in reached if _actors(code, signal)]
    for signal in named:
        _join(code, found, signal, _named_home(code, found, signal))
    for signal in reached:
        if not _actors(code, signal):
            _join(code, found, signal, _nearest_home(code, found, signal))
    found.sort(key=lambda episode: min(signal.order for signal in episode.reached))
    for signal in ordered:
        if signal.factuality is Factuality.NEGATED and (home := _denied(code, found, signal)) is not None:
            home.negated.append(signal)
    return found


def _actors(code: Code, signal: Assertion) -> set[str]:
    return {actor.casefold() for actor in signal.actors} if code.identity is Identity.ACTORS else set()


def _join(code: Code, found: list[Episode], signal: Assertion, home: Episode | None) -> None:
    if home is None:
        home = Episode()
        found.append(home)
    home.reached.append(signal)
    home.actors |= _actors(code, signal)


def _named_home(code: Code, found: Sequence[Episode], signal: Assertion) -> Episode | None:
    actors = _actors(code, signal)
    for episode in found:
        if episode.actors & actors and signal.occurred_at - episode.last_seen <= code.episode_gap:
            return episode
    return None


def _nearest_home(code: Code, found: Sequence[Episode], signal: Assertion) -> Episode | None:
    near = [
        (distance, min(other.order for other in episode.reached), episode)
        for episode in found
        if (distance := min(abs(signal.occurred_at - other.occurred_at) for other in episode.reached))
        <= code.episode_gap
    ]
    return min(near, key=lambda row: row[:2])[2] if near else None


def _denied(code: Code, found: Sequence[Episode], signal: Assertion) -> Episode | None:
    actors = _actors(code, signal)
    for episode in reversed(found):
        if actors and episode.actors and not actors & episode.actors:
            continue
        if episode.first_seen <= signal.occurred_at <= episode.last_seen + code.episode_gap:
            return episode
    return None
