"""The log on disk: tables, transactions, and the recorders that the `eventsourcing` library plugs into."""
