"""The first timeline, the command line, and how much Spark there is for these tests: two workers on this machine."""

from tests.cli.conftest import example_ledger, own_ledger, run

__all__ = ["example_ledger", "own_ledger", "run"]
