"""What can happen: pure declarations, no I/O, no clock, no randomness."""
