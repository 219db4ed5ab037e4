"""Boxes that are kept ready and used again, by the same agent for the same kind of job."""
