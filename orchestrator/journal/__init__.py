"""The record of a run: its folder, its journal of events, and the lock of whoever drives it."""
