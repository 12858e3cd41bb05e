"""The oddities of KB articles (sources.md C2, C3), each on a small page; and the articles as captured."""

import pytest

from scraper.errors import DriftError
from scraper.ingest.parse import article_fingerprint, parse_article
from scraper.ingest.parse.parsed import IssueText, ParsedArticle
from tests.fixtures.articles import NONE_AWARE, Issue, address_of, article
from tests.fixtures.places import CAPTURES

URL = "https://support.microsoft.com/en-us/help/5101650"
TITLE = "July 14, 2026—KB5101650 (OS Builds 26200.8875 and 26100.8875)"
KNOWN = '<h2 id="known-issues-in-this-update">Known issues in this update</h2>'


def page(main: str, *, head: str = f"<title>{TITLE} | Microsoft Support</title>", attributes: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head>{head}</head><body><main{attributes}>{main}</main></body></html>".encode()


def read(
    main: str, *, head: str = f"<title>{TITLE} | Microsoft Support</title>", attributes: str = ""
) -> ParsedArticle:
    return parse_article("KB5101650", page(main, head=head, attributes=attributes), URL)


def issues(below: str, heading: str = KNOWN) -> tuple[IssueText, ...] | None:
    return read(f"<h2>Improvements</h2><p>Some.</p>{heading}{below}<h2>File information</h2><p>A list.</p>").issues


def stack(main: str) -> str:
    """The first text about the servicing stack; "" without any."""
    return next(iter(read(f"<h2>Improvements</h2><p>Some.</p>{main}").servicing_stack), "")


# --- the page --------------------------------------------------------------------------------------------------------


def test_a_small_article_becomes_a_whole_record() -> None:
    body = page(
        f'<h1 id="x">{TITLE}</h1><h2 id="improvements">Improvements</h2><ul><li><strong>[Input]</strong> Better.</li>'
        f"<li>Also <em>fas</em>ter.</li></ul>{KNOWN}<details><summary>Sound</summary><p><strong>Symptoms</strong></p>"
        "<p>None is heard.</p></details><ol><li>windows11.0-kb5043080-x64_0.msu </li><li>Restart.</li></ol>",
        head=f"<title>{TITLE} | Microsoft Support</title><meta name='updated_at' content='2026-09-17 08:43 AM '>"
        "<link rel='canonical' href='https://support.microsoft.com/en-us/x'>",
        attributes=' id="supMainContent"',
    )
    assert parse_article("KB5101650", body, URL) == ParsedArticle(
        layout="support-servicing",
        updated_at="2026-09-17 08:43 AM",
        canonical="https://support.microsoft.com/en-us/x",
        title=TITLE,
        heading=TITLE,
        issues=(IssueText("Sound", {"symptoms": "None is heard."}),),
        issues_text="Sound Symptoms None is heard. windows11.0-kb5043080-x64_0.msu Restart.",
        servicing_stack=(),
        packages=("windows11.0-kb5043080-x64_0.msu",),
        sections=(
            ("Improvements", "[Input] Better. Also faster."),
            (
                "Known issues in this update",
                "Sound Symptoms None is heard. windows11.0-kb5043080-x64_0.msu Restart.",
            ),
        ),
    )


@pytest.mark.parametrize("suffix", [" - Microsoft Support", " | Microsoft Support", " \u2013 Microsoft Support", ""])
def test_title_loses_the_name_of_the_host(suffix: str) -> None:
    assert read("<h2>Summary</h2><p>Some.</p>", head=f"<title>{TITLE}{suffix}</title>").title == TITLE


def test_title_and_heading_may_disagree() -> None:
    body = article("KB5101650", "2026-07-14", ("26200.8875",), title="July 14, 2026—KB5101650 (OS Build 26200.8870)")
    served = parse_article("KB5101650", body, URL)
    assert served.title == "July 14, 2026—KB5101650 (OS Build 26200.8870)"
    assert served.heading == "July 14, 2026—KB5101650 (OS Build 26200.8875)"


@pytest.mark.parametrize(
    ("metas", "updated_at"),
    [
        ('<meta name="updated_at" content="B"><meta name="lastPublishedDate" content="A">', "B"),
        ('<meta name="lastPublishedDate" content="2026-05-12">', "2026-05-12"),
        ('<meta name="ms.date" content="08/05/2026">', ""),
    ],
)
def test_date_of_change_is_never_ms_date(metas: str, updated_at: str) -> None:
    assert read("<h2>Summary</h2><p>Some.</p>", head=f"<title>{TITLE}</title>{metas}").updated_at == updated_at


@pytest.mark.parametrize(
    ("main", "attributes", "layout"),
    [
        ("<h2>Improvements</h2>", ' id="supArticleContent"', "support-topic"),
        ('<h2 class="ocpSection">Improvements</h2>', "", "support-topic"),
        ('<h2 id="improvements">Improvements</h2>', ' id="supMainContent"', "support-servicing"),
        ('<h2 id="how-to-get-it-1">How to get it</h2>', "", "support-servicing"),
        ('<h2 id="x">Improvements</h2>', "", "unknown-article"),
    ],
)
def test_layout_is_told_by_names_and_ids(main: str, attributes: str, layout: str) -> None:
    assert read(f"{main}<p>Some.</p>", attributes=attributes).layout == layout


# --- what is no article ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b" ", "unexpected body on KB1. expected: a page"),
        (article("KB5101650", "2026-07-14", ())[:-20], "unexpected end on KB1. expected: </html>"),
        (b"<html><title>\xe9</title></html>", "unexpected encoding on KB1. expected: UTF-8"),
        (b"<html><title>Access Denied</title></html>", "unexpected main part on KB1. expected: exactly one"),
        (page("<p>x</p></main><main>"), "unexpected main part on KB1. expected: exactly one, found: 2"),
        (page("<h2>Improvements</h2><p>x</p>", head=""), "unexpected title on KB1. expected: a title or a heading"),
        (page("<h1>Windows help</h1><h2>Topics</h2><p>x</p>", head="<title>Hub</title>"), "found: 'Windows help'"),
        (page(f"<h1>{TITLE}</h1><h2></h2> <div></div>"), "unexpected article on KB1. expected: text below its title"),
    ],
)
def test_what_is_no_article_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(DriftError) as refused:
        parse_article("KB1", body, URL)
    assert message in str(refused.value)


