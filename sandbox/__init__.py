"""Where code runs: boxes behind one protocol. Importing it starts nothing and loads no engine."""
