"""The training core: torch and numpy only, no workflow, no tracking, no configuration files."""
