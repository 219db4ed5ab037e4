"""The skills that use a GPU, on the card and on the same machine's processor."""
