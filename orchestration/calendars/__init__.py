"""Working time: which minutes of which days a team is at work, in its own time zone."""
