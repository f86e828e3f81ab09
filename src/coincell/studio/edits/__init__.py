"""How a recording can be changed to see what the model would say; each sense in its own words."""

from coincell.studio.edits.altering import altered, edits_for, values_of
from coincell.studio.edits.edit import Edit, Values

__all__ = ["Edit", "Values", "altered", "edits_for", "values_of"]
