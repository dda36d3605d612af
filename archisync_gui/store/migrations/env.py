"""Alembic's entry point: runs the migrations on the connection and in the transaction of ``migrate.py``."""

from alembic import context

from archisync_gui.store.schema import FIXED

context.configure(connection=context.config.attributes["connection"], target_metadata=FIXED, transactional_ddl=True)
context.run_migrations()
