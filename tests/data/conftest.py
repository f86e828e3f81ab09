"""The fixtures of the data set's tests."""

from data.fixtures import make_project, recordings, write_tone

__all__ = ["make_project", "recordings", "write_tone"]