def test_an_address_may_name_the_kb_that_the_title_does_not() -> None:
    body = page("<p>Some.</p>", head="<title>Update for PowerShell</title>")
    with pytest.raises(DriftError):
        parse_article("KB5061096", body, "https://support.microsoft.com/en-us/help/5061096")
    assert parse_article("KB5061096", body, "https://support.microsoft.com/en-us/topic/kb5061096-x").title


# --- sections --------------------------------------------------------------------------------------------------------


def test_article_without_headings_is_one_section() -> None:
    head = "<title>January 13, 2026—Baseline</title>"
    assert read("<h1>x</h1><p>See another.</p>", head=head).sections == (("", "See another."),)


def test_h3_below_summary_are_sections_and_elsewhere_are_not() -> None:
    served = read(
        '<h2 id="summary">Summary</h2><p>a</p><h3>Improvements</h3><p>b</p><h4>Input</h4><p>c</p>'
        "<h2>How to get this update</h2><h3>Deployment</h3><p>d</p>"
    )
    assert served.sections == (
        ("Summary", "a"),
        ("Improvements", "b Input c"),
        ("How to get this update", "Deployment d"),
    )


def test_known_issues_are_a_section_as_h3_too() -> None:
    served = read(f"<h2>Improvements</h2><p>a</p>{KNOWN.replace('h2', 'h3')}<p>b</p><h3>Notes</h3><p>c</p>")
    assert [heading for heading, _ in served.sections] == ["Improvements", "Known issues in this update", "Notes"]
    assert served.issues_text == "b"


def test_a_copied_section_is_read_once() -> None:
    served = read(
        '<h2 id="notes">Notes</h2><p>first</p><h2 id="notes-1">Notes</h2><p>copy</p>'
        '<h2 id="ID1">More</h2><p>one</p><h2 id="ID2">More</h2><p>two</p>'
    )
    assert served.sections == (("Notes", "first"), ("More", "one"), ("More", "two"))


