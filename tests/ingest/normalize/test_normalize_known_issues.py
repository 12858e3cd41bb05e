"""Known issues by what is said of them: resolved or open, which KB resolves them, and where each sentence belongs."""

from dataclasses import replace

import pytest

from scraper.ingest.normalize.article import normalize_article
from scraper.ingest.parse import parse_article
from scraper.ingest.parse.parsed import IssueText, ParsedArticle
from scraper.models import KnownIssue
from tests.fixtures.places import CAPTURES

URL = "https://support.microsoft.com/en-us/help/5101650"
TITLE = "July 14, 2026—KB5101650 (OS Builds 26200.8875 and 26100.8875)"
PAGE = ParsedArticle("support-servicing", "", "", TITLE, TITLE, None, "", "", (), (("Improvements", "Some."),))
OWN, FIX, OTHER = "KB5101650", "KB5095093", "KB5121767"


def issue(**parts: str) -> KnownIssue:
    """An issue with these texts; ``unlabelled`` is the text before any label."""
    named = {"" if label == "unlabelled" else label.replace("_", " "): text for label, text in parts.items()}
    page = replace(PAGE, issues=(IssueText("Sound", named),))
    (read,) = normalize_article(page, URL).issues
    return read


def texts(read: KnownIssue) -> tuple[str | None, str | None, str | None]:
    return read.symptom, read.workaround, read.resolution


# --- resolved, and by which KB ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kb"),
    [
        (f"This issue is resolved in {FIX}.", FIX),
        (f"Fixed in {FIX}.", FIX),
        (f"Issue resolved in {FIX}.", FIX),
        (f"Install {FIX}.", FIX),
        (f"To resolve this issue, install {FIX} or a later update.", FIX),
        ("To resolve this issue, install the latest Windows update.", None),
        (f"This issue was addressed by the update of June 23 ({FIX}).", FIX),
        ("This issue was resolved by updates released September 8, 2026 and later.", None),
        (f"This issue is resolved in Windows updates released on and after June 23, 2026 such as {FIX}.", FIX),
        (f"It was resolved by the update of June 23 for build 26100.8737 ({FIX}).", FIX),
        (f"These issues have been fixed in {FIX} and {OTHER}.", FIX),
        (f"{FIX} resolves this issue.", FIX),
        (f"Microsoft has fixed this issue in {FIX}.", FIX),
        (f"An out-of-band update, {FIX}, was released to address this issue.", FIX),
        (f"A fix for this issue is included in {FIX}.", FIX),
        (f"With {FIX}, this issue is resolved.", FIX),
        (f"This issue, which came with {OTHER}, is resolved in {FIX}.", FIX),
        (f"This issue was caused by {OTHER} and is resolved in the update of June 23 (e.g. {FIX}).", FIX),
        (f"The issue in {OTHER} is resolved.", None),
        (f"This issue is resolved in {OWN}.", OWN),
        (f"This issue is resolved after you install {FIX}.", FIX),
        ("This issue is resolved using Known Issue Rollback (KIR).", None),
        ("This issue was resolved on the service side on May 12.", None),
        ("This issue was in the update of May 12, and it is now resolved.", None),
        (f"A resolution is in progress. Update: this issue is addressed in {FIX}.", FIX),
        (f"This issue was partially resolved in {OTHER} and is fully resolved in {FIX}.", FIX),
        (f"This issue is resolved in {FIX}. We recommend that you install the latest update.", FIX),
    ],
)
def test_a_resolution_of_the_whole_issue_resolves_it(text: str, kb: str | None) -> None:
    read = issue(symptoms="None.", resolution=text)
    assert (read.status, read.fixed_by_kb, texts(read)) == ("resolved", kb, ("None.", None, text))
    assert issue(symptoms="None.", resolutions=text) == read


