"""What the words of an article mean: rules of normalize_article, with the forms that were served (sources.md C)."""

from dataclasses import replace

import pytest

from scraper.ingest.normalize.article import normalize_article
from scraper.ingest.parse import parse_article
from scraper.ingest.parse.parsed import IssueText, ParsedArticle
from scraper.models import ArticleRecord, IssuesRead, IssueStatus, KnownIssue, Prerequisite, PrerequisiteKind
from tests.fixtures.articles import NONE_AWARE, Issue, Kind, Layout, address_of, article
from tests.fixtures.places import CAPTURES

URL = "https://support.microsoft.com/en-us/help/5101650"
TITLE = "July 14, 2026—KB5101650 (OS Builds 26200.8875 and 26100.8875)"
PAGE = ParsedArticle("support-servicing", "", "", TITLE, TITLE, None, "", "", (), (("Improvements", "Some."),))
STACK, CHECKPOINT, BASELINE = PrerequisiteKind.SERVICING_STACK, PrerequisiteKind.CHECKPOINT, PrerequisiteKind.BASELINE


def record_of(url: str = URL, **served: object) -> ArticleRecord:
    return normalize_article(replace(PAGE, **served), url)  # type: ignore[arg-type]


def issue(title: str = "Sound", **parts: str) -> KnownIssue:
    named = {label.replace("_", " ").strip(): text for label, text in parts.items()}
    (read,) = record_of(issues=(IssueText(title, named),)).issues
    return read


# --- title, heading, address -----------------------------------------------------------------------------------------


def test_title_and_heading_are_read_apart() -> None:
    read = record_of(title=TITLE.replace("8875 and", "8870 and"))
    assert (read.title_builds, read.heading_builds) == (("26200.8870", "26100.8875"), ("26200.8875", "26100.8875"))
    assert (read.title_date, read.heading_date) == ("2026-07-14", "2026-07-14")
    assert read.updated_at is None


@pytest.mark.parametrize(
    ("title", "date", "builds"),
    [
        ("July 14, 2026-KB5101650 (OS Build 26100.1)", "2026-07-14", ("26100.1",)),
        (
            "July 4, 2026 \u2013 KB5101650 (OS Builds 26100.1, 26200.1, and 26100.1",
            "2026-07-04",
            ("26100.1", "26200.1"),
        ),
        ("July 14, 2026 — Hotpatch KB 5101650 (Builds 26100.1) Out-of-band", "2026-07-14", ("26100.1",)),
        ("KB5129195: Windows 11 24H2, 25H2 security update", None, ()),
        ("KB5129195: Windows 11 security update, OS Build 26100.1", None, ("26100.1",)),
        ("KB5129195 (OS Build 26100.1).", None, ("26100.1",)),
        ("KB5129195\uff08OS Build 26100.1\uff09", None, ("26100.1",)),
        ("February 30, 2026—KB5101650 (OS Build 18363.18363.1171)", None, ()),
        ("Juli 14, 2026—KB5101650", None, ()),
        ("KB5120102: servicing stack 26100.8872", None, ()),
    ],
)
def test_dates_and_builds_of_titles(title: str, date: str | None, builds: tuple[str, ...]) -> None:
    read = record_of(title=title, heading=title)
    assert (read.title_date, read.title_builds) == (date, builds)
    assert (read.heading_date, read.heading_builds) == (date, builds)


@pytest.mark.parametrize(
    ("served", "url", "kbs"),
    [
        ({}, URL, {"KB5101650"}),
        ({"title": "", "heading": "KB 5101651"}, URL, {"KB5101651"}),
        ({"title": "x", "heading": "x"}, URL, set()),
        ({"title": "x", "heading": "x"}, "https://support.microsoft.com/en-us/topic/july-kb5101650-os", {"KB5101650"}),
        ({"title": "x", "heading": "x"}, "https://support.microsoft.com/x?from=kb5101650#kb5101650", set()),
        ({"heading": "KB5101651"}, "https://support.microsoft.com/en-us/topic/july-kb5101650-os", {"KB5101651"}),
        ({"canonical": "https://support.microsoft.com/en-us/2026/07/KB5101652-x"}, URL, {"KB5101650"}),
        (
            {"title": "x", "heading": "x", "canonical": "https://support.microsoft.com/2026/07/KB5101652-x"},
            "https://support.microsoft.com/en-us/topic/july-kb5101650-os",
            {"KB5101652"},
        ),
    ],
)
def test_kbs_are_those_of_the_heading_or_else_of_title_and_slugs(
    served: dict[str, str], url: str, kbs: set[str]
) -> None:
    assert record_of(url, **served).kbs == kbs


