"""The heart: decides which sync runs when, for whom and why not now; it knows no Qt, no browser, no SQL and no HTTP.

A functional core with one acting part around it. Read it in this order:

1.  ``rules``         every number of the promises, in one frozen value
2.  ``state``         what the orchestrator knows: one immutable value, and what folds leave in its outbox
3.  ``decide``        ``decide(state, now)``: what is to be done at this moment, and what stops each waiting request
4.  ``requests``      folds: asked, joined, withdrawn, moved
5.  ``runs``          folds: started, progressed, suspended, ended, abandoned, tried again; ``ends``: how a run ended
6.  ``sessions``      folds: smart sessions open, live, end
7.  ``schedule``      folds: time passed, intervals, the daily read; lateness
8.  ``office_hours``  calendar arithmetic in the office's time zone
9.  ``accounts``      folds: accounts come, go, stop, log in
10. ``explain``       why, in one reason; and what will run when: the same ``decide`` asked about later moments
11. ``status``        the immutable picture that lookers get
12. ``tickets``       what an asker holds
13. ``listeners``     who is told of events, at once or through a feed that waits for slow readers
14. ``memory``        the journal's only writer, and how a state is remembered at a start
15. ``dispatcher``    the only part that acts: owns the state, the clock and the task of the run
16. ``orchestrator``  the public face

A *fold* is a pure function that takes the state and the moment and returns the next state. The 32 rules stand in
``docs/rules.md``; each is named in the docstring of the function that holds it.
"""

from archisync_gui.orchestrator.orchestrator import Orchestrator
from archisync_gui.orchestrator.rules import OfficeHours, Rules
from archisync_gui.orchestrator.tickets import BatchTicket, Ticket

__all__ = ["BatchTicket", "OfficeHours", "Orchestrator", "Rules", "Ticket"]