def test_a_copy_of_an_empty_section_is_read() -> None:
    assert read('<h2 id="notes">Notes</h2><h2 id="notes-1">Notes</h2><p>a</p>').sections[1] == ("Notes", "a")


def test_layout_tables_are_text_and_no_data() -> None:
    served = read(
        "<table><thead><tr><th>Watch a video.</th></tr></thead></table><h2>How to get this update</h2>"
        "<table><thead><tr><th><code>DISM x</code></th></tr></thead></table>"
    )
    assert served.sections == (("How to get this update", "DISM x"),)
    assert served.issues is None


def test_blocks_part_words_and_inline_tags_do_not() -> None:
    served = read(
        "<h2>Notes</h2><ul><li>a</li><li>b<br>c</li></ul>d<b>e</b>f<details><summary>g</summary>h</details>"
        "<script>x</script><!-- y --><p>i\u200b</p><summary>k</summary><b>l<p>m</p></b>"
    )
    assert served.sections == (("Notes", "a b c def g h i k l m"),)


@pytest.mark.parametrize(
    ("served", "text"),
    [
        ("addressed in\u200b<a>KB5095093</a>.", "addressed in KB5095093."),
        ("<a>automation</a>&#8203;to \u200bprinters", "automation to printers"),
        ("Restart.\u200bThen wait,\u200b\u200bplease", "Restart. Then wait, please"),
        ("on 14\u200bSeptember", "on 14 September"),
        ("KB\u200b505\u200b8497 of 26100.\u200b8655", "KB5058497 of 26100.8655"),
        ("\u200bKB5089466\xa0\u200b\u200b.", "KB5089466 ."),
        ("print\u2060ers and soft\xadware", "printers and software"),
    ],
)
def test_a_zero_width_blank_parts_words_and_no_numbers(served: str, text: str) -> None:
    parts = f"<p>{served}</p>"
    assert read(f"<h2>Notes</h2>{parts}").sections == (("Notes", text),)
    assert issues(f"<details><summary>{served}</summary>{parts}</details>") == (IssueText(text, {"": text}),)
    table = f"<table><tr><th>Symptom</th></tr><tr><td>{served}</td></tr></table>"
    assert issues(table) == (IssueText("", {"symptom": text}),)


def test_footer_of_the_old_layout_is_no_part_of_a_section() -> None:
    body = article("KB5094126", "2026-06-09", ("26100.8655",), layout="old")
    for served in (body, body.replace(b"<body", b"<!-- <main> --><body")):
        assert parse_article("KB5094126", served, URL).sections[-1] == (
            "File information",
            "For the files of 5094126, download the list.",
        )


# --- known issues ----------------------------------------------------------------------------------------------------

SOUND = IssueText("Sound", {"symptoms": "None.", "workaround": "Restart."})
PARTS = "<p><strong>Symptoms</strong></p><p>None.</p><p><strong>Workaround</strong></p><p>Restart.</p>"


@pytest.mark.parametrize(
    "below",
    [
        f"<details><summary>Sound</summary>{PARTS}</details>",
        f"<p>Intro.</p><details><summary> <strong>Sound</strong>\u200b</summary>{PARTS}</details><p>More later.</p>",
        f"<details><summary>Windows 11</summary><details><summary>Sound</summary>{PARTS}</details></details>",
        f"<h3>Sound</h3>{PARTS}",
        f"<h2>Sound</h2>{PARTS}",
        f"<h3>Windows 11</h3><h4>Sound</h4>{PARTS}",
        f"<p><strong>Sound</strong></p>{PARTS}",
        "<details><summary>Sound</summary><h3>Symptoms</h3><p>None.</p><h2>Workaround</h2><p>Restart.</p></details>",
        "<details><summary>Sound</summary><p><b>Symptoms:</b> None.</p><p><b>Workaround</b>: Restart.</p></details>",
        "<details><summary>Sound</summary><p><b>Symptoms</b><br>None. <b>Workaround</b> Restart.</p></details>",
        "<details><summary>Sound</summary><b>Symptoms<br></b>None.<br><b><i>Work</i>around</b> Restart.</details>",
        "<details><summary>Sound</summary><details><summary>Symptoms</summary>None.</details>"
        "<details><summary>Workaround</summary>Restart.</details></details>",
        "<details><summary>Sound</summary><table><tr><th>Symptoms</th><th>Workaround</th></tr>"
        "<tr><td>None.</td><td>Restart.</td></tr></table></details>",
    ],
)
def test_a_known_issue_is_read_in_every_make(below: str) -> None:
    assert issues(below) == (SOUND,)


