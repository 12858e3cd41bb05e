"""Whether what the catalog says is true, and if not, whether it says so: the judge of the laboratory.

The truth is the catalog of the same run without the damage. A value that differs must be named by a finding that the
undamaged run does not have. A change names it too, but only where no cross-check could have seen it; what neither
names is silently wrong if a cross-check could have seen it, else a plausible value of a fact that is stated once.
What a cross-check could have seen is asked here of the statements of all pages, not of the code that checks them, and
the pages are read by a reader of the judge's own (reader.py). Nothing here is of the code that is judged.
"""

import re
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path

from tests.damage.reader import Fact, Reading

Row = Mapping[str, object]
Key = tuple[object, ...]
Notes = frozenset[tuple[object, ...]]
Texts = Mapping[str, Collection[object]]

_KEYS = {"releases": ("release",), "kbs": ("kb",), "builds": ("release", "build", "kb"), "months": ("release", "month")}
# What follows from other columns: a wrong one is a consequence wherever a served value of its release is named.
_DERIVED = {
    "releases": {"serviced", "hotpatch", "partial"},
    "kbs": {"track", "first_available"},
    "builds": {"revision", "kind", "security_month", "restart", "twin_kb", "baseline_kb", "corrected_to"},
    "months": {"planned_type", "status", "restart", "cumulative_kb", "cumulative_build"},
}
# Those that follow from any other row of their release, not only from those of their own month.
_RUNNING = {"security_month", "baseline_kb", "corrected_to"}
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
    day: str
    exit_code: int


def read_catalog(path: Path, day: str, exit_code: int) -> Catalog:
    """``day`` and ``exit_code`` of the run that published it."""
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
        notes = frozenset(map(tuple, findings)), frozenset(map(tuple, changes))
        return Catalog(tables, *notes, dict(map(tuple, failures)), day, exit_code)


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
        if self.column == "kind" and self.was and self.now:  # stands in a link where no letter says it
            lettered = any(row["track"] == "cumulative" and row["cadence"] for row in (self.was, self.now))
            return lettered or {self.was["kind"], self.now["kind"]} <= {None, "initial"}
        return self.table == "kbs" if self.column is None else self.column in _DERIVED[self.table]

    @cached_property
    def names(self) -> frozenset[str]:
        """What the row is called in a sentence: KB, build, month, version, of both catalogs."""
        columns = ("kb", "build", "month") if self.table != "releases" else ("release", "version")
        rows = [row for row in (self.was, self.now) if row]
        return frozenset(str(row[column]) for row in rows for column in columns if row.get(column))

    @cached_property
    def months(self) -> frozenset[str]:
        """Those that the row is of, in both catalogs: by its update type or by its day."""
        rows = [row for row in (self.was, self.now) if row]
        return frozenset(str(row[name])[:7] for row in rows for name in ("month", "available") if row.get(name))

    def __str__(self) -> str:
        if self.column:
            assert self.was is not None
            assert self.now is not None
            return f"{self.table} {self.key}: {self.column} {self.was[self.column]!r} -> {self.now[self.column]!r}"
        return f"{self.table} {self.key}: {'missing' if self.was else 'extra'}"


def differences(truth: Catalog, damaged: Catalog, allowed: Texts) -> list[Difference]:
    """``allowed``: by KB, the titles and addresses that any page gives it; which of them is published is no fact."""
    found = []
    for table in _KEYS:
        before, after = truth.tables[table], damaged.tables[table]
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
                    if not (column in _TEXTS and now[column] in texts)
                ]
    return sorted(found, key=str)


# --- what pages state ------------------------------------------------------------------------------------------------

# By what a link announces: the track of its row, and its kind.
_TRACKS = {
    "hotpatch": "hotpatch",
    "out-of-band": "hotpatch",
    "component": "component",
    "cumulative": "cumulative",
    "preview": "cumulative",
    "cumulative out-of-band": "cumulative",
}
_LINKED = {
    "hotpatch": "hotpatch",
    "out-of-band": "out-of-band",
    "component": "component",
    "preview": "preview",
    "cumulative out-of-band": "out-of-band",
}


