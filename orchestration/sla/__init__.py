"""Service levels that teams owe each other at the hand-off: the registry, its rules, and its rows for the warehouse."""
