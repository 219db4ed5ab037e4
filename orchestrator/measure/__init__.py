"""The host's own measurements: predict in a fresh box, score in a second one, write evidence."""
