"""The closed registry of scorers. Runs in a box that holds nothing but `skills.runtime`."""
