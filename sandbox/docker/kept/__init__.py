"""Containers that outlive a killed owner: how they are kept, what runs in them, how they are taken over and reaped."""
