"""Files that cross the wall of a box: names, mounts, folders, and what may come out."""
