"""What runs inside a box, and the host's end of the line to it."""
