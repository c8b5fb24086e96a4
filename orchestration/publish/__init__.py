"""Candidate to published versions: only what passed its audit, whole, and back again when asked."""
