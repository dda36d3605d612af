"""Alembic's folder: one file per version of the fixed tables in ``versions``; data tables are not migrated here."""
