"""One story, told by one example of each event; the schemas carry them, so they change only with a new version."""

from datetime import UTC, datetime, timedelta
from typing import Final

from shared.events import (
    Event,
    Evidence,
    MeetingPublished,
    MilestoneChanged,
    Movement,
    NewsPublished,
    NoticeRaised,
    Plover,
    Signal,
    Source,
    TextClassified,
    What,
)
from shared.vocabulary import Direction, Factuality, Status, Tone

_PUBLISHED: Final = datetime(2026, 1, 12, 8, 0, tzinfo=UTC)
_FETCHED: Final = _PUBLISHED + timedelta(seconds=40)
_TITLE: Final = "Rival delegations sign ceasefire in Geneva"
_SENTENCE: Final = "Both delegations signed a ceasefire in Geneva on Monday."
_URL: Final = "https://news.example/2026/01/12/ceasefire"
_EVIDENCE: Final = Evidence(field="text", start=0, end=len(_SENTENCE), quote=_SENTENCE, cue="signed")
_SIGNAL: Final = Signal(
    code="ceasefire_agreed",
    factuality=Factuality.REACHED,
    confidence=0.93,
    actors=("Sudanese Armed Forces", "Rapid Support Forces"),
    plover=Plover(root="AGREE"),
    evidence=_EVIDENCE,
)
_NEWS: Final = NewsPublished(
    article_id="1f3870be274f6c49b3e31a0c6728957f",
    revision=1,
    url=_URL,
    publisher="news.example",
    source="news-example-world",
    published_at=_PUBLISHED,
    fetched_at=_FETCHED,
    title=_TITLE,
    text=_SENTENCE,
    language="en",
    fingerprint="c3d2e1f0a9b87654",
)

EXAMPLES: Final[tuple[Event, ...]] = (
    _NEWS,
    MeetingPublished(
        meeting_id="8d777f385d3dfec8815d20f7496026dc",
        revision=2,
        change="rescheduled",
        url="https://mediator.example/calendar/42",
        publisher="mediator.example",
        source="mediator-calendar",
        published_at=_PUBLISHED,
        fetched_at=_FETCHED,
        title="Second round of talks",
        description="The delegations meet the mediator.",
        participants=("Sudanese Armed Forces", "Rapid Support Forces"),
        location="Geneva",
        starts_at=_PUBLISHED + timedelta(days=7),
        previously_at=_PUBLISHED + timedelta(days=5),
    ),
    TextClassified(
        kind="news",
        text_id=_NEWS.article_id,
        revision=1,
        text_hash="7d865e959b2466918c9863afca942d0fb89d7c9ac0c99bafc3749504ded97730",
        url=_URL,
        publisher=_NEWS.publisher,
        title=_TITLE,
        published_at=_PUBLISHED,
        occurred_at=_PUBLISHED,
        language="en",
        fingerprint=_NEWS.fingerprint,
        process="sudan",
        process_reason="Sudanese Armed Forces",
        signals=(_SIGNAL,),
        movements=(Movement(issue="ceasefire", direction=Direction.ADVANCE, evidence=_EVIDENCE),),
        tone=Tone.POSITIVE,
        tone_score=0.7,
        rules_version="2026.1",
        catalogue_version="2026.1",
    ),
    MilestoneChanged(
        milestone_id="5f2b7a90-0d43-5c0e-9a53-3f6de1c0a7b1",
        revision=1,
        process="sudan",
        process_name="Sudan",
        code="ceasefire_agreed",
        label="Ceasefire agreed",
        status=Status.REPORTED,
        reason="first_report",
        what=What(actors=_SIGNAL.actors),
        first_seen=_PUBLISHED,
        last_seen=_PUBLISHED,
        changed_at=_PUBLISHED,
        confidence=0.93,
        sources=(
            Source(
                publisher="news.example",
                origin="news.example",
                url=_URL,
                title=_TITLE,
                quote=_SENTENCE,
                published_at=_PUBLISHED,
                factuality=Factuality.REACHED,
                text_id=_NEWS.article_id,
                revision=1,
                rules_version="2026.1",
            ),
        ),
    ),
    NoticeRaised(
        notice_id="source.silent:news-example-world:2026-01-12T14:00:00Z",
        kind="source.silent",
        service="ingest",
        subject="news-example-world",
        message="news-example-world has brought nothing for six hours; it usually brings four texts an hour.",
        raised_at=_PUBLISHED + timedelta(hours=6),
    ),
)
