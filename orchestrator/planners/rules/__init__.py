"""The deterministic planner: words, tables and a profile of the data; no network, no model."""
