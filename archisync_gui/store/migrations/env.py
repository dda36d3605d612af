"""Alembic's entry point; runs on the connection that ``migrate.py`` hands over, inside its transaction."""

from alembic import context

from archisync_gui.store.schema import FIXED

context.configure(connection=context.config.attributes["connection"], target_metadata=FIXED, transactional_ddl=True)
context.run_migrations()
