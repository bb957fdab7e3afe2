"""The command line, and ledgers, for the tests of what goes wrong around the program."""

from tests.cli.conftest import run

__all__ = ["run"]
