"""Runs a Hypothesis state machine against the orchestrator: as a small fixed sample, or for a whole night."""

from __future__ import annotations

import random

from hypothesis import HealthCheck, core, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def attack(machine: type[RuleBasedStateMachine], *, examples: int, steps: int, sample: bool = False) -> None:
    """Run ``examples`` examples of ``steps`` steps. A ``sample`` runs the same ones each time; a long run prints its
    seed, and ``--hypothesis-seed=N`` repeats it."""
    if not sample:
        given = core.global_force_seed
        chosen = given if isinstance(given, int) else random.SystemRandom().randrange(2**32)
        print(f"\nseed of {machine.__name__}: {chosen}", flush=True)
        machine = seed(chosen)(machine)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=sample,
            database=None,
        ),
    )
