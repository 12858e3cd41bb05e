"""Writes KB articles in both layouts of support.microsoft.com, for tests, mirrors and benches.

Nothing here is copied from a page: the sentences are ours, save the few words by which the parser reads (labels, "not
currently aware of any issues", "Servicing stack update"). Skeletons follow the captured KB5101650 of 2026-09-26 (new)
and the cut-down fixtures with the update history of 2026-05-27 (old). No body of a hotpatch article has been seen:
``kind="hotpatch"`` is the same skeleton by analogy, with a sentence that names the baseline.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date
from html import escape
from typing import Literal

NOTICE = "Re-created by the winkb project from published facts; not captured from Microsoft."
NONE_AWARE = "Microsoft is not currently aware of any issues with this update."
HOST = "https://support.microsoft.com"

Layout = Literal["new", "old"]
Kind = Literal["cumulative", "hotpatch", "preview", "out-of-band"]

_SUFFIX = {"cumulative": "", "hotpatch": "", "preview": " Preview", "out-of-band": " Out-of-band"}
_AREAS = ("Start menu", "File Explorer", "Networking", "Input", "Printing", "Audio", "Graphics", "Storage")


@dataclass(frozen=True, slots=True)
class Issue:
    """A known issue to be listed; an empty part is left out. Parts are fragments of HTML."""

    title: str
    symptoms: str
    workaround: str = ""
    resolution: str = ""


def title_of(kb: str, date: str, builds: Sequence[str], kind: Kind = "cumulative") -> str:
    """``July 14, 2026—KB5101650 (OS Builds 26200.8875 and 26100.8875)``; without a date (since August 2026)
    ``KB5120994: Windows 11 update``."""
    if not date:
        return f"{kb}: Windows 11 {'hotpatch' if kind == 'hotpatch' else 'security update'}"
    day = Date.fromisoformat(date)
    named = f" (OS Build{'s' if len(builds) > 1 else ''} {' and '.join(builds)})" if builds else ""
    words = "Hotpatch " if kind == "hotpatch" else ""
    return f"{day:%B} {day.day}, {day.year}\N{EM DASH}{words}{kb}{named}{_SUFFIX[kind]}"


def address_of(kb: str, date: str, builds: Sequence[str], *, layout: Layout = "new", kind: Kind = "cumulative") -> str:
    """The address that an article of either layout ends at."""
    slug = "-".join("".join(c if c.isalnum() else " " for c in title_of(kb, date, builds, kind).lower()).split())
    if layout == "old":
        return f"{HOST}/en-us/topic/{slug}-00000000-0000-0000-0000-00000{kb[2:]}"
    folder = "hotpatch/windows-11" if kind == "hotpatch" else "windows-11"
    return f"{HOST}/en-us/servicing/os/{folder}/{(date or '2026-08').replace('-', '/')[:7]}/{slug}"


def article(
    kb: str,
    date: str,
    builds: Sequence[str],
    *,
    layout: Layout = "new",
    kind: Kind = "cumulative",
    issues: Sequence[Issue] | None = (),
    stack: tuple[str, str] | None = ("KB5120102", "26100.8872"),
    checkpoints: Sequence[str] = ("KB5043080",),
    baseline: str | None = None,
    updated_at: str = "2026-09-17 08:43 AM",
    prose: int = 3,
    navigation: int = 0,
    title: str | None = None,
    heading: str | None = None,
    flight: str = "1",
) -> bytes:
    """The page of an article.

    ``kb`` is ``KB`` and digits, ``date`` ISO or "" (then no date is in the title), ``builds`` those of the title.
    ``issues``: listed; none of them: the page says that there are none; None: it has no such section. ``stack`` is the
    KB and build of the servicing stack, ``checkpoints`` the packages that go first, ``baseline`` the KB that a hotpatch
    asks for. ``prose`` is how many improvements are listed (about 250 bytes each), ``navigation`` how many links the
    navigation beside the article has. ``title`` and ``heading`` may differ. ``flight`` varies what every answer varies.
    """
    named = title_of(kb, date, builds, kind)
    title, heading = named if title is None else title, named if heading is None else heading
    canonical = address_of(kb, date, builds, layout=layout, kind=kind)
    write = _new if layout == "new" else _old
    main = write(kb, heading, issues, stack, checkpoints, baseline, prose)
    return _frame(main, title, canonical, layout, updated_at, navigation, flight).encode()


# --- what both layouts hold ------------------------------------------------------------------------------------------


def _improvements(prose: int, bold: str) -> str:
    close = bold.partition(" ")[0]
    return "\n".join(
        f"<li><{bold}>[{_AREAS[number % len(_AREAS)]}]</{close}> Improved: point {number + 1} of this re-created list. "
        f'See <a href="https://learn.microsoft.com/windows/point-{number + 1}" data-linktype="external">its page</a>'
        f"&nbsp;for more. It\N{RIGHT SINGLE QUOTATION MARK}s there only to give the page the length of a real one.</li>"
        for number in range(prose)
    )


def _packages(kb: str, checkpoints: Sequence[str], device: str) -> str:
    names = (f"windows11.0-{one.lower()}-{device}_{int(one[2:]):040x}.msu" for one in (*checkpoints, kb))
    return "<ol>\n" + "\n".join(f"<li>{name} </li>" for name in names) + "\n</ol>"


def _baseline(baseline: str | None) -> str:
    return f"<p>To install this hotpatch, the baseline {baseline} must be installed.</p>\n" if baseline else ""


def _parts(issue: Issue) -> list[tuple[str, str]]:
    parts = (("Symptoms", issue.symptoms), ("Workaround", issue.workaround), ("Resolution", issue.resolution))
    return [(label, text) for label, text in parts if text]


# --- since 2026-07-13 ------------------------------------------------------------------------------------------------


def _new(
    kb: str,
    heading: str,
    issues: Sequence[Issue] | None,
    stack: tuple[str, str] | None,
    checkpoints: Sequence[str],
    baseline: str | None,
    prose: int,
) -> str:
    component = (
        f"<details>\n<summary>Servicing stack update</summary>\nIncludes {stack[0]} (Build {stack[1]}). "
        "To learn more, see [Servicing stacks](https://learn.microsoft.com/windows/servicing-stack).\n</details>\n"
        if stack
        else ""
    )
    files = (
        '<p>Also the <a href="https://go.microsoft.com/fwlink/?LinkId=2">'
        f"file information for the SSU ({stack[0]}) - version {stack[1]}</a>.</p>\n"
        if stack
        else ""
    )
    return f"""<main role="main" class="col-md-9 mt-4" id="supMainContent" tabindex="-1">
