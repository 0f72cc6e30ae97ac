"""The first tables.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column(
            "type", sa.String(length=100), nullable=False, comment="parley.milestone.changed.v1 or parley.test.v1"
        ),
        sa.Column(
            "subject",
            sa.String(length=200),
            nullable=False,
            comment="the milestone, or the subscription that a test is for",
        ),
        sa.Column(
            "key", sa.String(length=200), nullable=False, comment="the process: messages of one process stay in order"
        ),
        sa.Column("body", sa.Text(), nullable=False, comment="JSON, as every channel sends it"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cursor", sa.String(length=36), nullable=False, comment="the last subscription that was looked at"),
        sa.Column("fanned_out", sa.Boolean(), nullable=False, comment="every subscription was looked at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(
        "ix_messages_open",
        "messages",
        ["created_at", "id"],
        unique=False,
        postgresql_where=sa.text("NOT fanned_out"),
        sqlite_where=sa.text("fanned_out = 0"),
    )

    op.create_table(
        "milestones",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("process", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column(
            "opened_by",
            sa.String(length=500),
            nullable=False,
            comment="the event whose signal opened it: finds it again",
        ),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("what", sa.JSON(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestones")),
    )
    op.create_index("ix_milestones_fold", "milestones", ["process", "code", "test", "last_seen"], unique=False)
    op.create_index("ix_milestones_recent", "milestones", ["first_seen"], unique=False)

    op.create_table(
        "processes",
        sa.Column(
            "id",
            sa.String(length=200),
            nullable=False,
            comment="a process; its row is locked while its state is folded",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processes")),
    )
    op.create_table(
        "readings",
        sa.Column("event_source", sa.String(length=200), nullable=False),
        sa.Column("event_id", sa.String(length=500), nullable=False),
        sa.Column(
            "process", sa.String(length=200), nullable=True, comment="null: in the domain, but of no known process"
        ),
        sa.Column("text_id", sa.String(length=200), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False, comment="older than 48 h at intake"),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False, comment="the TextClassified as it came"),
        sa.Column(
            "decisions", sa.JSON(), nullable=False, comment="per signal: code, factuality, decision, reason, milestone"
        ),
        sa.PrimaryKeyConstraint("event_source", "event_id", name=op.f("pk_readings")),
    )
    op.create_index("ix_readings_text", "readings", ["process", "text_id"], unique=False)

    op.create_table(
        "signals",
        sa.Column("event_id", sa.String(length=500), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False, comment="place among the signals of its text"),
        sa.Column("process", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text_id", sa.String(length=200), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False, comment="a later revision of its text replaced it"),
        sa.Column("body", sa.JSON(), nullable=False, comment="what the fold needs to know of signal and text"),
        sa.PrimaryKeyConstraint("event_id", "ordinal", name=op.f("pk_signals")),
    )
    op.create_index("ix_signals_fold", "signals", ["process", "code", "test", "occurred_at"], unique=False)
    op.create_index("ix_signals_text", "signals", ["process", "text_id"], unique=False)

    op.create_table(
        "subscriptions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("channel", sa.String(length=50), nullable=False),
        sa.Column("target", sa.JSON(), nullable=False, comment="what the channel needs: url, secrets"),
        sa.Column("criteria", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False, comment="unverified, active, disabled"),
        sa.Column("state_reason", sa.String(length=300), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False, comment="of its last delivery"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=36), nullable=False, comment="the receiver's webhook-id, over all attempts"),
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.Column("subscription_id", sa.String(length=36), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column(
            "state", sa.String(length=20), nullable=False, comment="held, pending, delivered, exhausted, cancelled"
        ),
        sa.Column(
            "reason",
            sa.String(length=100),
            nullable=False,
            comment="why it is owed; of a cancelled one, why it is not any more",
        ),
        sa.Column("attempts_made", sa.Integer(), nullable=False, comment="that counted against the receiver's budget"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "leased_until", sa.DateTime(timezone=True), nullable=True, comment="a sender has it in hand until then"
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_deliveries_message_id")),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_deliveries_subscription_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("message_id", "subscription_id", name=op.f("uq_deliveries_message_id")),
    )
    op.create_index(
        "ix_deliveries_due",
        "deliveries",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
        sqlite_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_deliveries_queue", "deliveries", ["subscription_id", "state", "sequence"], unique=False)
    op.create_index("ix_deliveries_recent", "deliveries", ["created_at", "id"], unique=False)

    op.create_table(
        "revisions",
        sa.Column("milestone_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_revisions_message_id")),
        sa.ForeignKeyConstraint(["milestone_id"], ["milestones.id"], name=op.f("fk_revisions_milestone_id")),
        sa.PrimaryKeyConstraint("milestone_id", "number", name=op.f("pk_revisions")),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("delivery_id", sa.String(length=36), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False, comment="written before anything is sent"),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True, comment="null: in flight, or the sender was killed"),
        sa.Column(
            "reason", sa.String(length=50), nullable=True, comment="why the delivery ended with it, or is tried again"
        ),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("detail", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_attempts_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    op.create_index(op.f("ix_attempts_delivery_id"), "attempts", ["delivery_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_attempts_delivery_id"), table_name="attempts")

    op.drop_table("attempts")
    op.drop_table("revisions")
    op.drop_index("ix_deliveries_recent", table_name="deliveries")
    op.drop_index("ix_deliveries_queue", table_name="deliveries")
    op.drop_index(
        "ix_deliveries_due",
        table_name="deliveries",
        postgresql_where=sa.text("state = 'pending'"),
        sqlite_where=sa.text("state = 'pending'"),
    )

    op.drop_table("deliveries")
    op.drop_table("subscriptions")
    op.drop_index("ix_signals_text", table_name="signals")
    op.drop_index("ix_signals_fold", table_name="signals")

    op.drop_table("signals")
    op.drop_index("ix_readings_text", table_name="readings")

    op.drop_table("readings")
    op.drop_table("processes")
    op.drop_index("ix_milestones_recent", table_name="milestones")
    op.drop_index("ix_milestones_fold", table_name="milestones")

    op.drop_table("milestones")
    op.drop_index(
        "ix_messages_open",
        table_name="messages",
        postgresql_where=sa.text("NOT fanned_out"),
        sqlite_where=sa.text("fanned_out = 0"),
    )

    op.drop_table("messages")