@pytest.mark.parametrize(
    ("text", "kb"),
    [
        (f"This issue is partially resolved in {FIX}. We are working on the other symptoms.", FIX),
        (f"This issue is partially resolved in {FIX}.", FIX),
        (f"Partly fixed in {FIX}.", FIX),
        (f"This issue is fixed in part by {FIX}.", FIX),
        (f"{FIX} partially resolves this issue.", FIX),
        (f"Some symptoms of this issue are resolved in {FIX}.", FIX),
        (f"Some symptoms are resolved in {FIX}.", FIX),
        (f"This issue is resolved in {FIX} for most devices.", FIX),
        (f"This issue is resolved for devices with a touch screen in {FIX}.", FIX),
        (f"This issue is resolved in {FIX} only on tablets.", FIX),
        (f"This issue is resolved in {FIX}, but printers might stop.", FIX),
        (f"This issue is resolved in {FIX}. Some devices might stop again.", FIX),
        (f"This issue is resolved in {FIX}. Microsoft is working to address the rest.", FIX),
        (f"This issue is resolved in {FIX}. We are still investigating.", FIX),
        (f"This issue is resolved in {FIX}. A further fix will be released.", FIX),
        (f"Microsoft is working to address the other symptoms. This issue is resolved in {FIX}.", FIX),
    ],
)
def test_an_issue_that_is_resolved_in_part_is_open(text: str, kb: str) -> None:
    read = issue(symptoms="None.", resolution=text)
    assert (read.status, read.fixed_by_kb, texts(read)) == ("open", kb, ("None.", None, text))


@pytest.mark.parametrize(
    "text",
    [
        "A resolution is in progress.",
        "We\u2019re working on a resolution.",
        "Microsoft is investigating this issue.",
        "Microsoft plans to resolve this issue in a future Windows update.",
        f"It will be addressed in {FIX}.",
        f"It was not fixed by {FIX}.",
        f"This issue isn\u2019t resolved in {FIX}.",
        f"This issue might be resolved by {FIX}.",
        f"Wait until this issue is resolved in {FIX}.",
        f"If this issue is not resolved, uninstall {FIX}.",
        "This issue is resolved by restarting the device.",
        "This issue is resolved by using another printer.",
        "Printers that stopped working on restart print again.",
        f"Printing on both sides is resolved in {FIX}.",
        f"See {FIX}.",
        f"Uninstall {FIX}.",
        "Contact support.",
    ],
)
def test_wording_that_states_no_resolution_leaves_an_issue_open(text: str) -> None:
    read = issue(symptoms="None.", resolution=text)
    assert (read.status, read.fixed_by_kb, texts(read)) == ("open", None, ("None.", None, text))


# --- texts under another label ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["workaround", "workarounds", "unlabelled", "next_steps"])
@pytest.mark.parametrize(
    "text",
    [
        f"This issue is addressed in {FIX}.",
        f"This issue is addressed in{FIX}.",
        f"This issue is resolved in Windows updates released June 23, 2026 ({FIX}).",
    ],
)
def test_a_resolution_is_no_workaround(label: str, text: str) -> None:
    read = issue(**{label: text})
    assert (read.status, read.fixed_by_kb, texts(read)) == ("resolved", FIX, (None, None, text))


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (
            {"workaround": f"Restart. This issue is addressed in {FIX}. Until you install it, dismiss the message."},
            (None, "Restart. Until you install it, dismiss the message.", f"This issue is addressed in {FIX}."),
        ),
        (
            {"resolution": "A resolution is in progress. To work around this issue, restart. Then wait."},
            (None, "To work around this issue, restart. Then wait.", "A resolution is in progress."),
        ),
        (
            {"workaround": "A resolution is in progress. More information will come. To work around it, restart."},
            (None, "To work around it, restart.", "A resolution is in progress. More information will come."),
        ),
        (
            {"workaround": "A resolution is in progress. Restart twice."},
            (None, "Restart twice.", "A resolution is in progress."),
        ),
        (
            {"unlabelled": f"No sound. To work around this issue, restart. This issue is resolved in {FIX}. Be loud."},
            ("No sound. Be loud.", "To work around this issue, restart.", f"This issue is resolved in {FIX}."),
        ),
        (
            {"unlabelled": "The app is working on battery. The details are removed to address CVE-2025-59287."},
            ("The app is working on battery. The details are removed to address CVE-2025-59287.", None, None),
        ),
        ({"symptoms": "None.", "unlabelled": "Some.", "cause": "c", "next_steps": "Wait."}, ("None.", None, None)),
        ({"symptoms": f"It was fixed in {FIX} and is back."}, (f"It was fixed in {FIX} and is back.", None, None)),
    ],
)
def test_each_sentence_is_filed_by_what_it_says(
    parts: dict[str, str], expected: tuple[str | None, str | None, str | None]
) -> None:
    assert texts(issue(**parts)) == expected


