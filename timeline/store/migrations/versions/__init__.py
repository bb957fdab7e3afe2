"""One file a version: what it takes to come from the version before."""
