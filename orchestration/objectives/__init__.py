"""Objectives that several teams sign: the registry, its rules, and its rows for the warehouse."""