@pytest.mark.parametrize(
    ("served", "doubts"),
    [
        ({"canonical": "https://support.microsoft.com/en-us/2026/07/kb5101650-x"}, ()),
        ({"canonical": "https://support.microsoft.com/en-us/2026/07/kb5101652-x"}, ("its address names KB5101652",)),
        ({"title": "KB5101651 and KB5101652"}, ("its title names KB5101651, KB5101652",)),
        ({"title": "KB5101650 and KB5101652"}, ()),
        ({"servicing_stack": ("Includes KB5120102 (Build 26100.8872).", "the SSU (KB5120102) - 26100.8872")}, ()),
        ({"packages": ("windows11.0-kb5043080-x64_0.msu", "windows11.0-kbkb5101650-x64_0.msu")}, ()),
        (
            {"packages": ("windows11.0-kb5043080-x64_0.msu", "windows11.0-kb5101652-x64_0.msu")},
            ("its packages are of KB5043080, KB5101652",),
        ),
        ({"servicing_stack": ("Includes KB5120102 (Build 26100.8872).", "SSU KB5120103")}, ()),
        (
            {"servicing_stack": ("Includes KB5120102 (Build 26100.8872).", "the SSU (KB5120102) - 26100.8873")},
            ("its servicing stack is KB5120102 26100.8872 and KB5120102 26100.8873",),
        ),
    ],
)
def test_what_an_article_says_twice_it_says_alike(served: dict[str, object], doubts: tuple[str, ...]) -> None:
    assert record_of(**served).doubts == doubts


def test_an_article_has_its_heading_for_a_missing_title() -> None:
    assert record_of(title="").title == TITLE
    assert record_of(heading="").heading == ""


# --- known issues ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        NONE_AWARE,
        "Microsoft is not currently aware of any issues in this update",
        "Microsoft isn\u2019t currently aware of any known issues with this update.",
        "We are currently not aware of any issues with this update.",
        "We\u2019re not aware of any issues.",
        "Note: Microsoft is currently unaware of any issues related to this release.",
        "There are no known issues.",
        "There are currently no known issues in this security update.",
        "This is a section. No known issues. See more.",
    ],
)
def test_a_denial_means_none(text: str) -> None:
    assert record_of(issues=(), issues_text=text).read is IssuesRead.NONE


@pytest.mark.parametrize(
    ("issues", "text"),
    [
        (None, ""),
        (None, NONE_AWARE),
        ((), ""),
        ((), "Printers stop. We are not aware of any issues on other versions."),
        ((), "See the dashboard for issues."),
    ],
)
def test_what_neither_lists_nor_denies_is_unreadable(issues: tuple[IssueText, ...] | None, text: str) -> None:
    assert record_of(issues=issues, issues_text=text).read is IssuesRead.UNREADABLE


def test_folds_that_deny_are_no_issues() -> None:
    folds = (IssueText("Windows 11, version 24H2", {"": NONE_AWARE}), IssueText(NONE_AWARE, {}))
    read = record_of(issues=folds, issues_text=f"Windows 11, version 24H2 {NONE_AWARE} {NONE_AWARE}")
    assert (read.issues, read.read) == ((), IssuesRead.NONE)


def test_an_issue_keeps_its_text_where_it_was_served() -> None:
    fixed = "Fixed in KB5121767."
    assert issue(symptoms="a", workaround="b", resolution=fixed, cause="d") == KnownIssue(
        "Sound", IssueStatus.RESOLVED, "a", "b", fixed, "KB5121767"
    )
    assert issue(symptom="a", workarounds="b", resolutions="c") == issue(symptoms="a", workaround="b", resolution="c")


def test_text_before_any_label_is_the_symptom_when_no_other_is() -> None:
    texts = ({"": "a", "workaround": "b"}, {"": "a", "symptoms": "b"})
    read = record_of(issues=tuple(IssueText(str(number), parts) for number, parts in enumerate(texts)))
    assert [one.symptom for one in read.issues] == ["a", "b"]


