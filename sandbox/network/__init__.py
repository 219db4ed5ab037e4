"""The network of a box: an allow-list, the proxy that holds it, and the one door in the box that leads there."""
