"""The fixtures of the data set's tests."""

from data.fixtures import golden, make_project, recordings, write_tone

__all__ = ["golden", "make_project", "recordings", "write_tone"]