class Statements:
    """What all pages of a run say: values by release, name (a KB, build or month) and column."""

    def __init__(self, pages: Iterable[Reading], bases: Mapping[str, int | None]) -> None:
        self.stated: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        for page in pages:
            for row in page.of("servicing"):
                self._say(row.release, (row["build"],), {"available": row["available"], "track": "cumulative"})
            for row in page.of("update"):
                self._say(row.release, (row["kb"], row["build"]), {**row.values, "track": "cumulative"})
            for row in page.of("month"):
                self._add_month(row)
            for row in page.of("link"):
                own = f"{bases.get(row.release)}."
                self._add_link(row, next((build for build in row.builds if build.startswith(own)), None))

    def _add_month(self, row: Fact) -> None:
        self._say(row.release, (row["month"],), row.values)
        is_hotpatch = row["type"] == "hotpatch"
        values = {"available": row["available"], "build": row["build"], "kb": row["kb"], "month": row["month"]}
        values |= {"cadence": "B", "track": "hotpatch" if is_hotpatch else "cumulative"}
        values |= {"kind": "hotpatch" if is_hotpatch else None}
        self._say(row.release, (row["kb"], row["build"]), values)

    def _add_link(self, row: Fact, build: str | None) -> None:
        available = row["available"]
        values = {"available": available, "build": build, "kb": row["kb"]}
        told = {"track": _TRACKS.get(row.word), "kind": _LINKED.get(row.word)}
        self._say(row.release, (row["kb"], build), values | told)
        self.stated["", row["kb"] or "", "expired"].add(str(row.expired))
        if row.word in ("hotpatch", "baseline") and available and second_tuesday(available[:7]) == available:
            self._say(row.release, (available[:7],), values | {"type": row.word})

    def _say(self, release: str, names: Iterable[str | None], values: Mapping[str, str | None]) -> None:
        for name in filter(None, names):
            for column, value in values.items():
                if value and value != name:
                    self.stated[release, _named(name, values), column].add(str(value))

    def speak_of(self, difference: Difference) -> bool:
        """Whether a page states something that the published row contradicts: another value, or the row at all."""
        row = difference.was or difference.now or {}
        if difference.table == "releases":
            return difference.now is None and any(release == row["release"] for release, _, _ in self.stated)
        if difference.table == "kbs":
            return difference.column == "expired" and len(self.stated["", str(row["kb"]), "expired"]) > 1
        release = str(difference.release)
        columns = ("kb", "build") if difference.table == "builds" else ("month",)
        names = [_named(str(row[column]), row) for column in columns if row[column]]
        if difference.column == "withdrawn":
            # What has no KB is not what a link with one speaks of, though both have one build.
            return (
                row.get("kb") is not None and bool(difference.now and difference.now["withdrawn"]) and self._list(row)
            )
        if difference.column:
            assert difference.now is not None
            stated = {value for name in names for value in self.stated.get((release, name, difference.column), ())}
            return bool(stated - {str(difference.now[difference.column])})
        if difference.was:
            return self._list(row)
        return any(
            self.stated.get((release, name, column), set()) - {str(row[column])}
            for name in names
            for column in ("kb", "build", "available", "month", "cadence", "track", "type")
            if row.get(column)
        )

    def _list(self, row: Row) -> bool:
        """Whether a page lists the row: its KB with its build, where it has both."""
        release, kb, build = str(row["release"]), row["kb"], row["build"]
        if "status" in row:
            return any((release, str(row["month"]), column) in self.stated for column in ("available", "kb"))
        if kb and build:
            named = _named(str(build), row)
            return build in self.stated[release, str(kb), "build"] or kb in self.stated[release, named, "kb"]
        name = str(kb) if kb else _named(str(build), row)
        return any((release, name, column) in self.stated for column in ("available", "kb"))


def _named(name: str, row: Mapping[str, object]) -> str:
    """One build may be of a cumulative update and of a hotpatch: what is said of the one says nothing of the other."""
    return f"{name} {row.get('track')}" if "." in name else name


def second_tuesday(month: str) -> str:
    first = date.fromisoformat(f"{month}-01")
    return (first + timedelta(days=(1 - first.weekday()) % 7 + 7)).isoformat()


# --- rules -----------------------------------------------------------------------------------------------------------


def broken_rules(difference: Difference, truth: Catalog) -> set[str]:
    """The rules that a published row breaks by itself or beside the true rows around it, and the true row does not."""
    rules = {"releases": _rules_of_release, "builds": _rules_of_build, "months": _rules_of_month}.get(difference.table)
    if rules is None or difference.now is None or difference.now.get("withdrawn"):
        return set()
    was = set(rules(difference.was, difference.key, truth)) if difference.was else set()
    return set(rules(difference.now, difference.key, truth)) - was


