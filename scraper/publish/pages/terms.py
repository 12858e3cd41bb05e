"""The terms that a reader may not know, in a sentence each: for titles and notes on the pages, and for /about.

docs/terms.md has all terms, these with the same sentences; a test compares the two.
"""

TERMS = {
    "track": (
        "The updates that a device takes: hotpatch (a restart only at baselines), cumulative (a restart every month),"
        " or component (updates beside both)."
    ),
    "security month": "The month of the newest security update that a build contains.",
    "baseline": "A cumulative update, with a restart, that the hotpatches after it build on. Both tracks take it.",
    "twin": "The update of the same month on the other track: another KB and another build, the same security fixes.",
    "accepted": (
        "The updates of the newest known security month. A device on one of their builds is fully patched, as long as"
        " the data are fresh and the release is supported."
    ),
    "planned": (
        "The restarts of a hotpatched device by the plan: months that were first planned as a baseline or, where no"
        " plan was seen, are one by the quarter rule."
    ),
    "actual": "The restarts of a hotpatched device so far: baselines that were released.",
    "cumulative": "The restarts of a device without hotpatch so far: one for each month's cumulative security update.",
}
