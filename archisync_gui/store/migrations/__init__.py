"""Alembic's folder: one file for each version of the fixed tables in ``versions``. Data tables are migrated by
``migrate.py``."""