def _rules_of_release(row: Row, key: Key, truth: Catalog) -> Iterator[str]:
    for first, last in (
        ("end_of_updates", "end_of_updates_enterprise"),
        ("ltsc_mainstream_end", "ltsc_extended_end"),
    ):
        days = [str(row[name]) for name in (first, last) if row[name]]
        years = 1 if str(row["release"]).startswith("windows-11") and first == "end_of_updates" else 5
        late = len(days) > 1 and int(days[1][:4]) - int(days[0][:4]) != years
        if any(day != second_tuesday(day[:7]) for day in days) or late:
            yield "end-of-updates"
    base = row["base_build"]
    for other, its in truth.tables["releases"].items():
        if other != key and base and (its["product"], its["base_build"]) == (row["product"], base):
            yield "family"
    builds = [its for its in truth.tables["builds"].values() if its["release"] == row["release"] and its["build"]]
    if base and builds and not any(str(its["build"]).startswith(f"{base}.") for its in builds):
        yield "family"
    if any(its["kind"] == "initial" and its["available"] != row["available"] for its in builds):
        yield "first-day"


def _rules_of_update(row: Row, truth: Catalog) -> Iterator[str]:
    base = truth.tables["releases"].get((row["release"],), {}).get("base_build")
    if row["build"] and base and not str(row["build"]).startswith(f"{base}."):
        yield "family"
    if row["kb"] and not re.fullmatch(r"KB5\d{6}", str(row["kb"])):
        yield "kb-shape"
    if row["available"] and str(row["available"]) > truth.day:
        yield "future"
    folder = re.search(r"/servicing/os/.*?(windows-[a-z0-9-]*)/(\d{4})/", str(row["article_url"]))
    day = str(row["available"] or row["month"] or "")
    if folder and day:
        years = (int(day[:4]), int(day[:4]) - 1) if day[5:7] == "01" else (int(day[:4]),)
        if int(folder[2]) not in years or not str(row["release"]).startswith(folder[1]):
            yield "link"


def _rules_of_month(row: Row, key: Key, truth: Catalog) -> Iterator[str]:
    yield from _rules_of_update(row, truth)
    month, build = str(row["month"]), str(row["build"] or "")
    if row["available"] and row["available"] != second_tuesday(month):
        yield "second-tuesday"
    if row["kb"] and row["cumulative_kb"] and (row["kb"] == row["cumulative_kb"]) is not (row["type"] == "baseline"):
        yield "baseline"
    others = [its for its in truth.tables["months"].values() if its["release"] == row["release"]]
    if row["status"] == "released":
        if row["kb"] is None and row["build"] is None:
            yield "no-kb"
        if row["cumulative_kb"] is None and row["cumulative_build"] is None:
            yield "no-b"
        if second_tuesday(month) > truth.day:
            yield "future"
    elif any(its["status"] == "released" and str(its["month"]) > month for its in others):
        yield "overdue"
    if row["type"] == "hotpatch" and build:
        same = row["cumulative_build"]
        earlier = [its for its in others if str(its["month"]) < month]
        below = max(earlier, key=lambda its: str(its["month"]))["cumulative_build"] if earlier else None
        if (same and _revision(build) >= _revision(same)) or (below and _revision(build) <= _revision(below)):
            yield "revision-order"


def _rules_of_pair(row: Row, its: Row) -> Iterator[str]:
    """The rules that two builds of one release and track break together."""
    kb, build, month = row["kb"], row["build"], str(row["month"] or "")
    if kb and its["kb"] and (its["kb"] == kb) is not (its["build"] == build):
        yield "duplicate"
    if kb and month and row["cadence"] == its["cadence"] == "B" and its["month"] == month:
        yield "duplicate"
    if build and its["build"] and "initial" not in (row["kind"], its["kind"]):
        ahead = _revision(build) - _revision(its["build"])
        for column in ("available", "month"):
            time, its_time = str(row[column] or ""), str(its[column] or "")
            if time and its_time and ((ahead < 0 and time > its_time) or (ahead > 0 and time < its_time)):
                yield "order"


def _rules_of_build(row: Row, key: Key, truth: Catalog) -> Iterator[str]:
    yield from _rules_of_update(row, truth)
    month, available = str(row["month"] or ""), str(row["available"] or "")
    if row["cadence"] == "B" and month and available and available != second_tuesday(month):
        yield "second-tuesday"
    if month and available:
        late = (date.fromisoformat(f"{month}-28") + timedelta(days=4)).replace(day=7).isoformat()
        if not f"{month}-01" <= available <= late:
            yield "update-month"
    if row["kb"] is None and row["kind"] != "initial":
        yield "no-kb"
    for other, its in truth.tables["builds"].items():
        if other == key or its["track"] == "component" or row["track"] == "component":
            continue
        if its["release"] != row["release"]:
            yield from _rules_of_siblings(row, its)
        elif its["track"] == row["track"]:
            yield from _rules_of_pair(row, its)


