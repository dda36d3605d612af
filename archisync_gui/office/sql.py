"""SQL that several modules of the office use: its advisory locks, the present leader, the present members."""

KEY = "hashtext('archisync ' || current_schema())"
"""The first key of all advisory locks of the office; the second is 1 for the leader, 2 and more for members."""

TRY_LEADER_LOCK = f"SELECT pg_try_advisory_lock({KEY}, 1)"
UNLOCK_LEADER = f"SELECT pg_advisory_unlock({KEY}, 1)"
LOCK_MEMBER = f"SELECT pg_advisory_lock({KEY}, %s)"

LEADER = (
    "SELECT l.epoch, l.since, CASE WHEN a.pid IS NOT NULL THEN l.name END AS name, "
    "CASE WHEN a.pid IS NOT NULL THEN l.member END AS member "
    "FROM leader l LEFT JOIN pg_stat_activity a ON a.pid = l.backend AND l.member IS NOT NULL "
    "AND a.application_name = 'archisync leadership' WHERE l.id = 1"
)
"""Epoch, its beginning, and the computer and member that lead now; these two are null without a leader."""

_ALIVE = (
    "FROM members m JOIN pg_locks l ON l.locktype = 'advisory' AND l.granted "
    f"AND l.classid::bigint = {KEY}::bigint & 4294967295 AND l.objid::bigint = m.lock AND l.objsubid = 2 "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
MEMBERS = f"SELECT m.id, m.name {_ALIVE} ORDER BY m.name"
"""Id and name of the members that are present now, by the locks that they hold."""

PRESENT = f"SELECT m.id, m.name, m.version, m.joined {_ALIVE} ORDER BY m.name, m.id"
"""As :data:`MEMBERS`, with the version of Archisync and the time since when each is present."""
