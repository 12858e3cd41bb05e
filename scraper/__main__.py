"""``python -m scraper`` is ``winkb``."""

from scraper.cli import main

main(prog_name="winkb")
