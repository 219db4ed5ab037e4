"""Searches for hyperparameters: what Optuna proposes, in closed batches, and how it is kept."""
