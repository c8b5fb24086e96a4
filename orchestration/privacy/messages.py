"""What a library says of an error, without the values that it quotes: logs and Dagster's event log hold no personal data."""

import re

# DuckDB's errors about data tell the value ("Could not convert string 'jane@…' to INT32"); those about SQL, files and memory
# tell none. The line of SQL that follows is our own.
_ABOUT_DATA = re.compile(
    r"\b((?:Conversion|Invalid Input|Constraint|Out of Range|Mismatch Type|Serialization) Error): "
    r".*?(?=\n+\s*(?:LINE \d|compiled )|\Z)",
    re.DOTALL,
)
LEFT_OUT = "its text may hold values, so it is left out"


def without_values(message: str) -> str:
    """A message of DuckDB, also within one of dbt, as it may stand in a log."""
    return _ABOUT_DATA.sub(rf"\1: {LEFT_OUT}", message)
