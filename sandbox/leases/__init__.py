"""Who may use which cores, memory and GPUs of this machine, and for how long."""
