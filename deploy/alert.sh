#!/bin/sh
# Tells ops: alert.sh failed UNIT | alert.sh recovered UNIT. Once per failure and once per recovery, not every hour.
# TANDEM_ALERT_COMMAND gets the message on standard input, such as: mail -s Tandem ops@example.com. Without it the journal has it.
set -eu
event=$1 unit=$2
state="${TANDEM_HOME:?}/logs/alert-$unit"
case $event in
failed)
    [ -e "$state" ] && exit 0
    : > "$state"
    message="Tandem: $unit failed. What to do: docs/runbook.md. Last lines: journalctl -u $unit -n 50"
    ;;
recovered)
    [ -e "$state" ] || exit 0
    rm -f "$state"
    message="Tandem: $unit works again."
    ;;
*)
    echo "usage: alert.sh failed|recovered UNIT" >&2
    exit 4
    ;;
esac
if [ -n "${TANDEM_ALERT_COMMAND:-}" ]; then
    printf '%s\n' "$message" | sh -c "$TANDEM_ALERT_COMMAND"
else
    echo "$message"
fi
