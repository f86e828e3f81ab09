"""Examples that several tests learn from."""

import pytest

from coincell.models import Examples
from models.toy import make_examples


@pytest.fixture(scope="session")
def training() -> Examples:
    """To learn from."""
    return make_examples(1, 240)


@pytest.fixture(scope="session")
def validation() -> Examples:
    """To watch."""
    return make_examples(2, 90)
