"""What every skill shares inside a box: the job contract, seeds, problems, scoring. Never imports `orchestrator`."""
