"""What the law asks: keyed pseudonyms, erasure and its ledger, access, retention. No figure is made here."""
