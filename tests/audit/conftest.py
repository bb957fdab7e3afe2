"""The first timeline through the command line, for what an auditor does with it."""

from tests.cli.conftest import example_ledger, example_on_postgresql, own_ledger, run

__all__ = ["example_ledger", "example_on_postgresql", "own_ledger", "run"]