<h1 id="{"".join(c for c in heading.lower().replace(" ", "-") if c.isalnum() or c == "-")}">{heading}</h1>
<section class="supAppliesToSection"><div id="supAppliesToTableContainer">
<details id="supAppliesToList"><summary class="contentToggle">Applies To</summary><div role="list">
<span class="appliesToItem" role="listitem">Windows 11 version 25H2, all editions</span> </div></details>
</div></section>
<div class="learnArticleContent">
<table>
<thead>
<tr>
<th>Short of time? <a href="https://aka.ms/nowhere" data-linktype="external">A video</a>.</th>
</tr>
</thead>
</table>
<p>{NOTICE}</p>
<h2 id="announcements-and-messages">Announcements and messages</h2>
<p><strong>An announcement</strong></p>
<div class="IMPORTANT">
<p>Important</p>
<p>Nothing is announced.</p>
</div>
<details>
<summary>Change log</summary>
<table>
<thead>
<tr>
<th><strong>Change date</strong></th>
<th><strong>Change description</strong></th>
</tr>
</thead>
<tbody>
<tr>
<td>July 15, 2026</td>
<td>A <strong>change</strong></td>
</tr>
</tbody>
</table>
</details>
<h2 id="improvements">Improvements</h2>
<ul>
{_improvements(prose, "strong")}
</ul>
<h2 id="components-updates">Components updates</h2>
<details>
<summary>AI components</summary>
<p>Version 1.2605.856.0: Image Search.</p>
</details>
{component}{_new_issues(issues)}<h2 id="how-to-get-this-update">How to get this update</h2>
<p><strong>Before you install this update</strong></p>
{_baseline(baseline)}<h3 id="install-this-update">Install this update</h3>
<div class="tabGroup" id="tabgroup_1">
<ul role="tablist">
<li role="presentation"><a href="#tabpanel_1_catalog" role="tab">Catalog</a></li>
</ul>
<section id="tabpanel_1_catalog" role="tabpanel">
<table>
<thead>
<tr>
<th><strong>Available</strong></th>
<th><strong>Next Step</strong></th>
</tr>
</thead>
<tbody>
<tr>
<td><span class="yes">
</span>
</td>
<td>Take {kb} from the catalog.</td>
</tr>
</tbody>
</table>
{"".join(_new_instructions(kb, checkpoints, device) for device in ("arm64", "x64"))}</section>
</div>
<h2 id="file-information">File information</h2>
<p>For the files of {kb[2:]}, <a href="https://go.microsoft.com/fwlink/?LinkId=1">download the list</a>.</p>
{files}</div>
</main>"""


def _new_issues(issues: Sequence[Issue] | None) -> str:
    if issues is None:
        return ""
    head = '<h2 id="known-issues-in-this-update">Known issues in this update</h2>\n'
    if not issues:
        return f"{head}<p>{NONE_AWARE}</p>\n"
    return head + "".join(
        f"<details>\n<summary>{issue.title}</summary>\n"
        + "".join(f"<p><strong>{label}</strong></p>\n<p>{text}</p>\n" for label, text in _parts(issue))
        + "</details>\n"
        for issue in issues
    )


def _new_instructions(kb: str, checkpoints: Sequence[str], device: str) -> str:
    return f"""<details>
