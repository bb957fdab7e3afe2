"""Copies of a ledger to keep elsewhere, and ledgers made of them again."""
