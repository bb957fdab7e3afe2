"""Proofs that the log was never rewritten: a Merkle tree over it, signed checkpoints, verification, bundles."""
