"""The articles that the laboratory damages: made ones in both layouts, and real captures where they are.

The made ones are of updates that the bundled pages list, with their builds and dates. The sentences are ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.fixtures.articles import NONE_AWARE, Issue, Layout, article
from tests.fixtures.places import CAPTURES

NAMES = ("articles, new layout", "articles, old layout", "articles read first", "articles, captures")


@dataclass(frozen=True)
class ArticleCourse:
    """What was served of each article in the runs before the last, in which one of them is damaged; by KB."""

    name: str
    before: Mapping[str, bytes]
    now: Mapping[str, bytes]


_PRINTERS = Issue(
    "Printers may print twice",
    "Every page comes out <strong>twice</strong>. Both copies look alike.</p>\n<ul>\n<li>Laser printers only.</li>\n"
    "<li>In duplex mode the second copy is upside down.</li>\n</ul>\n<p>No other device is concerned.",
    workaround="Print every second page, or install the driver anew. Then restart the device.",
)
_SOUND = Issue(
    "Loudspeakers may hum after a restart",
    "After installing this update some loudspeakers hum at 50 Hz.",
    workaround="Turn the loudspeakers off and on.",
    resolution="This issue is addressed in KB5129999.",
)
_NETWORK = Issue(
    "Shared folders may be slow to open",
    "Folders with more than ten thousand files open slowly.",
    resolution="Microsoft plans to resolve this issue in a future Windows update.",
)
_CAMERA = Issue(
    "Cameras may show a green picture",
    "Some cameras show a green picture, others none at all.",
    resolution="This issue is partially resolved in KB5129195. Microsoft is working to address the other symptoms.",
)
_CLOCK = Issue(
    "The clock may lose a second",
    "The clock of the taskbar stands still for a second at midnight.",
    workaround="This issue is addressed in KB5129998. Until you install that update, set the clock by hand.",
)
_TOUCH = Issue(
    "Touch screens may answer late",
    "A touch is answered a second late when two screens are connected.",
    resolution="This issue is resolved in Windows updates released on and after September 22, 2026 such as KB5124010.",
)


@dataclass(frozen=True)
class _Made:
    """An article: which update it is of, and its issues before and now; None: it has no such section."""

    kb: str
    date: str
    builds: Sequence[str]
    issues: Sequence[Issue] | None
    before: Sequence[Issue] | None
    kind: str = "cumulative"
    form: str = "folds"

    def body(self, layout: Layout, issues: Sequence[Issue] | None, updated_at: str) -> bytes:
        as_table = self.form == "table" and issues is not None
        made = article(
            self.kb,
            self.date,
            self.builds,
            layout=layout,
            kind=self.kind,  # type: ignore[arg-type]
            issues=() if as_table else issues,
            baseline="KB5101650" if self.kind == "hotpatch" else None,
            updated_at=updated_at,
            navigation=3,
        ).decode()
        if as_table:
            assert issues is not None
            made = made.replace(NONE_AWARE, f"</p>{_table(issues)}<p>")
        if self.form == "headings":
            made = _with_headings(made)
        return _with_release_row(made, self).encode()


def _table(issues: Sequence[Issue]) -> str:
    rows = "".join(
        f"<tr>\n<td>{issue.title}. {issue.symptoms}</td>\n<td>{issue.workaround or issue.resolution}</td>\n</tr>\n"
        for issue in issues
    )
    head = "<thead>\n<tr>\n<th>Symptom</th>\n<th>Workaround</th>\n</tr>\n</thead>"
    return f"<table>\n{head}\n<tbody>\n{rows}</tbody></table>"


def _with_headings(made: str) -> str:
    """Labels as headings or with a colon, as some articles have them (sources.md C3)."""
    made = made.replace("<p><strong>Workaround</strong></p>", '<h3 id="workaround">Workaround</h3>')
    return made.replace("<p><strong>Resolution</strong></p>", "<p><strong>Resolutions:</strong></p>")


def _with_release_row(made: str, article: _Made) -> str:
    """The old layout's row of release date and version."""
    year, month, day = article.date.split("-")
    row = (
        '</header>\n<div class="supARG-column-1-3"><p>Release Date:</p>\n<p><b>'
        f"{int(month)}/{int(day)}/{year}</b></p></div>\n"
        f'<div class="supARG-column-2-3"><p>Version:</p>\n<p><b>OS Build {article.builds[-1]}</b></p></div>'
    )
    return made.replace("</header>", row)


_MADE = (
    _Made(
        "KB5124010",
        "2026-09-22",
        ("26200.9550", "26100.9550"),
        (_PRINTERS, _NETWORK, _CAMERA),
        (_PRINTERS,),
        "preview",
    ),
    _Made(
        "KB5124008",
        "2026-09-08",
        ("26200.9445", "26100.9445"),
        (_SOUND, _PRINTERS, _TOUCH, _CLOCK),
        (_PRINTERS, Issue(_SOUND.title, _SOUND.symptoms, _SOUND.workaround), _CLOCK),
        form="headings",
    ),
    _Made("KB5129195", "2026-09-14", ("26200.9457", "26100.9457"), (_CAMERA, _SOUND), (_CAMERA,), "out-of-band"),
    _Made("KB5120994", "2026-08-11", ("26200.9106", "26100.9106"), (_NETWORK,), (), "hotpatch"),
    _Made("KB5101650", "2026-07-14", ("26200.8875", "26100.8875"), (_CLOCK, _TOUCH), (_CLOCK,), form="table"),
    _Made("KB5094126", "2026-06-09", ("26200.8655", "26100.8655"), (), (_PRINTERS,)),
)
_CAPTURED = {
    "KB5101650": "kb5101650.2026-09-26.html",
    "KB5122871": "articles/kb5122871.2026-09-26.html",
    "KB5124008": "articles/kb5124008.2026-09-26.html",
    "KB5129195": "articles/kb5129195.2026-09-26.html",
}


def made_courses() -> list[ArticleCourse]:
    """Runs with news of articles in either layout, and one in which they are read for the first time."""
    new, old = (
        ArticleCourse(
            NAMES[number],
            {one.kb: one.body(layout, one.before, "2026-09-17 08:43 AM") for one in _MADE},
            {one.kb: one.body(layout, one.issues, "2026-09-29 08:43 AM") for one in _MADE},
        )
        for number, layout in enumerate(("new", "old"))
    )
    first = {kb: (new if number % 2 else old).now[kb] for number, kb in enumerate(sorted(new.now))}
    return [new, old, ArticleCourse(NAMES[2], {}, first)]


def captured_article_courses() -> list[ArticleCourse]:
    """A quiet run of real captures; none where they are not."""
    if not all((CAPTURES / name).is_file() for name in _CAPTURED.values()):
        return []
    bodies = {kb: (CAPTURES / name).read_bytes() for kb, name in _CAPTURED.items()}
    return [ArticleCourse(NAMES[3], bodies, bodies)]
