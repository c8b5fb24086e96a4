"""Expectations to asset checks: the stewardship contract, the suites, the audit of a candidate before it is published."""
