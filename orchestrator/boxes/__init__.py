"""How a step becomes a job in a box, and what comes back."""