def test_an_issue_of_a_table_is_named_by_its_first_sentence() -> None:
    assert issue("", symptom="After KB5101650 2.0 no sound. Nor light.").title == "After KB5101650 2.0 no sound."
    assert issue("", workaround="Restart now").title == "Restart now"
    assert record_of(issues=(IssueText("", {}),)).issues == ()


def test_an_issue_that_is_listed_twice_is_one() -> None:
    assert len(record_of(issues=(IssueText("Sound", {"": "a"}), IssueText("Sound", {"": "a"}))).issues) == 1


# --- prerequisites ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kb", "build"),
    [
        ("Includes KB5120102 (Build 26100.8872), which improves", "KB5120102", "26100.8872"),
        ("file information for the SSU (KB5120102) - version 26100.8872.", "KB5120102", "26100.8872"),
        ("Windows 11 servicing stack update (KB5120102)- 22621.9441", "KB5120102", "22621.9441"),
        (
            "[KB5120102](https://support.microsoft.com/help/5120102) \u2013 OS Build: 26100.8872",
            "KB5120102",
            "26100.8872",
        ),
        ("[Servicing stack (KB 5120102) — 26100.8872](https://x)", "KB5120102", "26100.8872"),
        ("See KB5000001. Includes KB5120102 (26100.8872)", "KB5120102", "26100.8872"),
        ("With KB5101650 (OS Build 26100.8875) comes KB5120102.", "KB5120102", None),
    ],
)
def test_servicing_stack_with_its_build_as_served(text: str, kb: str, build: str | None) -> None:
    assert record_of(servicing_stack=(text,)).prerequisites == (Prerequisite(STACK, kb, build),)


@pytest.mark.parametrize("text", ["", "This update includes the servicing stack update.", "KB5101650 (26100.8875)"])
def test_no_servicing_stack_without_another_kb(text: str) -> None:
    assert record_of(servicing_stack=(text,)).prerequisites == ()


def test_a_servicing_stack_with_the_articles_own_kb_is_none_and_the_next_text_counts() -> None:
    texts = ("Includes KB5101650 (Build 26100.8872).", "the SSU (KB5120102) - version 26100.8872")
    assert record_of(servicing_stack=texts).prerequisites == (Prerequisite(STACK, "KB5120102", "26100.8872"),)


def test_checkpoints_are_the_packages_before_the_articles_own() -> None:
    packages = (
        "windows11.0-kb5043080-arm64_0.msu",
        "windows11.0-kb5101650-arm64_0.msu",
        "windows11.0-kb5000009-arm64_0.msu",
        "windows11.0-kb5043080-x64_0.msu",
        "windows11.0-KB5050000-x64_0.msu",
        "windows11.0-kbkb5101650-x64_0",
        "windows11.0-5101650-x64_0.msu.msu",
        "no package",
    )
    assert record_of(packages=packages).prerequisites == (
        Prerequisite(CHECKPOINT, "KB5043080", None),
        Prerequisite(CHECKPOINT, "KB5050000", None),
    )


def test_a_list_without_the_articles_own_package_says_nothing() -> None:
    assert record_of(packages=("windows11.0-kb5043080-x64_0.msu",)).prerequisites == ()


HOTPATCH = "August 11, 2026—Hotpatch KB5101650 (OS Build 26100.9106)"


@pytest.mark.parametrize(
    ("title", "text", "required"),
    [
        (HOTPATCH, "First. The baseline KB5099999 must be installed.", Prerequisite(BASELINE, "KB5099999", None)),
        (
            HOTPATCH,
            "Needs the July baseline, KB5099999 (OS Build 26100.8875), or later.",
            Prerequisite(BASELINE, "KB5099999", "26100.8875"),
        ),
        (HOTPATCH, "The baseline goes first. See KB5099999.", None),
        (HOTPATCH, "The baseline goes first. windows11.0-kb5043080-x64_0.msu", None),
        (HOTPATCH, "KB5101650 is no baseline.", None),
        (TITLE, "The baseline KB5099999 must be installed.", None),
        ("July 14, 2026—Baseline KB5101650 for hotpatch", "The baseline KB5099999.", None),
    ],
)
def test_baseline_of_a_hotpatch(title: str, text: str, required: Prerequisite | None) -> None:
    served = record_of(title=title, heading=title, sections=(("Improvements", "x"), ("How to get this update", text)))
    assert served.prerequisites == ((required,) if required else ())


