"""Whether what the catalog says of an article is what the article plainly says, and if not, whether a finding tells.

The article is read by the judge's own reader (article_reader.py). A value that is not as the page has it must be named
by a finding that the undamaged run does not have. So must be what the page contradicts itself in, or the tables of the
updates: the KB, builds and dates of its names, and the servicing stack. What is published as the page has it, and
contradicts nothing, is a plausible value of a fact that is stated once. Nothing here is of the code that is judged.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.damage.article_reader import Article, Issue, says_fixed, sentences, squeeze
from tests.damage.oracle import Judgement, Notes, Row

_OF_ARTICLE = ("articles", "known_issues", "prerequisites", "sections", "kbs")
_OTHERS = ("releases", "builds", "months", "changes", "track_events")
_KB = re.compile(r"\bKB ?\d{6,7}(?!\d)", re.I | re.A)
# Words may stand before it without a blank.
_ANY_KB = re.compile(r"KB ?\d{6,7}(?!\d)", re.I | re.A)
_UNREAD = "unreadable"
# A line must be so long to be missed: shorter ones stand elsewhere, too.
_LINE = 20


@dataclass(frozen=True)
class ArticleCatalog:
    """What a catalog says of one article: its rows by table; ``failure`` of its page; open findings of the whole
    catalog; ``others``: all rows of other articles and of the updates."""

    kb: str
    tables: Mapping[str, Sequence[Row]]
    failure: str | None
    findings: Notes
    others: Mapping[str, Sequence[tuple[object, ...]]]

    @property
    def article(self) -> Row | None:
        return next(iter(self.tables["articles"]), None)

    @property
    def facts(self) -> Mapping[str, list[str]]:
        """All that is said of the article. No facts are blanks, in which order its sections and issues stand, and when
        another version of it was seen that says the same."""
        rows = {table: [dict(row) for row in rows] for table, rows in self.tables.items()}
        for row in (*rows["sections"], *rows["known_issues"]):
            row.pop("position", None)
            row.pop("last_seen", None)
        for row in rows["sections"]:
            row["text"] = "".join(sorted(squeeze(str(row["text"]).replace(":", ""))))
        return {
            table: sorted(str({column: squeeze(str(value)) for column, value in row.items()}) for row in rows[table])
            for table in _OF_ARTICLE
        }

    @property
    def builds(self) -> Iterator[tuple[str | None, str | None]]:
        """Build and date of each row of its update."""
        rows = (dict(zip(self.columns, row, strict=True)) for row in self.others["builds"])
        return ((_text(row["build"]), _text(row["available"])) for row in rows if row["kb"] == self.kb)

    @property
    def columns(self) -> tuple[object, ...]:
        return self.others["columns of builds"][0]


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def read_article_catalog(path: Path, kb: str) -> ArticleCatalog:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        tables = {
            table: [dict(row) for row in connection.execute(f"select * from {table} where kb = ? order by 1, 2", (kb,))]
            for table in _OF_ARTICLE
        }
        others = {table: list(map(tuple, connection.execute(f"select * from {table}"))) for table in _OTHERS}
        for table in _OF_ARTICLE:
            others[table] = list(map(tuple, connection.execute(f"select * from {table} where kb <> ?", (kb,))))
        columns = (row["name"] for row in connection.execute("pragma table_info (builds)"))
        others["columns of builds"] = [tuple(columns)]
        named = "severity, code, release, subject, message, field, used, other"
        findings = connection.execute(f"select {named} from findings where resolved_at is null")
        (failure,) = connection.execute("select max(failure) from pages where page = ?", (kb,)).fetchone()
        return ArticleCatalog(kb, tables, failure, frozenset(map(tuple, findings)), others)


@dataclass(frozen=True)
class Served:
    """What is known of a damaged run beside its catalog: the catalogs of the same run with the true article, of the run
    before, and of the same run in which nothing can be made of the article; what its pages say, damaged and true."""

    truth: ArticleCatalog
    before: ArticleCatalog
    without: ArticleCatalog
    page: Article
    true_page: Article


def judge_article(damaged: ArticleCatalog, served: Served) -> Judgement:
    """``same``, ``refused``, ``reported``, ``once`` (undetectable) or ``SILENT``."""
    kb, truth = damaged.kb, served.truth
    findings = {finding for finding in damaged.findings - truth.findings if _names(finding, kb)}
    if damaged.others != truth.others:
        return Judgement("SILENT", "rows of another article or of an update are others")
    if damaged.failure:
        if damaged.facts != served.without.facts:
            return Judgement("SILENT", "not the facts of a failing article")
        return Judgement("refused" if findings else "SILENT", damaged.failure)
    wrong = [*_wrong_names(damaged, served.page), *_wrong_issues(damaged, served), *_wrong_needs(damaged, served.page)]
    wrong += [*_wrong_sections(damaged, served.page)]
    against = contradictions(served.page, truth) - contradictions(served.true_page, truth)
    if served.page.names and not any(kb in names for names in served.page.names):
        return Judgement("SILENT", f"another article is published: {served.page.heading or served.page.title}")
    unnamed = [one for one in wrong if not _tells(one, damaged, findings)]
    if unnamed or (against and not findings):
        return Judgement("SILENT", "; ".join(unnamed + sorted(against)))
    if damaged.facts == truth.facts:
        return Judgement("same", str(min(map(str, findings))) if findings else "")
    others = (row for table in _OF_ARTICLE for row in damaged.facts[table] if row not in truth.facts[table])
    return Judgement("reported" if findings else "once", "; ".join(wrong + sorted(against)) or next(others, "less"))


def _names(finding: tuple[object, ...], kb: str) -> bool:
    return any(kb in str(text) for text in finding[3:])


def _tells(wrong: str, damaged: ArticleCatalog, new: set[tuple[object, ...]]) -> bool:
    """Whether a finding tells of a wrong value. Issues that were not read before are not read anew."""
    if wrong.startswith("issues are not read"):
        return any(str(finding[1]).startswith("issues") and _names(finding, damaged.kb) for finding in damaged.findings)
    return bool(new)


def contradictions(page: Article, catalog: ArticleCatalog) -> set[str]:
    """In what a page contradicts itself, or the rows of its update."""
    found = {f"it names {', '.join(sorted(names))}" for names in page.names if catalog.kb not in names}
    own_builds = {build for build, _ in catalog.builds if build}
    packages = {kb for _, kb in page.packages}
    if packages and catalog.kb not in packages:
        found.add(f"its packages are of {', '.join(sorted(packages))}")
    for build, available in catalog.builds:
        family = f"{(build or '').partition('.')[0]}."
        for named in page.builds:
            own = {one for one in named if one.startswith(family)}
            if own and build and build not in own:
                found.add(f"its build is {', '.join(sorted(own))}, in the tables {build}")
        strange = set().union(*page.builds) - own_builds if page.builds else set()
        found |= {f"a build is {one}, which it has not" for one in strange}
        found |= {f"its date is {day}, in the tables {available}" for day in page.dates if day and day != available}
    stacks = {(kb, build) for kb, build in page.stacks if kb != catalog.kb}
    if len(stacks) > 1:
        found.add(f"its servicing stack is {' and '.join(sorted(map(' '.join, stacks)))}")
    return found


# --- what is not as the page has it -----------------------------------------------------------------------------------


def _is(published: object, text: str) -> bool:
    """Whether a text is published, perhaps cut."""
    squeezed = squeeze(str(published or ""))
    return squeezed == text or (squeezed.endswith("\u2026") and text.startswith(squeezed[:-1]) and len(squeezed) > 200)


def _wrong_names(damaged: ArticleCatalog, page: Article) -> Iterator[str]:
    row = damaged.article
    if row is None:
        return
    if not _is(row["title"], squeeze(page.title or page.heading)):
        yield f"title {row['title']!r} for {page.title!r}"
    if not _is(row["heading"], squeeze(page.heading)):
        yield f"heading {row['heading']!r} for {page.heading!r}"
    if row["available"] != (page.dates[1] or page.dates[0]):
        yield f"date {row['available']} for {page.dates}"
    # The update is called as its article is.
    for own in damaged.tables["kbs"]:
        if row["heading"] and own["title"] != row["heading"]:
            yield f"the update's title {own['title']!r} for {row['heading']!r}"


def _wrong_issues(damaged: ArticleCatalog, served: Served) -> Iterator[str]:
    row, page = damaged.article, served.page
    if row is None:
        return
    rows = damaged.tables["known_issues"]
    if row["issues"] == _UNREAD:
        if page.issues or page.denied:
            yield "issues are not read"
        if [dict(row) for row in rows] != [dict(row) for row in served.before.tables["known_issues"]]:
            yield "issues changed though none were read"
        return
    if row["issues"] == "none" and (page.issues or not page.denied):
        yield f"no issues are said to be: {[issue.title for issue in page.issues or ()]}"
    listed = [row for row in rows if row["status"] != "gone"]
    for issue in page.issues or ():
        own = next((row for row in listed if _same(issue, row)), None)
        if own is None:
            yield f"issue {issue.title!r} is not as the page has it: {issue.words}"
            continue
        listed.remove(own)
        yield from filter(None, (_wrong_status(issue, own, served), _misplaced(issue, own), _wrong_fix(issue, own)))
    yield from (f"issue {row['title']!r} is not on the page: {dict(row)}" for row in listed)
    still = {squeeze(title) for title in page.stray}
    yield from (f"issue {row['title']!r} is still there" for row in rows if squeeze(str(row["title"])) in still)


def _same(issue: Issue, row: Row) -> bool:
    """Whether a row has the issue's title and all of its text. A sentence may stand in another part than its label
    says: where it belongs is another question."""
    text = "".join(issue.parts.values())
    title, given = squeeze(issue.title), squeeze(str(row["title"])).rstrip("\u2026")
    # Without a title of its own an issue is called by its first sentence; equal titles get more behind a colon.
    begins = (given[:100], given.partition(".:")[0])
    if not (given.startswith(title[:200]) if title else any(one.startswith(begins) for one in issue.parts.values())):
        return False
    published = {part: squeeze(str(row[part] or "")) for part in ("symptom", "workaround", "resolution")}
    if any(one.endswith("\u2026") for one in published.values()):
        return True
    needed = Counter(issue.symptom + issue.parts.get("workaround", "") + issue.parts.get("resolution", ""))
    given_text = Counter("".join(published.values()))
    pieces = (squeeze(piece) for part in published for piece in sentences(str(row[part] or "")))
    return needed <= given_text <= Counter(text) and all(piece in text for piece in pieces)


_MENDS = re.compile(r"\b(?:resol|address|fix|correct|update|release|information|working|investigat|progress|KB)", re.I)
_HELPS = re.compile(r"\W*(?:to work ?around|until|in the meantime|meanwhile|as a (?:temporary )?workaround)", re.I)


def _misplaced(issue: Issue, row: Row) -> str:
    """A sentence that stands in another part than its label says, and says nothing that would explain it."""
    for part, text in issue.words.items():
        helps, moved = False, {""}
        for piece in sentences(text):
            helps = helps or _HELPS.match(piece) is not None
            if len(squeezed := squeeze(piece)) < _LINE or part == "other":
                continue
            where = {one for one in ("symptom", "workaround", "resolution") if squeezed in squeeze(str(row[one] or ""))}
            is_fix = says_fixed(piece) and _KB.search(piece) and not _HELPS.match(piece)
            if is_fix and part not in ("symptom", "") and "resolution" not in where:
                return f"the resolution {piece!r} is filed as {' and '.join(where) or 'nothing'}"
            own = part or "symptom"
            says_why = _MENDS.search(text if own == "workaround" else piece) or helps
            if where and own not in where and not (says_why or where <= moved):
                return f"{piece!r} of the {own} is filed as {' and '.join(where)}"
            moved = where - {own} if where else moved  # what goes on about it moves with it
    return ""


def _wrong_status(issue: Issue, row: Row, served: Served) -> str:
    """An issue is open where the page says so, and where it does not say plainly that it is resolved."""
    if issue.status == row["status"]:
        return ""
    known = [one for one in served.truth.tables["known_issues"] if squeeze(str(one["title"])) == squeeze(issue.title)]
    was_open = any(one["status"] == "open" for one in known)
    says_so = any(says_fixed(piece) and _KB.search(piece) for text in issue.words.values() for piece in sentences(text))
    if issue.status == "either" and (says_so or not (was_open and row["status"] == "resolved")):
        return ""
    return f"issue {issue.title!r} is {row['status']} for {issue.status}: {issue.words}"


def _wrong_fix(issue: Issue, row: Row) -> str:
    """The fixing KB is one that the issue's texts name; it is there where a sentence says it."""
    published, named = row.get("fixed_by_kb"), {_digits(one) for one in _ANY_KB.findall(" ".join(issue.words.values()))}
    if published and published not in named:
        return f"issue {issue.title!r} is fixed by {published} of {sorted(named)}"
    texts = " ".join(issue.words.get(part, "") for part in ("resolution", "workaround"))
    fixing = [piece for piece in sentences(texts) if says_fixed(piece)]
    fixes = {_digits(one) for piece in fixing for one in _ANY_KB.findall(piece)}
    if len(fixes) == 1 and issue.status == "resolved" and published not in fixes:
        return f"issue {issue.title!r} is fixed by {published} for {sorted(fixes)}"
    return ""