def test_a_resolution_has_the_last_word() -> None:
    promise, fix = "A resolution is in progress.", f"This issue is resolved in {FIX}."
    assert issue(resolution=fix, workaround=promise).status == "resolved"
    assert issue(workaround=fix, resolution=promise).status == "open"


@pytest.mark.parametrize("text", ["This issue is resolved.", "Install KB5095093.", "It is resolved with a pen."])
def test_only_an_update_resolves_where_no_resolution_is_announced(text: str) -> None:
    read = issue(workaround=text)
    assert (read.status, read.fixed_by_kb, texts(read)) == ("open", None, (None, text, None))


@pytest.mark.parametrize("words", ["this issue is resolved ", f"{FIX} in ", "released is resolved ", "some of "])
def test_a_sentence_without_end_states_nothing(words: str) -> None:
    read = issue(resolution=words * 400)
    assert (read.status, read.fixed_by_kb) == ("open", None)


# --- as captured -----------------------------------------------------------------------------------------------------

# Title, status, fixing KB, and how many characters symptom, workaround and resolution have.
_DOMAIN = ("Domain-joined devices might lose their secure trust relationship with the domain", "open", None)
_REMOTE = ("Remote Desktop Services might stop responding after September 2026 security update", "resolved")
_HISTORY = ("File History might stop working after installing September 2026 Windows update", "resolved", "KB5124010")
_OFFICE = ("Microsoft Office applications might fail to open from certain third-party apps", "open", None)
_BIN = ("Deleting from Recycle Bin displays an internal file name", "resolved", "KB5095093")
CAPTURED = {
    "articles/kb5122871.2026-09-26.html": [
        ("Windows Server Update Services (WSUS) does not display error details", "open", None, 267, 0, 0),
        (*_REMOTE, "KB5129235", 650, 0, 249),
    ],
    "articles/kb5124008.2026-09-26.html": [
        (*_DOMAIN, 1287, 1292, 173),
        ("USB audio devices might fail to start or produce no sound", "open", "KB5129195", 738, 0, 478),
        ("Host folder shares might be unavailable in Hyper-V-based Linux VMs", "resolved", "KB5129195", 705, 0, 101),
        (*_REMOTE, "KB5129195", 650, 0, 249),
        (*_HISTORY, 701, 0, 249),
    ],
    "articles/kb5129195.2026-09-26.html": [
        (*_DOMAIN, 1287, 1292, 173),
        ("USB Audio Class 1.0 devices with error Code 10 or no output", "open", None, 465, 0, 107),
        (*_HISTORY, 701, 0, 249),
    ],
    # One blank longer than without the zero-width ones; labelled "Workaround", both.
    "kb-known-issues.cut-down.html": [(*_OFFICE, 544, 135, 135), (*_BIN, 299, 0, 37)],
    # Labelled "Resolution" and "Workaround".
    "kb-servicing-layout.cut-down.html": [(*_OFFICE, 312, 135, 76), (*_BIN, 207, 62, 37)],
    "kb-none-aware.cut-down.html": [],
    "kb5101650.2026-09-26.html": [],
}


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures lie beside the repository, not in it")
@pytest.mark.parametrize("name", CAPTURED)
def test_captured_issues(name: str) -> None:
    read = normalize_article(parse_article(name, (CAPTURES / name).read_bytes(), URL), URL)
    found = [(one.title, one.status, one.fixed_by_kb, *(len(text or "") for text in texts(one))) for one in read.issues]
    assert found == CAPTURED[name]
    assert read.read == ("listed" if found else "none")