def test_a_baseline_in_the_list_of_packages_is_no_checkpoint() -> None:
    packages = tuple(f"windows11.0-kb{kb}-x64_0.msu" for kb in (5043080, 5099999, 5101650))
    sections = (("How to get this update", "The baseline KB5099999 must be installed."),)
    assert record_of(title=HOTPATCH, heading="", packages=packages, sections=sections).prerequisites == (
        Prerequisite(BASELINE, "KB5099999", None),
        Prerequisite(CHECKPOINT, "KB5043080", None),
    )


# --- whole articles --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["new", "old"])
@pytest.mark.parametrize("kind", ["cumulative", "hotpatch", "preview", "out-of-band"])
@pytest.mark.parametrize("date", ["2026-08-11", ""])
def test_a_re_created_article_says_what_was_put_in(layout: Layout, kind: Kind, date: str) -> None:
    builds = ("26200.9106", "26100.9106")
    baseline = "KB5101650" if kind == "hotpatch" else None
    listed = (Issue("Sound", "None.", "Restart."), Issue("Light", "Too much.", resolution="Install KB5121767."))
    body = article("KB5120994", date, builds, layout=layout, kind=kind, issues=listed, baseline=baseline)
    url = address_of("KB5120994", date, builds, layout=layout, kind=kind)
    read = normalize_article(parse_article("KB5120994", body, url), url)
    assert read.kbs == {"KB5120994"}
    assert (read.heading_date, read.heading_builds) == ((date, builds) if date else (None, ()))
    assert read.read is IssuesRead.LISTED
    assert read.issues == (
        KnownIssue("Sound", IssueStatus.OPEN, "None.", "Restart.", None),
        KnownIssue("Light", IssueStatus.RESOLVED, "Too much.", None, "Install KB5121767.", "KB5121767"),
    )
    assert read.prerequisites == (
        Prerequisite(STACK, "KB5120102", "26100.8872"),
        *((Prerequisite(BASELINE, "KB5101650", None),) if baseline else ()),
        Prerequisite(CHECKPOINT, "KB5043080", None),
    )


@pytest.mark.parametrize("layout", ["new", "old"])
@pytest.mark.parametrize(("issues", "state"), [((), IssuesRead.NONE), (None, IssuesRead.UNREADABLE)])
def test_a_re_created_article_without_issues(
    layout: Layout, issues: tuple[Issue, ...] | None, state: IssuesRead
) -> None:
    body = article("KB5120994", "2026-08-11", (), layout=layout, issues=issues, stack=None, checkpoints=())
    read = normalize_article(parse_article("KB5120994", body, URL), URL)
    assert (read.read, read.issues, read.prerequisites) == (state, (), ())


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures lie beside the repository, not in it")
@pytest.mark.parametrize(
    ("name", "state", "statuses"),
    [
        ("kb5101650.2026-09-26.html", IssuesRead.NONE, []),
        ("kb-none-aware.cut-down.html", IssuesRead.NONE, []),
        ("kb-known-issues.cut-down.html", IssuesRead.LISTED, ["open", "resolved"]),
        ("kb-servicing-layout.cut-down.html", IssuesRead.LISTED, ["open", "resolved"]),
    ],
)
def test_captured_articles(name: str, state: IssuesRead, statuses: list[str]) -> None:
    read = normalize_article(parse_article(name, (CAPTURES / name).read_bytes(), URL), URL)
    assert read.read is state
    assert [one.status for one in read.issues] == statuses
    assert len(read.kbs) == 1


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures lie beside the repository, not in it")
def test_captured_kb5101650() -> None:
    name = "kb5101650.2026-09-26.html"
    read = normalize_article(parse_article(name, (CAPTURES / name).read_bytes(), URL), URL)
    assert read.kbs == {"KB5101650"}
    assert (read.title_builds, read.heading_builds) == (("26200.8870", "26100.8875"), ("26200.8875", "26100.8875"))
    assert (read.title_date, read.heading_date) == ("2026-07-14", "2026-07-14")
    assert read.prerequisites == (
        Prerequisite(STACK, "KB5120102", "26100.8872"),
        Prerequisite(CHECKPOINT, "KB5043080", None),
    )