@pytest.mark.parametrize("levels", [("h3", "h3"), ("h3", "h2")])
def test_known_issues_in_expandos(levels: tuple[str, str]) -> None:
    """The old layout writes the first fold's head as h3 and those behind the section as h2 (sources.md B2)."""
    folds = (
        f'<div class="ocpSection"><{level} class="ocpExpandoHead"><button><div class="ocpExpandoHeadTitleContainer">'
        f'{title}</div></button></{level}><div class="ocpebw"><div class="ocpExpandoBody">'
        f"{PARTS.replace('<strong', '&#8203;<b class=x').replace('strong', 'b')}</div></div></div>"
        for level, title in zip(levels, ("Sound", "Light"), strict=True)
    )
    assert issues("".join(folds)) == (SOUND, IssueText("Light", SOUND.parts))


def test_a_fold_without_a_heading_is_an_issue_too() -> None:
    below = (
        f'<div class="ocpExpandoHeadTitleContainer">Sound</div><div class="ocpExpandoBody">{PARTS}</div>'
        f'</div><div class="ocpExpandoBody">Later.</div>'
    )
    assert issues(below) == (SOUND,)


def test_known_issues_in_a_table_have_no_titles() -> None:
    table = (
        "<table><thead><tr><th>Applies to</th><th>Symptom</th><th>Workaround</th><th></th></tr></thead><tbody>"
        "<tr><td>All users</td><td><p>None.</p></td><td><b>Workaround</b> Restart.</td><td>x</td></tr>"
        "<tr><td></td><td>Noise.<table><tr><td>x</td></tr></table></td><td></td><td></td></tr></tbody></table>"
    )
    assert issues(f"{table}<p>Later.</p>") == (
        IssueText("", {"applies to": "All users", "symptom": "None.", "workaround": "Workaround Restart."}),
        IssueText("", {"symptom": "Noise. x"}),
    )


def test_a_table_whose_cells_span_rows_leaves_the_issues_unread() -> None:
    table = "<table><tr><th>Symptom</th><th>Workaround</th></tr><tr><td rowspan='2'>a</td><td>b</td></tr></table>"
    assert issues(f"<details><summary>Sound</summary>{PARTS}</details>{table}") == ()


def test_another_table_is_part_of_the_text() -> None:
    below = "<details><summary>Sound</summary><table><tr><th>Note</th></tr><tr><td>None.</td></tr></table></details>"
    assert issues(below) == (IssueText("Sound", {"": "Note None."}),)


def test_only_the_closed_vocabulary_labels_parts() -> None:
    below = (
        "<details><summary>Sound</summary><p>First.</p><p><b>Important</b></p><p>Open <b>Resolution</b> now.</p>"
        "<p><strong>Third-party information disclaimer</strong></p><p>Others.</p><h4>Details</h4><p>c</p>"
        "<details><summary>More</summary>d</details><p><b>Cause</b></p><p>e</p><p><b>Resolution</b></p></details>"
    )
    assert issues(below) == (
        IssueText(
            "Sound",
            {
                "": "First. Important Open Resolution now.",
                "third-party information disclaimer": "Others. Details c More d",
                "cause": "e",
            },
        ),
    )


def test_a_label_that_is_not_bold_is_one_where_it_is_a_block_of_its_own() -> None:
    below = "<p>Symptoms</p><p>None is heard.</p><p>Resolution: </p><p>Fixed in KB5120994. Resolution</p>"
    assert issues(f"<details><summary>Sound</summary>{below}</details>") == (
        IssueText("Sound", {"symptoms": "None is heard.", "resolution": "Fixed in KB5120994. Resolution"}),
    )


