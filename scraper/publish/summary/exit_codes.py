"""What an exit code means, and what to do about it (design.md section 3). docs/nightly.md repeats the table, and a test
compares the two."""

EXIT_CODES = {
    0: ("Done: every page that was asked for was read.", "Nothing to do."),
    1: (
        "The check was not passed: a page was not read for too long, or the catalog is not sound.",
        "Read the lines of `winkb check`; where data are old, find out why the runs before ended with 3 or never ran.",
    ),
    2: ("Wrong usage: an option or a name was not understood.", "Correct the command; nothing was fetched."),
    3: (
        "Try later: no network, throttled, a block page, or another run under way; the last good facts stay.",
        "Nothing yet, the next run goes on from here; when it lasts, look at the network, or ask slower (`--delay`).",
    ),
    4: (
        "A person must look: a page is gone, cut or changed its shape, or a row could not be read; its last good facts"
        " stay.",
        "Read the failing pages and the new findings; let a true change pass with `winkb accept SOURCE`, and for any"
        " other update winkb or report it.",
    ),
    5: (
        "This machine: disk full, a file that is no database, or a folder that is not writable.",
        "Make room or correct the path, and run again; what is published is whole.",
    ),
}
FROM_OUTSIDE = (
    "The run was ended from outside, by a signal or a time limit.",
    "Nothing: what was stored is kept, and the next run goes on from here.",
)
