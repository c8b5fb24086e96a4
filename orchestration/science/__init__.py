"""Estimators that SQL alone should not make: conversion under censoring, time in stage, forecasts and their backtest.

Pure functions from frames to frames: no database, no file, no clock; days are numbers, seeds are arguments, the order of rows
has no effect. Figures made here are estimates (`meta.kind: estimated`); counts and sums belong to dbt.
"""