def test_a_fold_with_labels_in_an_issue_with_text_is_an_issue() -> None:
    inner = "<details><summary>Video</summary><p><b>Symptoms</b></p><p>None is seen.</p></details>"
    steps = "<details><summary>How</summary><p>Turn it on.</p></details>"
    below = f"<p><b>Workaround</b></p><p>Two.</p>{steps}{inner}<p><b>Resolution</b></p><p>Soon.</p>"
    found = issues(f"<details><summary>Sound</summary><p><b>Symptoms</b></p><p>One.</p>{below}</details>")
    assert found is not None
    assert [issue.title for issue in found] == ["Sound", "Video"]
    assert found[0].parts == {"symptoms": "One.", "workaround": "Two. How Turn it on.", "resolution": "Soon."}
    assert found[1].parts == {"symptoms": "None is seen."}


@pytest.mark.parametrize("label", ["<p><strong>Symptoms</strong></p>", "<h3>Symptom</h3>"])
def test_issues_are_unreadable_where_one_stands_outside_of_their_section(label: str) -> None:
    fold = f"<details><summary>Sound</summary>{label}<p>None is heard.</p></details>"
    served = read(f"<h2>Improvements</h2><p>Some.</p>{fold}{KNOWN}{fold.replace('Sound', 'Video')}")
    assert served.issues is None
    assert read(f"<h2>Improvements</h2><p>Some <b>symptoms</b> are seen.</p>{KNOWN}{fold}").issues is not None


@pytest.mark.parametrize(
    "fold",
    [
        "<details><summary>Sound</summary><p><b>Symptoms</b></p><p>None is heard.<h2>How to get this update</h2>x",
        f"<details><summary>Sound<p><b>Symptoms</b></p><p>None is {'never ' * 60}heard.</p></details>",
    ],
)
def test_issues_are_unreadable_where_their_texts_may_be_anothers(fold: str) -> None:
    assert issues(fold) == ()


def test_a_summary_is_its_folds_title_below_a_tag_that_was_left_open() -> None:
    fold = "<details>\n<summary>Sound</summary><p><b>Symptoms</b></p><p>None.</p></details>"
    read = issues(f"<p><a href='x'>One.</p>{fold}")
    assert read is not None
    assert read[-1] == IssueText("Sound", {"symptoms": "None."})


@pytest.mark.parametrize("unseen", ["<script>1</script>", "<svg><title>i</title></svg>", "<style>b{}</style>"])
def test_what_a_label_does_not_show_is_no_part_of_it(unseen: str) -> None:
    fold = f"<details><summary>Sound{unseen}</summary><p><b>Symp{unseen}toms</b></p><p>None.</p></details>"
    assert issues(fold) == (IssueText("Sound", {"symptoms": "None."}),)


def test_bold_paragraphs_without_labels_are_no_titles() -> None:
    assert issues("<p><strong>Sound</strong></p><p>None.</p><p><strong>Light</strong></p><p>Too much.</p>") == ()


def test_bold_titles_one_after_another() -> None:
    below = f"<p><strong>Sound</strong></p>{PARTS}<p><strong>Light</strong> </p>{PARTS}"
    below += f"<h3>Power</h3><p><b>Note</b></p>{PARTS}"
    served = issues(below)
    assert served is not None
    assert [issue.title for issue in served] == ["Sound", "Light", "Power"]
    assert served[2].parts == {"": "Note", **SOUND.parts}


def test_labels_without_a_title_make_one_issue() -> None:
    assert issues(PARTS) == (IssueText("", SOUND.parts),)


def test_a_fold_that_has_only_a_title_is_an_issue_and_a_heading_is_none() -> None:
    assert issues("<details><summary>Sound</summary></details><h3>Light</h3>") == (IssueText("Sound", {}),)


def test_known_issues_as_h3_have_titles_of_the_same_rank() -> None:
    served = read(f"<h2>Summary</h2><p>a</p><h3>Known issues</h3><h3>Sound</h3>{PARTS}<h3>Notes</h3><p>b</p>")
    assert served.issues == (SOUND,)
    assert served.sections[-1] == ("Notes", "b")


