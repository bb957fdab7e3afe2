"""What it adds up to: pure folds from events to rows; each file is one projection."""
