"""Whether what the catalog says is true, and if not, whether it says so: the judge of the laboratory.

The truth is the catalog of the same night without the damage. A value that differs must be named by a finding that the
undamaged night does not have. A change names it too, but only where no cross-check could have seen it; what neither
names is silently wrong if a cross-check could have seen it, else a plausible value of a fact that is stated once.
What a cross-check could have seen is asked here of the statements of all pages, not of the code that checks them.
"""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

from scraper.models import EntryKind, Facts

Row = Mapping[str, object]
Key = tuple[object, ...]
Notes = frozenset[tuple[object, ...]]

_KEYS = {"releases": ("release",), "kbs": ("kb",), "builds": ("release", "build", "kb"), "months": ("release", "month")}
# What follows from other columns: a wrong one is a consequence wherever a served value of its release is named.
_DERIVED = {
    "releases": {"serviced", "hotpatch", "partial"},
    "kbs": {"track", "first_available"},
    "builds": {"revision", "kind", "security_month", "restart", "twin_kb", "baseline_kb", "corrected_to"},
    "months": {"planned_type", "status", "restart", "cumulative_kb", "cumulative_build"},
}
# The page that a row comes from is no fact of Microsoft's.
_PROVENANCE = {"page"}
_TEXTS = {"title", "article_url"}
_SET_ASIDE = {"builds": {"release-history", "navigation"}, "months": {"hotpatch-calendar"}, "releases": {"servicing"}}
_WORD = re.compile(r"[\w.-]+")


@dataclass(frozen=True)
class Catalog:
    """What a catalog says: rows by table and key; open findings; changes."""

    tables: Mapping[str, Mapping[Key, Row]]
    findings: Notes
    changes: Notes
    failures: Mapping[str, str]


def read_catalog(path: Path) -> Catalog:
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        tables = {
            table: {
                tuple(row[column] for column in key): dict(row) for row in connection.execute(f"select * from {table}")
            }
            for table, key in _KEYS.items()
        }
        columns = "severity, code, release, subject, message, field, used, other"
        findings = connection.execute(f"select {columns} from findings where resolved_at is null")
        changes = connection.execute("select run, table_name, release, subject, field, old, new from changes")
        failures = connection.execute("select page, failure from pages where failure is not null")
        return Catalog(
            tables, frozenset(map(tuple, findings)), frozenset(map(tuple, changes)), dict(map(tuple, failures))
        )


@dataclass(frozen=True, eq=False)
class Difference:
    """A value, or with ``column`` None a whole row, that is not as in truth; ``was`` or ``now`` is None of a row that
    only the other catalog has."""

    table: str
    key: Key
    column: str | None
    was: Row | None
    now: Row | None

    @property
    def release(self) -> object:
        return (self.now or self.was or {}).get("release")

    @property
    def is_derived(self) -> bool:
        return self.table == "kbs" if self.column is None else self.column in _DERIVED[self.table]

    @cached_property
    def names(self) -> frozenset[str]:
        """What the row is called in a sentence: KB, build, month, version, of both catalogs."""
        columns = ("kb", "build", "month") if self.table != "releases" else ("release", "version")
        rows = [row for row in (self.was, self.now) if row]
        return frozenset(str(row[column]) for row in rows for column in columns if row.get(column))

    def __str__(self) -> str:
        if self.column:
            assert self.was is not None
            assert self.now is not None
            return f"{self.table} {self.key}: {self.column} {self.was[self.column]!r} -> {self.now[self.column]!r}"
        return f"{self.table} {self.key}: {'missing' if self.was else 'extra'}"


def differences(truth: Catalog, said: Catalog, allowed: Mapping[str, Collection[object]]) -> list[Difference]:
    """``allowed``: by KB, the titles and addresses that any page gives it; which of them is published is no fact."""
    found = []
    for table in _KEYS:
        before, after = truth.tables[table], said.tables[table]
        for key in before.keys() | after.keys():
            was, now = before.get(key), after.get(key)
            if was is None or now is None:
                found.append(Difference(table, key, None, was, now))
            else:
                columns = [name for name in was if was[name] != now[name] and name not in _PROVENANCE]
                texts = allowed.get(str(was.get("kb")), frozenset())
                found += [
                    Difference(table, key, column, was, now)
                    for column in columns
                    if not (column in _TEXTS and (now[column] is None or now[column] in texts))
                ]
    return sorted(found, key=str)


