"""Questions to one state of the ledger, by what they are about; `timeline.view` has them all."""
