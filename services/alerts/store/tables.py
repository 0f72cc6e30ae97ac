"""The tables of alerts.

``readings`` is the memory of what was seen (source and id of each event), ``signals`` what the fold works on,
``milestones`` and ``revisions`` what is true, ``messages`` the body of each revision (stored once), ``subscriptions``
who wants what, ``deliveries`` one message owed to one subscription, ``attempts`` each try at one.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from shared.database import UtcTime, new_metadata

metadata = new_metadata()

_OPEN_ON_SQLITE = text("fanned_out = 0")
_PENDING = text("state = 'pending'")

processes = Table(
    "processes",
    metadata,
    Column("id", String(200), primary_key=True, comment="a process; its row is locked while its state is folded"),
)

readings = Table(
    "readings",
    metadata,
    Column("event_source", String(200), nullable=False),
    Column("event_id", String(500), nullable=False),
    Column("process", String(200), comment="null: in the domain, but of no known process"),
    Column("text_id", String(200), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("late", Boolean, nullable=False, comment="older than 48 h at intake"),
    Column("occurred_at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("body", Text, nullable=False, comment="the TextClassified as it came"),
    Column("decisions", JSON, nullable=False, comment="per signal: code, factuality, decision, reason, milestone"),
    PrimaryKeyConstraint("event_source", "event_id"),
    Index("ix_readings_text", "process", "text_id"),
)

signals = Table(
    "signals",
    metadata,
    Column("event_id", String(500), nullable=False),
    Column("ordinal", Integer, nullable=False, comment="place among the signals of its text"),
    Column("process", String(200), nullable=False),
    Column("code", String(200), nullable=False),
    Column("test", Boolean, nullable=False),
    Column("occurred_at", UtcTime, nullable=False),
    Column("text_id", String(200), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("superseded", Boolean, nullable=False, comment="a later revision of its text replaced it"),
    Column("body", JSON, nullable=False, comment="what the fold needs to know of signal and text"),
    PrimaryKeyConstraint("event_id", "ordinal"),
    Index("ix_signals_fold", "process", "code", "test", "occurred_at"),
    Index("ix_signals_text", "process", "text_id"),
)

milestones = Table(
    "milestones",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("process", String(200), nullable=False),
    Column("code", String(200), nullable=False),
    Column("test", Boolean, nullable=False),
    Column("status", String(20), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("opened_by", String(500), nullable=False, comment="the event whose signal opened it: finds it again"),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("what", JSON, nullable=False),
    Column("sources", JSON, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index("ix_milestones_fold", "process", "code", "test", "last_seen"),
    Index("ix_milestones_recent", "first_seen"),
)

revisions = Table(
    "revisions",
    metadata,
    Column("milestone_id", ForeignKey("milestones.id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    Column("reason", String(100), nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("message_id", ForeignKey("messages.id"), nullable=False),
    PrimaryKeyConstraint("milestone_id", "number"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("type", String(100), nullable=False, comment="parley.milestone.changed.v1 or parley.test.v1"),
    Column("subject", String(200), nullable=False, comment="the milestone, or the subscription that a test is for"),
    Column("key", String(200), nullable=False, comment="the process: messages of one process stay in order"),
    Column("body", Text, nullable=False, comment="JSON, as every channel sends it"),
    Column("created_at", UtcTime, nullable=False),
    Column("cursor", String(36), nullable=False, comment="the last subscription that was looked at"),
    Column("fanned_out", Boolean, nullable=False, comment="every subscription was looked at"),
    Index(
        "ix_messages_open", "created_at", "id", postgresql_where=text("NOT fanned_out"), sqlite_where=_OPEN_ON_SQLITE
    ),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("channel", String(50), nullable=False),
    Column("target", JSON, nullable=False, comment="what the channel needs: url, secrets"),
    Column("criteria", JSON, nullable=False),
    Column("state", String(20), nullable=False, comment="unverified, active, disabled"),
    Column("state_reason", String(300)),
    Column("sequence", Integer, nullable=False, comment="of its last delivery"),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(36), primary_key=True, comment="the receiver's webhook-id, over all attempts"),
    Column("message_id", ForeignKey("messages.id"), nullable=False),
    Column("subscription_id", ForeignKey("subscriptions.id", ondelete="CASCADE"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("state", String(20), nullable=False, comment="held, pending, delivered, exhausted, cancelled"),
    Column("reason", String(100), nullable=False, comment="why it is owed; of a cancelled one, why it is not any more"),
    Column("attempts_made", Integer, nullable=False, comment="that counted against the receiver's budget"),
    Column("due_at", UtcTime, nullable=False),
    Column("leased_until", UtcTime, comment="a sender has it in hand until then"),
    Column("created_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    UniqueConstraint("message_id", "subscription_id"),
    Index("ix_deliveries_due", "due_at", postgresql_where=_PENDING, sqlite_where=_PENDING),
    Index("ix_deliveries_queue", "subscription_id", "state", "sequence"),
    Index("ix_deliveries_recent", "created_at", "id"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("delivery_id", ForeignKey("deliveries.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("started_at", UtcTime, nullable=False, comment="written before anything is sent"),
    Column("finished_at", UtcTime),
    Column("outcome", String(20), comment="null: in flight, or the sender was killed"),
    Column("reason", String(50), comment="why the delivery ended with it, or is tried again"),
    Column("status_code", Integer),
    Column("detail", String(500)),
)
