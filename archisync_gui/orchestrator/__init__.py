"""Decides which sync runs when, for which account, and why not now. Imports no Qt, browser, SQL or HTTP.

Pure functions decide; one part, the dispatcher, acts. Read the modules in this order:

1.  ``rules``         all durations and limits, in one frozen value
2.  ``values``        moments, stamps, slots, askers, and the effects of transitions;
    ``state``         what the orchestrator knows: one immutable value
3.  ``blocks``        what blocks a waiting request, as a table in the order of rule 9;
    ``decide``        ``decide(state, now)``: what to do now
4.  ``requests``      transitions of the queue: asked, joined, withdrawn, moved
5.  ``runs``          transitions of a run: started, progressed, suspended, ended, abandoned, tried again;
                      ``control``: the runner's interface to its run, and validation of the run's end
6.  ``sessions``      transitions of smart sessions: opened, renewed, ended
7.  ``form_calls``    the answers to a form's call for fresh customers
8.  ``schedule``      transitions of time: advance to now, request what is due, intervals, lateness
9.  ``office_hours``  calendar arithmetic in the office's time zone
10. ``accounts``      transitions of accounts: replaced, stopped, allowed again, logged in
11. ``explain``       the one reason why something runs or nothing does, and the forecast of coming runs
12. ``status``        the immutable status for panel, endpoint and command line
13. ``tickets``       awaitable outcomes of requests, and the callers that wait for them
14. ``listeners``     subscribers to events, called at once or through a feed for slow readers
15. ``memory``        the journal's only writer, and how a state is restored at a start
16. ``dispatcher``    the only part that acts: owns the state, the clock and the task of the run
17. ``orchestrator``  the public calls
18. ``api``           the public calls as a protocol, which panel and endpoint use, here or on another computer

A *transition* is a pure function that takes the state and the moment and returns the next state, or the next state and
an answer for the caller. The 32 rules are in ``docs/rules.md``; the function that implements a rule names its number.
"""

from archisync_gui.orchestrator.api import OrchestratorApi
from archisync_gui.orchestrator.listeners import Feed
from archisync_gui.orchestrator.orchestrator import Orchestrator
from archisync_gui.orchestrator.rules import OfficeHours, Rules
from archisync_gui.orchestrator.tickets import BatchTicket, Ticket

__all__ = ["BatchTicket", "Feed", "OfficeHours", "Orchestrator", "OrchestratorApi", "Rules", "Ticket"]
