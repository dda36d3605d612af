"""Several computers, one office: who leads, what members ask of the leader, the office's clock.

Storage, locks, announcements and rights are PostgreSQL's (``store.postgres``); nothing here decides what is read.
Import the modules: only ``membership`` does without psycopg, and single computers need no more.
"""
