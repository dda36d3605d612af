"""Decides which sync runs when, for which account, and why not now. Imports no Qt, browser, SQL or HTTP.

Pure functions decide; one part, the dispatcher, acts. Read the modules in this order:

1.  ``rules``         all durations and limits, in one frozen value
2.  ``values``        moments, stamps, slots, askers, and the effects that transitions request;
    ``state``         what the orchestrator knows: one immutable value
3.  ``blocks``        what blocks a waiting request, as a table in the order of rule 9;
    ``decide``        ``decide(state, now)``: what to do now
4.  ``requests``      transitions: asked, joined, withdrawn, moved
5.  ``runs``          transitions: started, progressed, suspended, ended, abandoned, tried again;
                      ``control``: what a runner holds of its run, and how its end is read
6.  ``sessions``      transitions: smart sessions open, live, end
7.  ``form_calls``    what a form's call for fresh customers is answered
8.  ``schedule``      transitions: advance to now, request what is due, intervals, lateness
9.  ``office_hours``  calendar arithmetic in the office's time zone
10. ``accounts``      transitions: accounts come, go, stop, log in
11. ``explain``       why, in one reason; and what will run when: order and blocks, of now and of later moments
12. ``status``        the immutable status for panel, endpoint and command line
13. ``tickets``       awaitables that callers hold, and who waits for which outcome
14. ``listeners``     subscribers to events, called at once or through a feed for slow readers
15. ``memory``        the journal's only writer, and how a state is restored at a start
16. ``dispatcher``    the only part that acts: owns the state, the clock and the task of the run
17. ``orchestrator``  the public calls
18. ``api``           those calls as a protocol: what panel and endpoint use of it, here or on another computer

A *transition* is a pure function that takes the state and the moment and returns the next state, or that and an answer
for the caller. The 32 rules are in ``docs/rules.md``; the docstring of the function that implements one names it.
"""

from archisync_gui.orchestrator.api import OrchestratorApi
from archisync_gui.orchestrator.listeners import Feed
from archisync_gui.orchestrator.orchestrator import Orchestrator
from archisync_gui.orchestrator.rules import OfficeHours, Rules
from archisync_gui.orchestrator.tickets import BatchTicket, Ticket

__all__ = ["BatchTicket", "Feed", "OfficeHours", "Orchestrator", "OrchestratorApi", "Rules", "Ticket"]
