"""Texts whose milestones are known beforehand: which process, which episode, told by whom."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

CODE = "prisoner_exchange"
RELEASES = {
    "ukraine": "Russia and Ukraine exchanged {n} prisoners of war on Monday",
    "gaza": "Hamas released {n} hostages to Israel on Monday",
    "sudan": "The Sudanese army and the RSF exchanged {n} prisoners in Sudan on Monday",
    "yemen": "The Houthis and the Yemeni government exchanged {n} prisoners in Yemen on Monday",
    "colombia": "The ELN released {n} hostages to the Colombian government on Monday",
}
PROCESSES = tuple(RELEASES)
APART = timedelta(days=10)
"""Between two episodes of one process: more than the code's gap of 4 days."""
PER_EPISODE = 10


@dataclass(frozen=True)
class Stream:
    """The texts of one scenario: so many, ten papers per episode, the processes taking turns.

    Attributes:
        name: of the scenario; no two streams share a text or an episode.
        texts: as they are posted.
        told: the URLs that each milestone must rest on, by process and the day of the episode.

    """

    name: str
    texts: list[dict]
    told: dict[tuple[str, str], set[str]]


class Streams:
    """Makes streams whose episodes lie in the past, each before all earlier ones."""

    def __init__(self):
        self._newest = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - APART

    def make(self, name, number):
        texts, told = [], defaultdict(set)
        for index in range(number):
            process = PROCESSES[index % len(PROCESSES)]
            place = index // len(PROCESSES)
            day = self._newest - APART * (place // PER_EPISODE)
            sentence = RELEASES[process].format(n=20 + index)
            url = f"https://paper{place % PER_EPISODE}.example/{name}/{index}"
            texts.append(
                {
                    "url": url,
                    "published_at": (day + timedelta(minutes=place % PER_EPISODE)).isoformat(),
                    "title": sentence,
                    "text": f"{sentence}, officials of both sides confirmed.",
                }
            )
            told[process, day.date().isoformat()].add(url)
        self._newest -= APART * (number // (len(PROCESSES) * PER_EPISODE) + 2)
        return Stream(name, texts, dict(told))
