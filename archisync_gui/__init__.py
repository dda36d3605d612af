"""Archisync: a desktop panel that keeps a local copy of a slow ERP. This module has the version and nothing else."""

__version__ = "0.1.0"
