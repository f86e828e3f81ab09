"""A project in the browser: its data, and what its model would say if a recording were another."""

from coincell.studio.serving import DEFAULT_PORT, Opened, open_studio, open_table

__all__ = ["DEFAULT_PORT", "Opened", "open_studio", "open_table"]
