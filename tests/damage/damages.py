"""What can befall a page: each damage makes another text of it by chance, or None where it has nothing to damage.

``HARMFUL`` may change what the page says; ``HARMLESS`` change only how it is served, so the facts must stay the same.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random
from typing import TypeVar

from tests.damage.markup import Element, Markup, Splice, Text

Damage = Callable[[Markup, Random], str | None]

_Thing = TypeVar("_Thing")

_DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b|\b[A-Z][a-z]{2,8} \d{1,2}, 20\d\d\b")
_DIGIT = re.compile(r"\d")
_BUILD = re.compile(r"\b(\d{5}\.)(\d{1,5})\b")
_YEAR = re.compile(r"\b20[12]\d\b")
_WORD = re.compile(r"[A-Za-z][A-Za-z-]+|\b[A-E]\b")
_HREF = re.compile(r'(?<=\bhref=")[^"]+')
_MARKUP = (
    "<script>alert(1)</script>",
    "<b>",
    "<!--",
    "-->",
    "</table>",
    "</tr>",
    "<table>",
    "<td>",
    "</div>",
    "<div hidden>",
    "<style>",
    "<template>",
    "<svg>",
    "<textarea>",
    "<plaintext>",
    "<base href='https://example.org/'>",
    "&#0;",
    "&lt;b&gt;",
    "<del>KB5000001</del>",
    "\N{RIGHT-TO-LEFT OVERRIDE}",
    "\N{REPLACEMENT CHARACTER}",
)


def any_of(random: Random, things: Sequence[_Thing]) -> _Thing | None:
    return random.choice(things) if things else None


def any_text(page: Markup, random: Random, pattern: re.Pattern[str]) -> tuple[Text, re.Match[str]] | None:
    """A match in a text that says a fact, by chance."""
    for _ in range(50):
        text = random.choice(page.stating) if page.stating else None
        matches = list(pattern.finditer(page.text, text.start, text.end)) if text else []
        if text and matches:
            return text, random.choice(matches)
    return None


# --- harmful: whole elements ------------------------------------------------------------------------------------------

_DATA = ("tr", "td", "th", "li", "a", "strong", "summary", "details", "h2", "h3", "ul", "p", "span", "b", "thead")


def delete(page: Markup, random: Random) -> str | None:
    """An element of a chosen kind is gone."""
    gone = any_of(random, page.of(random.choice(_DATA)))
    return page.splice([(gone.start, gone.end, "")]) if gone else None


def delete_anything(page: Markup, random: Random) -> str | None:
    gone = any_of(random, page.elements)
    return page.splice([(gone.start, gone.end, "")]) if gone else None


def unwrap(page: Markup, random: Random) -> str | None:
    """The tags of an element are gone, its content stays."""
    one = any_of(random, page.elements)
    return page.splice([(one.start, one.inner, ""), (one.close, one.end, "")]) if one else None


def lose_a_tag(page: Markup, random: Random) -> str | None:
    """One tag of an element is gone, the other stays."""
    one = any_of(random, page.of(*_DATA, "table", "tbody", "div"))
    if one is None:
        return None
    return page.splice([random.choice([(one.start, one.inner, ""), (one.close, one.end, "")])])


def duplicate(page: Markup, random: Random) -> str | None:
    one = any_of(random, page.of(random.choice((*_DATA, "table"))))
    return page.splice([(one.end, one.end, page.source(one))]) if one else None


def drop_table(page: Markup, random: Random) -> str | None:
    gone = any_of(random, page.tables)
    return page.splice([(gone.start, gone.end, "")]) if gone else None


def drop_half_a_table(page: Markup, random: Random) -> str | None:
    table = any_of(random, page.tables)
    rows = page.within(table, "tr")[1:] if table else []
    gone = random.sample(rows, len(rows) // 2)
    return page.splice([(row.start, row.end, "") for row in gone]) if gone else None


def swap(page: Markup, random: Random) -> str | None:
    """Two elements of one kind change places."""
    kind = page.of(random.choice((*_DATA, "table")))
    for _ in range(20):
        if len(kind) < 2:
            return None
        one, other = sorted(random.sample(kind, 2), key=lambda element: element.start)
        if one.end <= other.start:
            return page.swap(one, other)
    return None


def swap_cells_of_a_row(page: Markup, random: Random) -> str | None:
    row = any_of(random, page.rows)
    cells = page.within(row, "td") if row else []
    return page.swap(*sorted(random.sample(cells, 2), key=lambda cell: cell.start)) if len(cells) > 1 else None


def swap_neighbours_in_a_column(page: Markup, random: Random) -> str | None:
    """A cell and the one below it change places: the commonest slip of an editor."""
    table = any_of(random, page.tables)
    rows = page.within(table, "tr")[1:] if table else []
    if len(rows) < 2:
        return None
    place = random.randrange(len(rows) - 1)
    upper, lower = (page.within(row, "td") for row in rows[place : place + 2])
    column = random.randrange(min(len(upper), len(lower))) if upper and lower else None
    return page.swap(upper[column], lower[column]) if column is not None else None


def foreign_row(page: Markup, random: Random) -> str | None:
    """A row stands in another table, or an item in another list, as well."""
    row, target = any_of(random, page.rows), any_of(random, page.rows)
    if row is None or target is None or row.tag != target.tag:
        return None
    return page.splice([(target.start, target.start, page.source(row))])


def move_row(page: Markup, random: Random) -> str | None:
    row, target = any_of(random, page.rows), any_of(random, page.rows)
    if row is None or target is None or row.tag != target.tag or row.start == target.start:
        return None
    return page.splice([(target.start, target.start, page.source(row)), (row.start, row.end, "")])


def move_label(page: Markup, random: Random) -> str | None:
    """A label stands before another table."""
    label, table = any_of(random, page.labels), any_of(random, page.tables)
    if label is None or table is None or label.start <= table.start < label.end:
        return None
    return page.splice([(label.start, label.end, ""), (table.start, table.start, page.source(label))])


def swap_labels(page: Markup, random: Random) -> str | None:
    if len(page.labels) < 2:
        return None
    one, other = sorted(random.sample(page.labels, 2), key=lambda label: label.start)
    return page.swap(one, other) if one.end <= other.start else None


def delete_label(page: Markup, random: Random) -> str | None:
    label = any_of(random, page.labels)
    return page.splice([(label.start, label.end, "")]) if label else None


def empty_cell(page: Markup, random: Random) -> str | None:
    cell = any_of(random, [cell for row in page.rows for cell in page.within(row, "td", "a")])
    return page.splice([(cell.inner, cell.close, "")]) if cell else None


def merge_cells(page: Markup, random: Random) -> str | None:
    """Two neighbouring cells are one: with a span, or with the texts of both."""
    row = any_of(random, page.rows)
    cells = page.within(row, "td") if row else []
    if len(cells) < 2:
        return None
    place = random.randrange(len(cells) - 1)
    one, other = cells[place : place + 2]
    gone: Splice = (other.start, other.end, "")
    if random.random() < 0.5:
        span = random.choice((' colspan="2"', ' rowspan="2"'))
        return page.splice([(one.inner - 1, one.inner - 1, span), gone])
    return page.splice([(one.close, one.close, " " + page.text[other.inner : other.close]), gone])


# --- harmful: columns -------------------------------------------------------------------------------------------------


def rename_column(page: Markup, random: Random) -> str | None:
    table = any_of(random, page.tables)
    names = [text for text in page.texts if table and _in_header(page, table, text)]
    if not names:
        return None
    name = random.choice(names)
    words = page.text[name.start : name.end].split()
    new = random.choice(("", "Details", "KB", "Date", "Month", "Build", " ".join(reversed(words)), "Type"))
    return page.splice([(name.start, name.end, new)])


def _in_header(page: Markup, table: Element, text: Text) -> bool:
    header = page.within(table, "tr")[0]
    return header.start <= text.start and text.end <= header.end


def swap_headers(page: Markup, random: Random) -> str | None:
    """Two headers change places and their cells do not."""
    table = any_of(random, page.tables)
    cells = page.within(page.within(table, "tr")[0], "th", "td") if table else []
    return page.swap(*sorted(random.sample(cells, 2), key=lambda cell: cell.start)) if len(cells) > 1 else None


def add_column(page: Markup, random: Random) -> str | None:
    """Another cell in every row of a table, at the same place."""
    table = any_of(random, page.tables)
    if table is None:
        return None
    place, new = random.randrange(6), random.choice(("", "Notes", "Build"))
    splices = []
    for number, row in enumerate(page.within(table, "tr")):
        cells = page.within(row, "td", "th")
        at = cells[place].start if place < len(cells) else row.close
        splices.append((at, at, f"<td>{new if number == 0 else ''}</td>"))
    return page.splice(splices)


# --- harmful: characters ----------------------------------------------------------------------------------------------


def change_digit(page: Markup, random: Random) -> str | None:
    found = any_text(page, random, _DIGIT)
    if found is None:
        return None
    place = found[1].start()
    new = random.choice("0123456789".replace(page.text[place], ""))
    return page.splice([(place, place + 1, new)])


def transpose_digits(page: Markup, random: Random) -> str | None:
    found = any_text(page, random, re.compile(r"(\d)(?!\1)\d"))
    if found is None:
        return None
    place = found[1].start()
    return page.splice([(place, place + 2, page.text[place + 1] + page.text[place])])


def drop_character(page: Markup, random: Random) -> str | None:
    found = any_text(page, random, re.compile(r"\S"))
    return page.splice([(found[1].start(), found[1].end(), "")]) if found else None


def truncate_text(page: Markup, random: Random) -> str | None:
    found = any_text(page, random, re.compile(r"\S"))
    return page.splice([(found[1].start(), found[0].end, "")]) if found else None


def change_word(page: Markup, random: Random) -> str | None:
    """A word becomes another one that the page uses."""
    one, other = any_text(page, random, _WORD), any_text(page, random, _WORD)
    if one is None or other is None or one[1][0] == other[1][0]:
        return None
    return page.splice([(*one[1].span(), other[1][0])])


def change_type(page: Markup, random: Random) -> str | None:
    """A hotpatch becomes a baseline, a letter another one: the words that mean most."""
    words = {
        "Hotpatch": ("Baseline", "Baseline (Restart)"),
        "Baseline (Restart)": ("Hotpatch",),
        "Baseline": ("Hotpatch",),
        "Out-of-band": ("", "Preview"),
        "Preview": ("", "Out-of-band"),
        "B": ("D", "OOB", "C"),
        "D": ("B", "C"),
        "OOB": ("B", "D"),
    }
    pattern = "|".join(rf"\b{re.escape(word)}(?!\w)" for word in words)
    found = any_text(page, random, re.compile(pattern))
    return page.splice([(*found[1].span(), random.choice(words[found[1][0]]))]) if found else None


def change_date(page: Markup, random: Random) -> str | None:
    """A date becomes another one of the page."""
    one, other = any_text(page, random, _DATE), any_text(page, random, _DATE)
    if one is None or other is None or one[1][0] == other[1][0]:
        return None
    return page.splice([(*one[1].span(), other[1][0])])


def change_link(page: Markup, random: Random) -> str | None:
    """An address becomes another one of the page, or loses a digit, or leads somewhere else."""
    anchors = [
        one
        for row in page.rows
        for one in (row, *page.within(row, "a"))
        if one.tag == "a" and _HREF.search(page.source(one))
    ]
    link = any_of(random, anchors)
    if link is None:
        return None
    address = _HREF.search(page.text, link.start, link.inner)
    other = _HREF.search(page.source(random.choice(anchors)))
    if address is None or other is None:
        return None
    digit = _DIGIT.search(address[0])
    changed = address[0].replace(digit[0], str((int(digit[0]) + 1) % 10), 1) if digit else address[0] + "1"
    new = random.choice((other[0], changed, "javascript:alert(1)", "https://example.org/x", "http://[", ""))
    return page.splice([(*address.span(), new)])


def inject_markup(page: Markup, random: Random) -> str | None:
    found = any_text(page, random, re.compile(r"^|(?<=\S)(?=\s)|$|(?<=\w)(?=\w)"))
    if found is None:
        return None
    return page.splice([(found[1].start(), found[1].start(), random.choice(_MARKUP))])


def cut_the_page(page: Markup, random: Random) -> str | None:
    return page.text[: random.randrange(len(page.text))]


def cut_out(page: Markup, random: Random) -> str | None:
    """Some thousand characters are missing in the middle."""
    start = random.randrange(len(page.text))
    return page.splice([(start, min(len(page.text), start + random.randrange(1, 5000)), "")])


def repeat_a_part(page: Markup, random: Random) -> str | None:
    start = random.randrange(len(page.text))
    end = min(len(page.text), start + random.randrange(1, 5000))
    return page.splice([(end, end, page.text[start:end])])


# --- harmful: many at once --------------------------------------------------------------------------------------------


def _column(page: Markup, random: Random) -> list[Element]:
    """The cells of a column, without its header's."""
    table = any_of(random, page.tables)
    rows = [page.within(row, "td") for row in page.within(table, "tr")[1:]] if table else []
    width = min(map(len, rows), default=0)
    place = random.randrange(width) if width else 0
    return [row[place] for row in rows] if width and len(rows) > 1 else []


