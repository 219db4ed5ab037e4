"""The nodes of the road, one file each."""