def _wrong_needs(damaged: ArticleCatalog, page: Article) -> Iterator[str]:
    if damaged.article is None:
        return
    kb = damaged.kb
    needs: dict[object, set[tuple[str, str | None]]] = {}
    for row in damaged.tables["prerequisites"]:
        needs.setdefault(row["kind"], set()).add((str(row["requires_kb"]), _text(row["build"])))
    stated = {(one, build) for one, build in page.stacks if one != kb}
    stacks = needs.pop("servicing-stack", set())
    for one, build in stacks:
        if (one, build) not in stated and (build or one not in page.stack_kbs):
            yield f"servicing stack {one} {build} for {sorted(stated)}"
    if stated and not stacks:
        yield f"no servicing stack for {sorted(stated)}"
    baselines = {one for one, _ in needs.pop("baseline", set())}
    said = {_digits(one) for line in page.lines if "baseline" in line.text.casefold() for one in _KB.findall(line.text)}
    if not baselines <= said - {kb}:
        yield f"baseline {sorted(baselines)} for {sorted(said)}"
    is_hotpatch = "hotpatch" in f"{page.title} {page.heading}".casefold()
    if is_hotpatch and not baselines and said - {kb}:
        yield f"no baseline for {sorted(said)}"
    checkpoints = {one for one, _ in needs.pop("checkpoint", set())}
    if checkpoints != (expected := _checkpoints(page, kb) - baselines):
        yield f"checkpoints {sorted(checkpoints)} for {sorted(expected)}"


def _digits(kb: str) -> str:
    return "KB" + kb[2:].strip()


def _checkpoints(page: Article, kb: str) -> set[str]:
    """The packages before the article's own, by device."""
    found: set[str] = set()
    for device in {device for device, _ in page.packages}:
        order = [one for its, one in page.packages if its == device]
        found |= set(order[: order.index(kb)]) if kb in order else set()
    return found


def _wrong_sections(damaged: ArticleCatalog, page: Article) -> Iterator[str]:
    """A section that the page does not have so, or a line of the page that no section has."""
    if damaged.article is None:
        return
    shown = Counter(page.text)
    texts = [squeeze(str(row["text"])).rstrip("\u2026") for row in damaged.tables["sections"]]
    for row, text in zip(damaged.tables["sections"], texts, strict=True):
        # A browser shows what stands in a table but in no cell before the table.
        if text not in page.text and not Counter(text) <= shown:
            yield f"section {row['heading']!r} is not on the page so"
    whole = "".join(squeeze(str(row["heading"])) for row in damaged.tables["sections"]) + "".join(texts)
    for line in page.lines_of_sections:
        if len(text := squeeze(line.text)) >= _LINE and text not in whole:
            yield f"no section has {line.text[:80]!r}"