# --- what pages state -------------------------------------------------------------------------------------------------

_KINDS = {
    EntryKind.HOTPATCH: "hotpatch",
    EntryKind.OUT_OF_BAND: "hotpatch",
    EntryKind.COMPONENT: "component",
    EntryKind.CUMULATIVE: "cumulative",
    EntryKind.PREVIEW: "cumulative",
    EntryKind.CUMULATIVE_OUT_OF_BAND: "cumulative",
}


class Statements:
    """What all pages of a night say: values by release, name (a KB, build or month) and column."""

    def __init__(self, facts: Iterable[Facts], bases: Mapping[str, int | None]) -> None:
        self.said: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        for page in facts:
            for update in page.updates:
                values = {"build": update.build, "kb": update.kb, "available": update.available}
                values |= {"month": update.month, "cadence": update.cadence, "track": "cumulative"}
                self._say(update.release, (update.kb, update.build), values)
            for month in page.months:
                values = {"type": month.type, "available": month.available, "build": month.build, "kb": month.kb}
                self._say(month.release, (month.month,), values)
                track = "hotpatch" if month.type == "hotpatch" else "cumulative"
                values = {"available": month.available, "build": month.build, "kb": month.kb}
                values |= {"month": month.month, "cadence": "B", "track": track}
                self._say(month.release, (month.kb, month.build), values)
            for entry in page.entries:
                base = bases.get(entry.release)
                build = next((build for build in entry.builds if base and build.startswith(f"{base}.")), None)
                values = {"available": entry.available, "build": build, "kb": entry.kb, "track": _KINDS.get(entry.kind)}
                self._say(entry.release, (entry.kb, build), values)
                if entry.kind in (EntryKind.HOTPATCH, EntryKind.BASELINE) and entry.available:
                    month = entry.available[:7]
                    if second_tuesday(month) == entry.available:
                        values = {"available": entry.available, "build": build, "kb": entry.kb}
                        values |= {"type": "hotpatch" if entry.kind is EntryKind.HOTPATCH else "baseline"}
                        self._say(entry.release, (month,), values)

    def _say(self, release: str, names: Iterable[str | None], values: Mapping[str, str | None]) -> None:
        for name in filter(None, names):
            for column, value in values.items():
                if value and value != name:
                    self.said[release, _named(name, values), column].add(str(value))

    def speak_of(self, difference: Difference) -> bool:
        """Whether a page states something that the published row contradicts: another value, or the row at all."""
        if difference.table not in ("builds", "months"):
            return False
        release, row = str(difference.release), difference.was or difference.now or {}
        columns = ("kb", "build") if difference.table == "builds" else ("month",)
        names = [_named(str(row[column]), row) for column in columns if row[column]]
        if difference.column:
            assert difference.now is not None
            said = {value for name in names for value in self.said.get((release, name, difference.column), ())}
            return bool(said - {str(difference.now[difference.column])})
        if difference.was:
            return any((release, name, column) in self.said for name in names for column in ("available", "kb"))
        return any(
            self.said.get((release, name, column), set()) - {str(row[column])}
            for name in names
            for column in ("kb", "build", "available", "month", "cadence", "track", "type")
            if row.get(column)
        )


def _named(name: str, row: Mapping[str, object]) -> str:
    """One build may be of a cumulative update and of a hotpatch: what is said of the one says nothing of the other."""
    return f"{name} {row.get('track')}" if "." in name else name


def second_tuesday(month: str) -> str:
    first = date.fromisoformat(f"{month}-01")
    return (first + timedelta(days=(1 - first.weekday()) % 7 + 7)).isoformat()