@pytest.mark.parametrize("heading", ["Known issues in this update", "KNOWN ISSUES", "\u200bKnown\xa0issues\u200b"])
def test_known_issues_are_found_by_their_heading(heading: str) -> None:
    assert issues(NONE_AWARE, f"<h2>{heading}</h2>") == ()


def test_without_the_section_issues_are_none() -> None:
    served = read("<h2>Known issues of old</h2><p>a</p>")
    assert (served.issues, served.issues_text) == (None, "")


# --- servicing stack and packages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("main", "text"),
    [
        (
            "<h2>Components</h2><details><summary>Servicing stack update</summary>KB5120102 <details><summary>x"
            "</summary>y</details> z</details><p>KB5000001</p>",
            "Servicing stack update KB5120102 x y z",
        ),
        (
            "<h2>Windows 11 servicing stack update (KB5120102) - 26100.8872</h2><p>Better.</p><h3>x</h3><h2>y</h2>",
            "Windows 11 servicing stack update (KB5120102) - 26100.8872 Better. x",
        ),
        (
            "<p><b>Servicing stack update</b></p><p>KB5120102.</p><details><summary>x</summary></details>",
            "Servicing stack update KB5120102.",
        ),
        ("<h3>SSU</h3><p>KB5120102</p><h3>Other</h3><p>x</p>", "SSU KB5120102"),
        (
            "<h3>Servicing stack update</h3><p>It is new.</p><h2>Files</h2><p>The SSU (KB5120102) - version 26100.8872"
            ".</p><p>x</p>",
            "The SSU (KB5120102) - version 26100.8872.",
        ),
        ("<h3>Servicing stack update</h3><p>It is new.</p>", "Servicing stack update It is new."),
        ("<p>Install the servicing stack update KB5005112 first.</p>", ""),
    ],
)
def test_servicing_stack_is_what_stands_under_its_title(main: str, text: str) -> None:
    assert stack(main) == text


def test_every_text_about_the_servicing_stack_is_read_once() -> None:
    served = read(
        "<h2>Improvements</h2><details><summary>Servicing stack update</summary>Includes KB5120102 (Build 26100.8872)."
        "</details><h3>SSU</h3><p>It is new.</p><h2>Files</h2><p>The SSU (KB5120102) - version 26100.8872.</p>"
    )
    assert served.servicing_stack == (
        "Servicing stack update Includes KB5120102 (Build 26100.8872).",
        "The SSU (KB5120102) - version 26100.8872.",
        "SSU It is new.",
    )


def test_packages_keep_their_dirt() -> None:
    names = (
        "windows11.0-kb5043080-x64_0.msu",
        "windows11.0-kbkb5101650-x64_0",
        "Windows11.0-5101650-arm64_0.msu.msu",
    )
    served = read("<h2>x</h2><ol>" + "".join(f"<li><p>{name} </p></li>" for name in names) + "<li>Restart</li></ol>")
    assert served.packages == names


def test_packages_are_those_of_a_numbered_list_with_a_tag_left_open() -> None:
    served = read(
        "<h2>x</h2><p><b>x<ol>\n<li>windows11.0-kb5043080-x64_0.msu</li></ol><ul><li>windows11.0-kb1</li></ul>"
    )
    assert served.packages == ("windows11.0-kb5043080-x64_0.msu",)


# --- fingerprint -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["new", "old"])
def test_fingerprint_leaves_out_what_every_answer_varies(layout: str) -> None:
    def page(**changes: object) -> bytes:
        return article("KB5101650", "2026-07-14", ("26200.8875",), **{"layout": layout, **changes})  # type: ignore[arg-type]

    known = article_fingerprint(page())
    assert article_fingerprint(page(flight="7", navigation=9)) == known
    changed = ({"updated_at": "2026-09-18"}, {"title": "July 14, 2026—x"}, {"issues": None}, {"builds": ()})
    others = [article_fingerprint(page(**changes)) for changes in changed[:3]]
    others.append(article_fingerprint(article("KB5101650", "2026-07-14", ("26200.8876",), layout=layout)))  # type: ignore[arg-type]
    assert len({known, *others}) == 5


