"""Boxes in namespaces of their own, made by bubblewrap: isolation where there is no Docker engine."""
