"""The service: the ledger over HTTP, for a browser, a calendar program, a script and another service."""
