#!/bin/sh
# Dead-man's check: exit 1 when the published version is older than TANDEM_OUTDATED_HOURS (26) or when there is none.
# Plain shell on purpose: it must speak when Python, Dagster and the night itself do not.
set -eu
home=${TANDEM_HOME:?set TANDEM_HOME to the home to watch}
hours=${TANDEM_OUTDATED_HOURS:-26}
link="$home/published/current.duckdb"
if [ ! -e "$link" ]; then
    echo "nothing is published in $home: run tandem nightly" >&2
    exit 1
fi
# The link's own time: publishing swaps it in anew each night, also when the marts are the same.
age=$(( ($(date +%s) - $(stat -c %Y "$link")) / 3600 ))
if [ "$age" -ge "$hours" ]; then
    echo "published $age h ago, limit $hours h, in $home: see docs/runbook.md, 'outdated'" >&2
    exit 1
fi
echo "published $age h ago in $home"
