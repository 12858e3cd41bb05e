"""The small catalog of tests/answers, for the words."""

from tests.answers.small_catalog import catalog

__all__ = ["catalog"]
