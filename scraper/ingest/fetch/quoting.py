"""What a host wrote, made fit for an error message: one line on a terminal, in the catalog as long as the page
fails."""

_LONGEST = 300


def quoted(served: str) -> str:
    """The beginning of a text, in quotes and with its control characters escaped."""
    return repr(served[:_LONGEST])


def brief(text: object) -> str:
    """An address or an error's own words; cut, with the number of characters, where they are too long."""
    line = str(text)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}… ({len(line)} characters)"
