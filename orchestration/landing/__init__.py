"""Exports to raw Parquet: intake, decode, profiles, header contract, load, ledger. Nothing here knows a mart."""
