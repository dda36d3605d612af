"""An office of several computers: election of the leader, commands of members to the leader, the office's clock.

Storage, locks, notifications and rights are PostgreSQL's (``store.postgres``); the orchestrator decides what is read.
This package imports nothing; of its modules only ``membership``, which single computers need, works without psycopg.
"""
