"""How Alembic runs here: on the connection, and in the transaction, that `oauth.store.schema` hands over."""

from alembic import context

from oauth.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # SQLite cannot alter a table in place: it is copied.
    render_as_batch=True,
)
context.run_migrations()
