"""Speeds as ratios measured in one run; never asserted, always printed with what was run."""