def _rules_of_siblings(row: Row, its: Row) -> Iterator[str]:
    """One update in two releases."""
    if row["kb"] and row["kb"] == its["kb"]:
        if row["available"] and its["available"] and _days_between(row["available"], its["available"]) > 14:
            yield "kb-day"
        pairs = [(row[column], its[column]) for column in ("month", "cadence", "track")]
        if row["build"] and its["build"]:
            pairs.append((_revision(row["build"]), _revision(its["build"])))
        if any(one and other and one != other for one, other in pairs):
            yield "siblings"
    elif row["kb"] and its["kb"] and row["build"] and (row["build"], row["track"]) == (its["build"], its["track"]):
        yield "siblings"


def _revision(build: object) -> int:
    return int(str(build).partition(".")[2])


def _days_between(one: object, other: object) -> int:
    return abs((date.fromisoformat(str(one)) - date.fromisoformat(str(other))).days)


# --- the judgement ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judgement:
    """``outcome`` and what it rests on."""

    outcome: str
    why: str = ""


def texts_of(pages: Iterable[Reading]) -> dict[str, set[object]]:
    """By KB, the titles and addresses that pages give it. To give none is not to give another: that would be a loss."""
    found: dict[str, set[object]] = defaultdict(set)
    for row in (row for page in pages for row in page.facts):
        stated = {row["title"], row["url"]}
        found[row["kb"] or ""] |= stated if row.kind == "link" else stated - {None}
    return found


def judge(truth: Catalog, damaged: Catalog, before: Catalog, statements: Statements, allowed: Texts) -> Judgement:
    """Of a run whose page was read: ``same``, ``reported``, ``once`` or ``once, changed`` (undetectable, without and
    with a change that names it) or ``SILENT``. ``before``: what was published by the run before."""
    wrong = differences(truth, damaged, allowed)
    findings, changes = damaged.findings - truth.findings, damaged.changes - truth.changes
    if not wrong:
        return Judgement("same", str(min(map(str, findings))) if findings else "")
    served = [one for one in wrong if not one.is_derived]
    named = {one for one in served if any(_finds(finding, one, before) for finding in findings)}
    for one in wrong:
        follows = any(_follows(one, other) for other in served)
        if one.is_derived and not follows and not any(_finds(finding, one, before) for finding in findings):
            return Judgement("SILENT", f"{one} (follows from no served value)")
    unnamed = [one for one in served if one not in named]
    if not unnamed:
        return Judgement("reported", f"{named and str(next(iter(named)))}")
    around = _published_still(truth, damaged)
    for one in unnamed:
        if why := ", ".join(sorted(broken_rules(one, around))) or (statements.speak_of(one) and "another statement"):
            return Judgement("SILENT", f"{one} (visible by {why}; {len(unnamed)} unnamed, {len(named)} named)")
    loose = [one for one in unnamed if not any(_changes(change, one) for change in changes)]
    return Judgement("once" if loose else "once, changed", str((loose or unnamed)[0]))


def _published_still(truth: Catalog, damaged: Catalog) -> Catalog:
    """The truth without the rows that the damaged run no longer publishes: no row stands beside those."""
    tables = {
        table: {key: row for key, row in rows.items() if _stands(damaged.tables[table].get(key))}
        for table, rows in truth.tables.items()
    }
    return replace(truth, tables=tables)


def _stands(row: Row | None) -> bool:
    return row is not None and not row.get("withdrawn")


def _follows(derived: Difference, served: Difference) -> bool:
    """Whether a derived value may be a consequence of a served one that is wrong."""
    if derived.table == "kbs":
        return str(derived.key[0]) in served.names
    if derived.release != served.release:
        return False
    own = derived.key == served.key or bool(derived.months & served.months)
    return own or derived.table == "releases" or derived.column in _RUNNING


def _finds(note: tuple[object, ...], difference: Difference, before: Catalog) -> bool:
    """Whether a finding is about a row. A row in quarantine whose key cannot be read may be any that is missing, or
    that still says what it said in the run before."""
    _, code, release, subject, *texts = note
    if difference.release and release and release != difference.release:
        return False
    if code == "quarantine" and release and subject in _SET_ASIDE.get(difference.table, ()):
        last, now = before.tables[difference.table].get(difference.key), difference.now
        if now is None or (last and difference.column and last[difference.column] == now[difference.column]):
            return True
    return _names((subject, *texts), difference)


def _changes(note: tuple[object, ...], difference: Difference) -> bool:
    """Whether a change is about a row. One that says no old value says only that a row is new."""
    _, _, release, subject, field, old, new = note
    if difference.release and release and release != difference.release:
        return False
    return old is not None and _names((subject, field, old, new), difference)


def _names(texts: Iterable[object], difference: Difference) -> bool:
    words = {word.strip(".-") for text in texts if text for word in _WORD.findall(str(text))}
    return bool(words & difference.names)
