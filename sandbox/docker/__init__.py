"""Boxes in containers of the local Docker engine."""
