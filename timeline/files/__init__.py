"""Files that come in: read as hostile text, turned into events with the place of every error."""
