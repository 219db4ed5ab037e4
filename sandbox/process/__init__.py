"""Boxes that are plain processes of this machine."""
