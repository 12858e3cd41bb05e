"""All numbers of politeness and patience."""

from dataclasses import dataclass

from scraper.models import HOSTS


@dataclass(frozen=True, slots=True)
class Manners:
    """Times are seconds, sizes bytes.

    At least: ``delay`` between the starts of two requests to one host (0 suits a mirror); ``quiet`` after throttling,
    before the host is asked anything again. At most: ``concurrency`` requests to one host at a time; ``attempts`` and
    ``seconds`` for one page, counted from where its turn comes; ``total`` for one request, against bodies that drip;
    ``max_bytes`` for a body, as served and inflated. When no host has been reached after ``no_network`` seconds, a
    further try is the last."""

    delay: float = 1.0
    concurrency: int = 2
    attempts: int = 6
    seconds: float = 120.0
    quiet: float = 5.0
    backoff: float = 1.0
    longest_backoff: float = 30.0
    connect: float = 10.0
    read: float = 20.0
    total: float = 60.0
    max_bytes: int = 20_000_000
    max_redirects: int = 5
    no_network: float = 3.0
    hosts: tuple[str, ...] = HOSTS
    user_agent: str = "winkb/0.1 (+open catalog of Windows updates)"
