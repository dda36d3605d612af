"""Runs two (or more) coroutines in every order of their awaited calls, deterministically and without sleeping.

``Turns.watch(object, "method", ...)`` replaces methods of an object (or functions of a module) by versions that stop
before and after each call until the scheduler resumes their coroutine (called an *actor*). Between two such points
exactly one actor runs. ``in_all_orders`` runs a scenario once for each possible sequence of turns; the scenario makes
all its objects anew every time::

    async def scenario(turns: Turns) -> None:
        store = await Store.open(...)
        turns.watch(store._database, "read", "write", "exclusive")
        first, second = await turns.run(lambda: store.clear(...), lambda: store.apply(...))
        assert ...                                    # ``first`` and ``second``: result or exception

    await in_all_orders(scenario)

Watch the lowest functions, those that always end by themselves (work on a thread, a write to a file). Locks above them
need no special care: an actor that waits for a lock held by a stopped actor counts as blocked, and another one
continues.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from typing import Any, TypeAlias

Actor: TypeAlias = Callable[[], Awaitable[Any]]
Scenario: TypeAlias = "Callable[[Turns], Awaitable[None]]"

IDLE_ROUNDS = 20
"""After this many iterations of the loop without progress, the running actor is taken to wait for another one."""

PATIENCE = 60.0
"""Seconds after which actors that all wait are taken to be deadlocked. Long, since a thread's work may take many
seconds on a busy computer."""

_actor: ContextVar[int | None] = ContextVar("actor", default=None)


class Deadlock(AssertionError):
    """All actors that have not ended wait for each other."""


class Turns:
    """One execution of a scenario: takes the choices of ``prefix``, then always the first actor that can continue."""

    def __init__(self, prefix: list[int], switches: int | None) -> None:
        self._prefix = prefix
        self._switches = switches
        self.choices: list[tuple[int, int]] = []
        """For each decision: the option taken and the number of options."""
        self.trace: list[str] = []
        """Actor and call of each turn, for the message of a failed test."""
        self._gates: dict[int, tuple[str, asyncio.Future[None]]] = {}
        self._inside = 0
        """Watched calls in progress: they end by themselves."""
        self._returned = asyncio.Event()
        """A watched call has returned."""
        self._arrived = asyncio.Event()
        """An actor has reached a gate."""
        self._restore: list[tuple[object, str, Any]] = []

    def watch(self, owner: object, *names: str) -> None:
        """Make each of these awaitable methods (or functions of a module) a turn point."""
        for name in names:
            real = getattr(owner, name)
            self._restore.append((owner, name, real))
            setattr(owner, name, self._watched(name, real))

    def unwatch(self) -> None:
        """Put the original functions back."""
        for owner, name, real in reversed(self._restore):
            setattr(owner, name, real)
        self._restore.clear()

    def _watched(self, name: str, real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            actor = _actor.get()
            if actor is None:  # not called by one of the actors
                return await real(*args, **kwargs)
            await self._gate(actor, f"before {name}")
            self._inside += 1
            try:
                return await real(*args, **kwargs)
            finally:
                self._inside -= 1
                self._returned.set()
                await self._gate(actor, f"after {name}")

        return call

    async def _gate(self, actor: int, where: str) -> None:
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gates[actor] = where, gate
        self._arrived.set()
        await gate

    async def run(self, *actors: Actor) -> list[Any]:
        """Run the actors until they end, in the order of this execution; returns their results or exceptions."""

        async def act(number: int, actor: Actor) -> Any:
            _actor.set(number)
            await self._gate(number, "start")
            return await actor()

        tasks = [asyncio.ensure_future(act(number, actor)) for number, actor in enumerate(actors)]
        last: int | None = None
        switched = 0
        try:
            while True:
                await self._settle(tasks)
                if all(task.done() for task in tasks):
                    break
                waiting = sorted(self._gates)
                if not waiting:
                    if not await self._other_work(tasks):
                        raise Deadlock("\n".join(self.trace))
                    continue
                options = [last, *(n for n in waiting if n != last)] if last in waiting else waiting
                if last in waiting and self._switches is not None and switched >= self._switches:
                    options = [last]
                at = len(self.choices)
                chosen = min(self._prefix[at], len(options) - 1) if at < len(self._prefix) else 0
                self.choices.append((chosen, len(options)))
                actor = options[chosen]
                assert actor is not None
                switched += last in waiting and actor != last
                last = actor
                where, gate = self._gates.pop(actor)
                self.trace.append(f"{actor}: {where}")
                gate.set_result(None)
        finally:
            for task in tasks:
                task.cancel()
            for _, gate in self._gates.values():
                gate.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.unwatch()
        return [task.exception() or task.result() for task in tasks]

    async def _other_work(self, tasks: Sequence[asyncio.Future[Any]]) -> bool:
        """Wait for calls that are not watched (a thread's work); False when none of them makes an actor continue."""
        self._arrived.clear()
        arrival: asyncio.Future[Any] = asyncio.ensure_future(self._arrived.wait())
        pending = [arrival, *(task for task in tasks if not task.done())]
        done, _ = await asyncio.wait(pending, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        arrival.cancel()
        return bool(done)

    async def _settle(self, tasks: Sequence[asyncio.Future[Any]]) -> None:
        """Wait until every actor has ended, has reached a gate, or waits for another actor."""
        idle = 0
        while idle < IDLE_ROUNDS:
            if all(task.done() or number in self._gates for number, task in enumerate(tasks)):
                return
            before = len(self._gates), sum(task.done() for task in tasks), self._inside
            if self._inside:
                self._returned.clear()
                await self._returned.wait()
            await asyncio.sleep(0)
            after = len(self._gates), sum(task.done() for task in tasks), self._inside
            idle = 0 if self._inside or before != after else idle + 1


async def in_all_orders(scenario: Scenario, *, switches: int | None = None, limit: int = 5000) -> int:
    """Run ``scenario`` once for each order of its actors' turns; returns the number of orders.

    ``switches``: try only orders with at most so many preemptions, that is, switches away from an actor that could
    continue (all errors of practical interest need one or two). Raises the scenario's own failure with the order added
    to its notes, and ``AssertionError`` when there are more than ``limit`` orders.
    """
    prefix: list[int] = []
    for count in range(1, limit + 1):
        turns = Turns(prefix, switches)
        try:
            await scenario(turns)
        except BaseException as error:
            error.add_note("order of turns:\n  " + "\n  ".join(turns.trace))
            raise
        finally:
            turns.unwatch()
        taken = turns.choices
        while taken and taken[-1][0] + 1 >= taken[-1][1]:
            taken = taken[:-1]
        if not taken:
            return count
        prefix = [choice for choice, _ in taken[:-1]] + [taken[-1][0] + 1]
    raise AssertionError(f"more than {limit} orders: watch fewer calls, or bound the switches")
