"""Alembic's entry: runs one history on the connection that ``shared.database.migrate`` hands over."""

from alembic import context

from services.alerts.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table="alerts_alembic_version",
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
