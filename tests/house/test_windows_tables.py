"""The tables of tests that Windows cannot run: which tests an entry means."""

from __future__ import annotations

import pytest

from tests.support.windows import means


@pytest.mark.parametrize(
    ("entry", "test", "meant"),
    [
        ("a.py::test_x", "a.py::test_x", True),
        ("a.py::test_x", "a.py::test_x[one-two]", True),
        ("a.py::test_x[two]", "a.py::test_x[one-two]", True),
        ("a.py::test_x[one-two]", "a.py::test_x[one-two]", True),
        ("a.py::test_x[tw]", "a.py::test_x[one-two]", False),
        ("a.py::test_x[three]", "a.py::test_x[one-two]", False),
        ("a.py::test_x[one]", "a.py::test_x", False),
        ("a.py::test_x", "a.py::test_xy", False),
    ],
)
def test_an_entry_means_a_test_or_some_of_its_parameters(entry: str, test: str, meant: bool) -> None:
    assert means(entry, test) is meant
