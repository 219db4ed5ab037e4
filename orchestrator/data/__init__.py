"""A user's table on the host: read, described, split, sealed, searched for leaks."""
