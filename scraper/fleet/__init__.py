"""A fleet: a list of devices in, a verdict for each device out.

    columns  which columns hold the version, the device's name and the product
    reading  bytes to devices
    judging  the verdict on one version text
    rows     devices to rows, written to a file or a stream
    summary  the counts, in words, and the exit code

What a build means is not known here: the caller hands in the judge (``answers.Verdicts.of``).
"""

from scraper.fleet.judging import Judge
from scraper.fleet.rows import COLUMNS, judge_fleet
from scraper.fleet.summary import FleetSummary, exit_code, text

__all__ = ["COLUMNS", "FleetSummary", "Judge", "exit_code", "judge_fleet", "text"]
