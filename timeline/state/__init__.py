"""The rows of the projections on disk: their tables, and the projector that keeps them up to date."""
