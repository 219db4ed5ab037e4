"""Everything that is configured: agents.toml, the peers' definitions and the skills' folders."""