def broken_rules(difference: Difference, truth: Catalog) -> Iterator[str]:
    """The rules that a published row breaks by itself, or beside the true rows around it."""
    row, table = difference.now, difference.table
    if row is not None and table == "releases":
        days = [str(row[name]) for name in ("end_of_updates", "end_of_updates_enterprise") if row[name]]
        if any(day != second_tuesday(day[:7]) for day in days) or days != sorted(days):
            yield "end-of-updates"
        if difference.column == "available" and row["product"] == "Windows 11":
            yield "first-day"
    if row is None or table not in ("builds", "months"):
        return
    release, build, kb, available = row["release"], row["build"], row["kb"], row["available"]
    base = truth.tables["releases"].get((release,), {}).get("base_build")
    if build and base and not str(build).startswith(f"{base}."):
        yield "family"
    if kb and not re.fullmatch(r"KB5\d{6}", str(kb)):
        yield "kb-shape"
    month = str(row["month"] or "")
    is_b = table == "months" or row["cadence"] == "B"
    if is_b and month and available and available != second_tuesday(month):
        yield "second-tuesday"
    if table == "months":
        if row["type"] == "baseline" and kb and row["cumulative_kb"] and kb != row["cumulative_kb"]:
            yield "baseline"
        return
    if month and available:
        late = (date.fromisoformat(f"{month}-28") + timedelta(days=4)).replace(day=7).isoformat()
        if not f"{month}-01" <= str(available) <= late:
            yield "update-month"
    if build and available and row["track"] != "component" and row["kind"] != "initial":
        yield from _broken_order(difference, row, truth)


def _broken_order(difference: Difference, row: Row, truth: Catalog) -> Iterator[str]:
    revision, available = int(str(row["revision"])), str(row["available"])
    for key, other in truth.tables["builds"].items():
        if key == difference.key or (other["release"], other["track"]) != (row["release"], row["track"]):
            continue
        if other["revision"] is None or other["available"] is None or other["kind"] == "initial":
            continue
        its_revision, its_day = int(str(other["revision"])), str(other["available"])
        if (revision < its_revision and available > its_day) or (revision > its_revision and available < its_day):
            yield "order"
            return


# --- the judgement ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judgement:
    """``outcome`` and what it rests on."""

    outcome: str
    why: str = ""


def texts_of(facts: Iterable[Facts]) -> dict[str, set[object]]:
    """By KB, the titles and addresses that pages give it."""
    found: dict[str, set[object]] = defaultdict(set)
    for page in facts:
        for row in (*page.updates, *page.months):
            found[row.kb or ""].add(row.url)
        for entry in page.entries:
            found[entry.kb or ""].update((entry.title, entry.url))
    return found


def judge(
    truth: Catalog, said: Catalog, statements: Statements, allowed: Mapping[str, Collection[object]]
) -> Judgement:
    """Of a night whose page was read: ``same``, ``reported``, ``once`` or ``once, changed`` (undetectable, without and
    with a change that names it) or ``SILENT``."""
    wrong = differences(truth, said, allowed)
    if not wrong:
        return Judgement("same")
    findings, changes = said.findings - truth.findings, said.changes - truth.changes
    served = [one for one in wrong if not one.is_derived]
    named = {one for one in served if any(_names(finding, one, findings=True) for finding in findings)}
    unnamed = [one for one in served if one not in named]
    explained = {one.release for one in named}
    changed = {one for one in unnamed if any(_names(change, one, findings=False) for change in changes)}
    explained_by_change = {one.release for one in changed}
    for one in wrong:
        if (
            one.is_derived
            and one.release not in explained | explained_by_change
            and not (one.table == "kbs" and served)
        ):
            unnamed += [] if any(_names(finding, one, findings=True) for finding in findings) else [one]
    if not unnamed:
        return Judgement("reported", f"{named and str(next(iter(named)))}")
    visible = [one for one in unnamed if statements.speak_of(one) or any(broken_rules(one, truth))]
    if visible:
        one = visible[0]
        rules = ", ".join(broken_rules(one, truth)) or "another statement"
        return Judgement("SILENT", f"{one} (visible by {rules}; {len(unnamed)} unnamed, {len(named)} named)")
    loose = [one for one in unnamed if one not in changed]
    return Judgement("once" if loose else "once, changed", str((loose or unnamed)[0]))


def _names(note: tuple[object, ...], difference: Difference, *, findings: bool) -> bool:
    """Whether a finding or a change is about a row. A change that says no old value says only that a row is new."""
    if findings:
        _, _, release, *texts = note
    else:
        _, _, release, *texts = note
        if note[5] is None:
            return False
    if difference.release and release and release != difference.release:
        return False
    if findings and note[1] == "quarantine" and release and note[3] in _SET_ASIDE.get(difference.table, ()):
        return True  # a row whose key cannot be read: any that is missing may be the one
    words = {word.strip(".-") for text in texts if text for word in _WORD.findall(str(text))}
    return bool(words & difference.names)