def copy_neighbour(page: Markup, random: Random) -> str | None:
    """A cell says what the one below it says."""
    cells = _column(page, random)
    place = random.randrange(len(cells) - 1) if cells else 0
    return page.splice([(cells[place].start, cells[place].end, page.source(cells[place + 1]))]) if cells else None


def shift_a_column(page: Markup, random: Random) -> str | None:
    """Every cell of a column from a row on says what the one below it says."""
    cells = _column(page, random)
    cells = cells[random.choice((0, 0, len(cells) // 2)) :]
    return page.splice([(one.start, one.end, page.source(other)) for one, other in pairwise(cells)])


def shift_every_build(page: Markup, random: Random) -> str | None:
    """All revisions of a table are higher."""
    table = any_of(random, page.tables)
    if table is None:
        return None
    more = random.choice((1, 10, 100, 1000))
    text = _BUILD.sub(lambda found: f"{found[1]}{int(found[2]) + more}", page.source(table))
    return page.splice([(table.start, table.end, text)])


def change_a_year(page: Markup, random: Random) -> str | None:
    """A year of a table is another, wherever it stands there."""
    table = any_of(random, page.tables)
    years = sorted(set(_YEAR.findall(page.source(table)))) if table else []
    if table is None or not years:
        return None
    year = random.choice(years)
    text = page.source(table).replace(year, str(int(year) + random.choice((-1, 1))))
    return page.splice([(table.start, table.end, text)])


def copy_row_of_another_table(page: Markup, random: Random) -> str | None:
    tables = [page.within(table, "tr")[1:] for table in page.tables]
    one, other = (any_of(random, random.choice(tables)) if tables else None for _ in range(2))
    return page.splice([(one.start, one.start, page.source(other))]) if one and other else None


def copy_item_of_another_list(page: Markup, random: Random) -> str | None:
    one, other = (any_of(random, page.of("li")) for _ in range(2))
    return page.splice([(one.start, one.start, page.source(other))]) if one and other else None


def fill_a_plan(page: Markup, random: Random) -> str | None:
    """A row with empty cells has in their place what another row of its table has."""
    table = any_of(random, page.tables)
    rows = [page.within(row, "td") for row in page.within(table, "tr")[1:]] if table else []
    empty = [row for row in rows if any(not page.text[cell.inner : cell.close].strip() for cell in row)]
    full = [row for row in rows if all(page.text[cell.inner : cell.close].strip() for cell in row)]
    if not empty or not full:
        return None
    row, donor = random.choice(empty), random.choice(full)
    blank = [place for place, cell in enumerate(row) if not page.text[cell.inner : cell.close].strip()]
    chosen = [place for place in blank if place < len(donor) and random.random() < 0.7]
    return page.splice([(row[place].start, row[place].end, page.source(donor[place])) for place in chosen])


def two_at_once(page: Markup, random: Random) -> str | None:
    first = random.choice(_SINGLE)(page, random)
    return random.choice(_SINGLE)(Markup(first), random) if first is not None else None


_SINGLE: tuple[Damage, ...] = (
    delete,
    delete_anything,
    unwrap,
    lose_a_tag,
    duplicate,
    drop_table,
    drop_half_a_table,
    swap,
    swap_cells_of_a_row,
    swap_neighbours_in_a_column,
    foreign_row,
    move_row,
    move_label,
    swap_labels,
    delete_label,
    empty_cell,
    merge_cells,
    rename_column,
    swap_headers,
    add_column,
    change_digit,
    transpose_digits,
    drop_character,
    truncate_text,
    change_word,
    change_type,
    change_date,
    change_link,
    inject_markup,
    cut_the_page,
    cut_out,
    repeat_a_part,
    copy_neighbour,
    shift_a_column,
    shift_every_build,
    change_a_year,
    copy_row_of_another_table,
    copy_item_of_another_list,
    fill_a_plan,
)
HARMFUL = (*_SINGLE, two_at_once)


# --- harmless ---------------------------------------------------------------------------------------------------------


def more_attributes(page: Markup, random: Random) -> str | None:
    chosen = random.sample(page.elements, min(30, len(page.elements)))
    new = random.choice((' data-x="1"', ' style="color:red"', ' dir="ltr"', ' data-bi-slot="7"', ' role="row"'))
    return page.splice({(one.start + 1 + len(one.tag), one.start + 1 + len(one.tag), new) for one in chosen})


def blanks_between_tags(page: Markup, random: Random) -> str | None:
    blocks = page.of("tr", "li", "ul", "table", "div", "details", "tbody", "thead", "h2", "h3")
    chosen = random.sample(blocks, min(40, len(blocks)))
    blank = random.choice(("\n    ", "\r\n", "\t", "  \n"))
    return page.splice({(one.end, one.end, blank) for one in chosen})


def blanks_in_texts(page: Markup, random: Random) -> str | None:
    """Invisible characters at the ends of texts."""
    blank = random.choice(("\N{NO-BREAK SPACE}", "\N{ZERO WIDTH SPACE}" * 7, " \n ", "&nbsp;", "&#8203;"))
    chosen = random.sample(page.stating, min(20, len(page.stating)))
    return page.splice({(at, at, blank) for at in (random.choice((one.start, one.end)) for one in chosen)})


def line_ends(page: Markup, random: Random) -> str | None:
    return page.text.replace("\r\n", "\n") if "\r\n" in page.text else page.text.replace("\n", "\r\n")


def spans_around_texts(page: Markup, random: Random) -> str | None:
    chosen = random.sample(page.stating, min(20, len(page.stating)))
    tag = random.choice(("span", "em", "font"))
    ends = [(one.start, one.start, f"<{tag}>") for one in chosen] + [(one.end, one.end, f"</{tag}>") for one in chosen]
    return page.splice(ends)


def wrappers_around_tables(page: Markup, random: Random) -> str | None:
    wrapper = random.choice(("div", "section", "figure"))
    starts = [(one.start, one.start, f'<{wrapper} class="scroll">') for one in page.tables]
    return page.splice(starts + [(one.end, one.end, f"</{wrapper}>") for one in page.tables])


def comments(page: Markup, random: Random) -> str | None:
    chosen = random.sample(page.elements, min(20, len(page.elements)))
    places = {one.end for one in chosen if "head" not in one.path and one.tag not in ("html", "body", "head")}
    return page.splice((place, place, "<!-- x -->") for place in places)


def other_chrome(page: Markup, random: Random) -> str | None:
    """Header, footer, scripts and styles are others."""
    gone = [one for one in page.of("script", "style", "noscript", "footer") if "main" not in one.path]
    chosen = random.sample(gone, len(gone) // 2)
    outer = [one for one in chosen if not any(o.start < one.start and one.end < o.end for o in chosen)]
    body = next(iter(page.of("body")))
    new = "<div class='banner'><h2>Ignite</h2><p>Windows 11, version 25H2</p><table><tr><td>x</td></tr></table></div>"
    return page.splice([(one.start, one.end, "") for one in outer] + [(body.inner, body.inner, new)])


def other_metas(page: Markup, random: Random) -> str | None:
    head = next(iter(page.of("head")))
    new = (
        f'<meta name="awa-stv" content="{random.random()}"/><meta name="x" content="y"/><link rel="preload" href="/a">'
    )
    return page.splice([(head.inner, head.inner, new)])


def upper_case_tags(page: Markup, random: Random) -> str | None:
    chosen = [one for one in page.of(random.choice(("td", "tr", "li", "strong", "table", "ul"))) if one.end > one.close]
    tags = [(one.start + 1, one.start + 1 + len(one.tag), one.tag.upper()) for one in chosen]
    return page.splice(tags + [(one.close + 2, one.close + 2 + len(one.tag), one.tag.upper()) for one in chosen])


def renumbered_ids(page: Markup, random: Random) -> str | None:
    """Ids of history tables are positional: one more version shifts them."""
    return re.sub(r'id="historyTable_(\d+)"', lambda found: f'id="historyTable_{int(found[1]) + 1}"', page.text)


def moved_columns(page: Markup, random: Random) -> str | None:
    """Two columns change places, headers and cells."""
    table = any_of(random, page.tables)
    rows = [page.within(row, "td", "th") for row in page.within(table, "tr")] if table else []
    width = min(map(len, rows), default=0)
    if width < 2:
        return None
    one, other = sorted(random.sample(range(width), 2))
    splices: list[Splice] = []
    for cells in rows:
        left, right = cells[one], cells[other]
        splices += [(left.start, left.end, page.source(right)), (right.start, right.end, page.source(left))]
    return page.splice(splices)


def moved_rows(page: Markup, random: Random) -> str | None:
    """Two neighbouring rows of a table change places."""
    table = any_of(random, page.tables)
    rows = page.within(table, "tr")[1:] if table else []
    place = random.randrange(len(rows) - 1) if len(rows) > 1 else None
    return page.swap(rows[place], rows[place + 1]) if place is not None else None


def moved_sections(page: Markup, random: Random) -> str | None:
    """Two neighbouring sections with their labels, or two categories, change places."""
    sections = [one for one in page.of("details") if re.search(r"<summary>.{,20}\bVersion ", page.source(one)[:200])]
    sections = sections or [one for one in page.of("div") if _is_category(page, one)]
    if len(sections) < 2:
        return None
    place = random.randrange(len(sections) - 1)
    one, other = sections[place : place + 2]
    return page.swap(one, other) if one.end <= other.start else None


def _is_category(page: Markup, one: Element) -> bool:
    tag = page.text[one.start : one.inner]
    return re.search(r"NavCategory[ \"]", tag) is not None


HARMLESS: tuple[Damage, ...] = (
    more_attributes,
    blanks_between_tags,
    blanks_in_texts,
    line_ends,
    spans_around_texts,
    wrappers_around_tables,
    comments,
    other_chrome,
    other_metas,
    upper_case_tags,
    renumbered_ids,
    moved_columns,
    moved_rows,
    moved_sections,
)
