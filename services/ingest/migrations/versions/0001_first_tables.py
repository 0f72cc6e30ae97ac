"""The first table.

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
        "ingest_texts",
        sa.Column(
            "text_id", sa.String(length=32), nullable=False, comment="article id or meeting id; the two never meet"
        ),
        sa.Column("revision", sa.Integer(), nullable=False, comment="counts from 1 without gaps"),
        sa.Column("kind", sa.String(length=10), nullable=False, comment="news or meeting"),
        sa.Column(
            "content_hash",
            sa.String(length=32),
            nullable=False,
            comment="what decides whether the next one is a revision",
        ),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("text_id", "revision", name=op.f("pk_ingest_texts")),
    )


def downgrade() -> None:
    op.drop_table("ingest_texts")
