"""The command line: parses, drives the road, prints the result on stdout and all else on stderr."""
