"""iCalendar that follows the ledger. `calendar` writes it; the others say what it shows, and since when."""
