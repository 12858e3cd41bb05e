"""Days and months of the update calendar: ``YYYY-MM-DD`` and ``YYYY-MM``."""

from datetime import date, timedelta
from functools import lru_cache


@lru_cache(maxsize=1024)
def second_tuesday(month: str) -> str:
    """The date on which a month's security updates come: ``2026-06`` gives ``2026-06-09``."""
    first = date.fromisoformat(f"{month}-01")
    return (first + timedelta(days=(1 - first.weekday()) % 7 + 7)).isoformat()


def month_before(month: str) -> str:
    return (date.fromisoformat(f"{month}-01") - timedelta(days=1)).isoformat()[:7]
