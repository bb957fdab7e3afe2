"""The commands: each parses its arguments, asks the ledger, and hands the answer to printing."""
