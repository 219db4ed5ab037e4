"""Planners: what turns a request into a route and a plan."""
