"""Archisync: a desktop panel that keeps a local, honest copy of a slow ERP. Holds the version and nothing else."""

__version__ = "0.1.0"