<summary>{device.capitalize()} instructions</summary>
<p><strong>Method 1</strong></p>
<table>
<thead>
<tr>
<th><code>DISM /Online /Add-Package /PackagePath:c:\\packages\\windows11.0-{kb[2:]}-{device}_0.msu.msu</code></th>
</tr>
</thead>
</table>
<p><strong>Method 2</strong></p>
{_packages(kb, checkpoints, device)}
</details>
"""


# --- until 2026-07-13 ------------------------------------------------------------------------------------------------


def _old(
    kb: str,
    heading: str,
    issues: Sequence[Issue] | None,
    stack: tuple[str, str] | None,
    checkpoints: Sequence[str],
    baseline: str | None,
    prose: int,
) -> str:
    sections = [
        ("Highlights", f"<p>{NOTICE}</p>"),
        (
            "Improvements",
            _old_fold("Windows 11, version 24H2", f"<ul>\n{_improvements(prose, _LEGACY)}\n</ul>"),
        ),
    ]
    if stack:
        sections.append(
            (f"Windows 11 servicing stack update ({stack[0]})- {stack[1]}", "<p>It improves the servicing stack.</p>")
        )
    if issues is not None:
        listed = "\n".join(map(_old_issue, issues))
        sections.append(("Known issues in this update", listed or f"<p>{'&#8203;' * 3}{NONE_AWARE}</p>"))
    sections += [
        ("&#8203;How to get this update", _baseline(baseline) + _packages(kb, checkpoints, "x64")),
        ("File information", f"<p>For the files of {kb[2:]}, download the list.</p>"),
    ]
    body = "".join(
        f'<section aria-labelledby="ID0EF{number}" class="ocpSection">\n<h2 id="ID0EF{number}" class="">{name}</h2>\n'
        f"{text}\n</section>"
        for number, (name, text) in enumerate(sections)
    )
    return f"""<main id="supArticleContent" class="col-3-5 supLeftNavArticleContent" tabindex="-1">
<header class="ocpArticleTitleSection" aria-labelledby="page-header" role="banner">
<h1 id="page-header" class="">{escape(heading).replace(chr(0x2014), "&#x2014;")}</h1>
</header>
<section class="supAppliesToSection"><details id="supAppliesToList">
<summary class="contentToggle">Applies To</summary><div role="list">
<span class="appliesToItem" role="listitem">Windows 11 version 24H2, all editions</span> </div></details></section>
<article class="ocpArticleContent">{body}</article>
<div class="ocArticleFooterShareContainer"><a data-bi-slot="1" href="https://example.com/share">Share</a></div>
<div class="ocArticleFooterSection articleSupportBridge"><h3 class="ocArticleFooterElementSearchBox">Need help?</h3>
<p>Want more options?</p></div>
</main>"""


_LEGACY = 'b class="ocpLegacyBold"'


def _old_fold(title: str, body: str) -> str:
    return f"""<div class="ocpSection">
<h3 class="ocpExpandoHead"><button aria-expanded="false" class="expandoButtonLink" type="button">\
<div class="ocpExpandoHeadChevronContainer" aria-hidden="true"><i class="ocpExpander" role="none"></i></div>
<div class="ocpExpandoHeadTitleContainer" role="none">{title}</div></button></h3>
<div class="ocpebw" role="region">
<div class="ocpExpandoBody">
{body}
</div>
</div>
</div>"""


def _old_issue(issue: Issue) -> str:
    body = "\n".join(f"<p>\n<{_LEGACY}>{label}</b>\n</p>\n<p>&#8203;{text}</p>" for label, text in _parts(issue))
    return _old_fold(issue.title, body)


# --- what stands around ----------------------------------------------------------------------------------------------


def _frame(main: str, title: str, canonical: str, layout: Layout, updated_at: str, navigation: int, flight: str) -> str:
    prefix = "learnRenderLeftNav" if layout == "new" else "supLeftNav"
    links = "".join(
        f'<li class="{prefix}Article"><a class="{prefix}Link" data-bi-slot="{number + int(flight)}" '
        f'href="/en-us/help/{5000000 + number}">An update of the navigation, KB{5000000 + number}</a></li>\n'
        for number in range(navigation)
    )
    dates = (
        f'<meta name="ms.date" content="{updated_at[5:7]}/{updated_at[8:10]}/{updated_at[:4]}" />\n'
        f'<meta name="updated_at" content="{updated_at}" />'
        if layout == "new"
        else f'<meta name="lastPublishedDate" content="{updated_at[:10]}" />'
    )
    suffix = " | " if layout == "new" else " - "
    return f"""
<!DOCTYPE html>
<html lang="en-US" dir="ltr">
<!-- {NOTICE} -->
<head>
<meta charset="utf-8" />
<title>{escape(title, quote=False)}{suffix}Microsoft Support</title>
<meta name="awa-kb_id" content="0000000" />
<meta name="awa-userFlightingId" content="00000000-0000-0000-0000-{flight:0>12}" />
<meta name="awa-title" content="{escape(title)}" />
{dates}
<link rel="canonical" href="{canonical}" />
</head>
<body class="supCont">
<div id="{prefix}" role="complementary"><div class="{prefix}Category"><ul class="{prefix}Articles">
{links}</ul></div></div>
{main}
<div id="ocFooterWrapper"><h2 id="beginFeedbackHeader">Feedback</h2><svg role="img"><title>Icon</title></svg></div>
<script>window.flight = "{flight}";</script>
</body>
</html>
"""