def test_fingerprint_of_a_broken_copy_is_its_own() -> None:
    body = article("KB5101650", "2026-07-14", ())
    assert article_fingerprint(body[:-9]) not in (article_fingerprint(body), article_fingerprint(body[:-10]))


@pytest.mark.parametrize(
    "wild",
    [
        lambda body: body.replace(b"<main", b"<!-- <main> --><main"),
        lambda body: body.replace(b"<h1", b"<!-- </main> --><h1"),
        lambda body: body.replace(b"<title>", b"<!-- <title>Old</title> --><title>"),
        lambda body: body.replace(b"<script>", b"<script>'</main>';"),
        lambda body: body.replace(b"</head>", b""),
    ],
)
def test_a_page_of_another_make_is_read_whole(wild: object) -> None:
    assert callable(wild)
    body = article("KB5101650", "2026-07-14", ("26200.8875",), issues=(Issue("Sound", "None."),))
    changed = wild(body)
    assert changed != body
    assert parse_article("KB5101650", changed, URL) == parse_article("KB5101650", body, URL)


# --- as re-created and as captured -----------------------------------------------------------------------------------


def test_both_layouts_say_the_same_issues() -> None:
    listed = (Issue("Sound", "None.", "Restart."), Issue("Light", "Too much.", resolution="Fixed in KB5121767."))
    served = [
        parse_article(
            "KB5101650", article("KB5101650", "2026-07-14", ("26200.8875",), layout=layout, issues=listed), URL
        )
        for layout in ("new", "old")
    ]
    assert served[0].issues == served[1].issues
    assert [page.layout for page in served] == ["support-servicing", "support-topic"]
    assert served[0].canonical == address_of("KB5101650", "2026-07-14", ("26200.8875",))


needs_captures = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures lie beside the repository, not in it")


def captured(name: str) -> ParsedArticle:
    return parse_article(name, (CAPTURES / name).read_bytes(), URL)


@needs_captures
def test_captured_kb5101650() -> None:
    served = captured("kb5101650.2026-09-26.html")
    assert served.title == "July 14, 2026—KB5101650 (OS Builds 26200.8870 and 26100.8875)"
    assert served.heading == "July 14, 2026—KB5101650 (OS Builds 26200.8875 and 26100.8875)"
    assert (served.layout, served.updated_at) == ("support-servicing", "2026-09-17 08:43 AM")
    assert [heading for heading, _ in served.sections] == [
        "Announcements and messages",
        "Improvements",
        "Components updates",
        "Known issues in this update",
        "How to get this update",
        "File information",
        "Related topics",
    ]
    assert (served.issues, served.issues_text) == ((), NONE_AWARE)
    assert served.servicing_stack[0].startswith("Servicing stack update Includes KB5120102 (Build 26100.8872), which")
    assert [name.rpartition("_")[0] or name for name in served.packages] == [
        "windows11.0-kb5043080-arm64",
        "windows11.0-kb5101650-arm64",
        "windows11.0-kb5043080-x64",
        "windows11.0-kbkb5101650-x64",
    ]
    assert not any("overview?" in text for _, text in served.sections)


@needs_captures
def test_captured_known_issues() -> None:
    old, new = captured("kb-known-issues.cut-down.html"), captured("kb-servicing-layout.cut-down.html")
    titles = (
        "Microsoft Office applications might fail to open from certain third-party apps",
        "Deleting from Recycle Bin displays an internal file name",
    )
    assert old.issues is not None
    assert new.issues is not None
    assert tuple(issue.title for issue in old.issues) == tuple(issue.title for issue in new.issues) == titles
    assert [list(issue.parts) for issue in old.issues] == [["symptoms", "workaround"]] * 2
    assert list(new.issues[0].parts) == ["symptoms", "third-party information disclaimer", "resolution"]
    assert (new.heading, new.canonical, new.layout) == ("", "", "support-servicing")
    assert captured("kb-none-aware.cut-down.html").issues == ()
