"""Exports of the first timeline through the command line, and of small ledgers through Python."""

from tests.cli.conftest import example_ledger, example_on_postgresql, own_ledger, run

__all__ = ["example_ledger", "example_on_postgresql", "own_ledger", "run"]
