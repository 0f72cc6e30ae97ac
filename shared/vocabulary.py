"""The words of the field: one row per milestone code, and the short closed lists beside them.

The codes, statuses, issues and directions are those of the project's label guide. PLOVER roots are the event roots of
the PLOVER code book (openeventdata/PLOVER); they let researchers join Parley's output with POLECAT or ICEWS data.
A new code is one row here, one lexicon file in classify, and tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType


class Factuality(StrEnum):
    """How real a text says an event is, from strongest to weakest."""

    REACHED = "reached"
    """Stated as fact, or announced by the actor whose act it is."""
    CLAIMED = "claimed"
    """Said by one side or a source about something it does not decide alone."""
    PROSPECTIVE = "prospective"
    """Planned, expected, demanded, conditional, under discussion."""
    NEGATED = "negated"
    """Denied, rejected, refused, failed, or said not to have happened."""


class Direction(StrEnum):
    """Where one text says that a negotiation issue moves."""

    ADVANCE = "advance"
    STALL = "stall"
    REGRESS = "regress"
    MENTIONED = "mentioned"


class Tone(StrEnum):
    """What a whole text means for the prospects of peace."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


class Status(StrEnum):
    """Where a milestone stands; every change is a numbered revision."""

    REPORTED = "reported"
    CONFIRMED = "confirmed"
    REVERSED = "reversed"
    RETRACTED = "retracted"


class Identity(StrEnum):
    """What, beside process, code and episode, tells two events of one code apart."""

    PROCESS = "process"
    """Nothing more: one ceasefire of one process at a time."""
    ACTORS = "actors"
    """Whose act it is: UK and EU sanctions on one day are two events."""


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of event that people wait for.

    Attributes:
        name: the code on the wire, e.g. ``ceasefire_agreed``.
        label: what people read.
        opposite: the code whose reached signal says that this one's milestone ended (``None``: nothing ends it).
        identity: what tells two events of this code apart.
        episode_gap: after this long without a reached signal, the next one is a new event.
        plover: the PLOVER root of an event of this code, by the code book's conversion table from CAMEO (2021).
        plover_mode: its PLOVER mode, where the code book has one.

    """

    name: str
    label: str
    opposite: str | None
    identity: Identity
    episode_gap: timedelta
    plover: str
    plover_mode: str | None = None


def _rows() -> tuple[Code, ...]:
    def days(number: int) -> timedelta:
        return timedelta(days=number)

    process, actors = Identity.PROCESS, Identity.ACTORS
    return (
        Code("talks_scheduled", "Talks scheduled", None, process, days(7), "AGREE"),
        Code("talks_held", "Talks held", None, process, days(4), "CONSULT"),
        Code("talks_collapsed", "Talks collapsed", None, process, days(7), "SANCTION", "withdraw"),
        Code("ceasefire_agreed", "Ceasefire agreed", None, process, days(14), "YIELD", "ceasefire"),
        Code("ceasefire_broken", "Ceasefire broken", None, process, days(3), "ASSAULT"),
        Code("peace_agreement", "Peace agreement", None, process, days(30), "SUPPORT"),
        Code("parliamentary_approval", "Parliamentary approval", None, actors, days(7), "SUPPORT"),
        Code("parliamentary_rejection", "Parliamentary rejection", None, actors, days(7), "REJECT", "change"),
        Code("sanctions_imposed", "Sanctions imposed", "sanctions_eased", actors, days(7), "COERCE", "restrict"),
        Code("sanctions_eased", "Sanctions eased", "sanctions_imposed", actors, days(7), "YIELD", "ease"),
        Code("prisoner_exchange", "Prisoners released or exchanged", None, process, days(4), "YIELD", "release"),
        Code("troop_withdrawal", "Troops withdrawn", None, actors, days(14), "YIELD", "withdraw"),
        Code("humanitarian_access", "Humanitarian access", None, process, days(7), "YIELD", "access"),
        Code("monitoring_mission", "Monitoring mission", None, process, days(14), "AID"),
        Code("security_guarantees", "Security guarantees", None, actors, days(14), "SUPPORT"),
        Code("reconstruction_funding", "Reconstruction funding", None, actors, days(7), "AID"),
        Code("territorial_settlement", "Territorial settlement", None, actors, days(30), "SUPPORT"),
    )


CODES: Mapping[str, Code] = MappingProxyType({code.name: code for code in _rows()})
"""Every code by its name, in the order in which people list them."""

ISSUES: Mapping[str, str] = MappingProxyType(
    {
        "ceasefire": "Ceasefire",
        "troop_withdrawal": "Troop withdrawal",
        "verification": "Verification",
        "territory": "Territory",
        "security_guarantees": "Security guarantees",
        "humanitarian_access": "Humanitarian access",
        "prisoners": "Prisoners",
        "civilian_protection": "Protection of civilians",
        "sanctions": "Sanctions",
        "reconstruction": "Reconstruction",
        "governance": "Governance",
        "ratification": "Ratification",
        "negotiation": "Negotiation",
        "justice": "Justice",
    }
)
"""What is negotiated: the 14 issues by name, with their labels."""
