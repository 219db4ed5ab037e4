"""Parts of the benchmark of physics-informed training."""
