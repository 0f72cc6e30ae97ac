"""Made-up news of realistic length, from a seed: nine in ten outside the domain, one in ten about a real process."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from shared.catalogue import Catalogue

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
_EVERYDAY: Final = (
    (
        "City council weighs {0} for the old harbour",
        "Residents asked the council on Tuesday for more time to study {0}.",
    ),
    ("{0} prices climb for a third month", "Shops say that {0} costs more than a year ago, and that orders are slow."),
    (
        "Champions held to a draw after late {0}",
        "The match was settled by {0} in the last minute before a full stadium.",
    ),
    (
        "Scientists report a new way to measure {0}",
        "A team of twelve measured {0} over two winters and shared the data.",
    ),
)
_THINGS: Final = (
    "a cycle path",
    "bread",
    "a penalty",
    "soil moisture",
    "night buses",
    "rents",
    "an own goal",
    "pollen",
)
_PADDING: Final = (
    "Officials would not say when a decision is due.",
    "A spokeswoman said that the figures would be published in spring.",
    "Others in the region have tried the same before, with mixed results.",
    "It is the second time this year that the question has come up.",
    "Nobody was available for comment on Sunday.",
)
_CONFLICT: Final = (
    ("{a} and {b} sign ceasefire", "{a} and {b} signed a ceasefire on Monday, both delegations said."),
    ("{a} and {b} could agree on a truce", "A truce between {a} and {b} may come within weeks, diplomats said."),
    ("{a} and {b} exchange prisoners", "{a} and {b} exchanged 40 prisoners on Monday, both sides confirmed."),
    ("Talks between {a} and {b} end", "Negotiators of {a} and {b} held talks on Monday and agreed to meet again."),
    ("{a} rejects demands of {b}", "{a} rejected the latest demands of {b} and ruled out a withdrawal."),
)


def texts(number: int, catalogue: Catalogue, *, seed: int = 1) -> list[dict[str, Any]]:
    """So many texts as ingest takes them, one every 40 minutes, from 40 publishers."""
    dice = random.Random(seed)
    processes = list(catalogue.processes.values())
    made = []
    for index in range(number):
        if index % 10 == 0:
            title, lead = dice.choice(_CONFLICT)
            parties = dice.choice(processes).parties
            a, b = parties[0].name, parties[1].name
            title, lead = title.format(a=a, b=b), lead.format(a=a, b=b)
        else:
            title, lead = dice.choice(_EVERYDAY)
            thing = dice.choice(_THINGS)
            title, lead = title.format(thing.capitalize()), lead.format(thing)
        made.append(
            {
                "url": f"https://paper{dice.randrange(40)}.example/{seed}/{index}",
                "published_at": (START + timedelta(minutes=40 * index)).isoformat(),
                "title": title,
                "text": " ".join([lead, *dice.choices(_PADDING, k=6)]) + f" ({index})",
                "language": "en",
            }
        )
    return made
