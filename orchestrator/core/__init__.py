"""The nouns of the road: frozen values and one tree of errors. Imports nothing of ours."""
