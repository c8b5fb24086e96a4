"""Where a run may be broken off: the boundaries between what it writes, each with a name by which tests kill it there.

`TANDEM_FAILPOINT=after:version` ends the process with SIGKILL at that boundary, as a power cut would.
"""

import os
import signal

VARIABLE = "TANDEM_FAILPOINT"
# In the order in which a night comes by; the last ones belong to an erasure.
BOUNDARIES = (
    "after:copy",  # a delivered file copied, nothing kept of it
    "after:original",  # the delivered file kept, compressed
    "after:parquet",  # rows named by their content, not in the ledger
    "before:ledger",
    "after:ledger",  # landed; the file still lies in the inbox
    "after:inbox",
    "after:catalog",
    "after:models",
    "after:tests",
    "after:expectations",  # asked, nothing recorded
    "after:audit",
    "after:marts",  # the candidate's marts copied to the unfinished file
    "after:comparison",  # compared with what was published for this night before
    "after:fsync",
    "after:postgres",
    "after:parquet_written",
    "after:parquet_placed",  # the version's folder is there, the link points to the one before
    "after:parquet_link",
    "after:copy_written",
    "after:copy_replaced",
    "after:version",  # marts_<version>.duckdb is there, the link points to the one before
    "after:link",  # published; not in the history
    "after:restatement",  # a night published anew has named its differences, the history has not kept them
    "after:history",
    "after:prune",
    "after:scorecard",
    "after:worklists_written",  # the new folder is there, the link points to the one before
    "after:worklists",
    "after:remember",
    "after:erasure_noted",
    "after:redacted",  # a segment written anew, the ledger names the old one
    "after:segments",
    "after:originals",
    "after:published",
    "after:databases",
)


def passed(boundary: str) -> None:
    """Say that a boundary is reached; the process ends here if the environment names it."""
    if os.environ.get(VARIABLE) == boundary:
        os.kill(os.getpid(), signal.SIGKILL)
