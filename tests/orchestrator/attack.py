"""How a state machine is let loose on the orchestrator: as a small sample, or for a night."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def attack(machine: type[RuleBasedStateMachine], *, examples: int, steps: int, sample: bool = False) -> None:
    """Run so many examples of so many steps; a ``sample`` runs the same ones each time."""
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
