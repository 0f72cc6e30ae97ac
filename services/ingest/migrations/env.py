"""Alembic's entry: runs one history on the connection that ``shared.database.migrate`` hands over."""

from alembic import context

from services.ingest.store import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
