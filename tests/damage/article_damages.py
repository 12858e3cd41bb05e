"""What can befall an article: ``HARMFUL`` may change what it states, ``HARMLESS`` only how it is served.

Each damage makes another text of it by chance, or None where it has nothing to damage.
"""

import re
from collections.abc import Callable, Sequence
from html import unescape
from random import Random
from typing import TypeVar

from tests.damage import damages as of_pages
from tests.damage.article_markup import LABELS, ArticleMarkup, Span
from tests.damage.damages import any_of
from tests.damage.markup import Element, Splice

Damage = Callable[[ArticleMarkup, Random], str | None]

_Thing = TypeVar("_Thing", Element, Span)
_KB = re.compile(r"KB\d{7}")
_BUILD = re.compile(r"\b\d{5}\.\d{1,5}\b")
_DATE = re.compile(r"\b[A-Z][a-z]{2,8} \d{1,2}, 20\d\d\b")
_SENTENCES = (
    "Microsoft plans to resolve this issue in a future Windows update.",
    "This issue is resolved in KB5129990.",
    "This issue is partially resolved in KB5129990.",
    "We are working on a resolution.",
    "There is no workaround.",
    "Microsoft is not currently aware of any issues with this update.",
    "Restart the device.",
)


def _two(random: Random, things: Sequence[_Thing]) -> tuple[_Thing, _Thing] | None:
    """Two that do not overlap, in order."""
    for _ in range(20):
        if len(things) < 2:
            return None
        one, other = sorted(random.sample(things, 2), key=lambda thing: thing.start)
        if one.end <= other.start:
            return one, other
    return None


def _lose(page: ArticleMarkup, gone: Span | Element | None) -> str | None:
    return page.splice([(gone.start, gone.end, "")]) if gone else None


def _exchange(page: ArticleMarkup, pair: tuple[Span | Element, Span | Element] | None) -> str | None:
    if pair is None:
        return None
    one, other = pair
    return page.splice([(one.start, one.end, page.part(other)), (other.start, other.end, page.part(one))])


def _double(page: ArticleMarkup, one: Span | Element | None) -> str | None:
    return page.splice([(one.end, one.end, page.part(one))]) if one else None


def _foreign(page: ArticleMarkup, random: Random) -> ArticleMarkup:
    return random.choice(list(page.others.values()))


def _replace(page: ArticleMarkup, one: Span | Element | None, new: str | None) -> str | None:
    return page.splice([(one.start, one.end, new)]) if one and new is not None else None


# --- lost ------------------------------------------------------------------------------------------------------------


def lose_name(page: ArticleMarkup, random: Random) -> str | None:
    """Title or heading is gone, or what it says."""
    name = any_of(random, page.names)
    if name and random.random() < 0.5:
        return page.splice([(name.inner, name.close, "")])
    return _lose(page, name)


def lose_section_heading(page: ArticleMarkup, random: Random) -> str | None:
    return _lose(page, any_of(random, page.headings))


def lose_section(page: ArticleMarkup, random: Random) -> str | None:
    known = [page.known] if page.known and random.random() < 0.5 else page.sections
    return _lose(page, any_of(random, known))


def lose_issue(page: ArticleMarkup, random: Random) -> str | None:
    return _lose(page, any_of(random, page.issues))


def lose_issue_title(page: ArticleMarkup, random: Random) -> str | None:
    title = any_of(random, page.titles)
    if title and random.random() < 0.5:
        return page.splice([(title.inner, title.close, "")])
    return _lose(page, title)


def lose_label(page: ArticleMarkup, random: Random) -> str | None:
    return _lose(page, any_of(random, page.blocks_of_labels))


def lose_part(page: ArticleMarkup, random: Random) -> str | None:
    return _lose(page, any_of(random, page.parts))


def lose_stack(page: ArticleMarkup, random: Random) -> str | None:
    return _lose(page, any_of(random, page.stacks))


def lose_package(page: ArticleMarkup, random: Random) -> str | None:
    return _lose(page, any_of(random, page.packages))


def lose_kb(page: ArticleMarkup, random: Random) -> str | None:
    found = of_pages.any_text(page, random, _KB)
    return page.splice([(*found[1].span(), "")]) if found else None


# --- moved -----------------------------------------------------------------------------------------------------------


def _move(page: ArticleMarkup, one: Span | Element | None, target: int | None) -> str | None:
    if one is None or target is None or one.start <= target <= one.end:
        return None
    return page.splice([(one.start, one.end, ""), (target, target, page.part(one))])


def move_issue(page: ArticleMarkup, random: Random) -> str | None:
    """An issue stands in another section."""
    target = any_of(random, page.sections)
    return _move(page, any_of(random, page.issues), target.end if target else None)


def move_part(page: ArticleMarkup, random: Random) -> str | None:
    """The text of a part stands in another part, or in another issue."""
    target = any_of(random, page.parts)
    return _move(page, any_of(random, page.parts), target.end if target else None)


def move_label(page: ArticleMarkup, random: Random) -> str | None:
    target = any_of(random, page.parts)
    return _move(page, any_of(random, page.blocks_of_labels), target.end if target else None)


def move_section_heading(page: ArticleMarkup, random: Random) -> str | None:
    target = any_of(random, page.headings)
    return _move(page, any_of(random, page.headings), target.end if target else None)


def move_known_issues_heading(page: ArticleMarkup, random: Random) -> str | None:
    """It stands before another section, or between two issues."""
    known = page.known
    head = next((one for one in page.of("h2") if known and one.start == known.start), None)
    target = any_of(random, [*page.sections, *page.issues])
    return _move(page, head, target.start if target else None)


# --- exchanged -------------------------------------------------------------------------------------------------------


def exchange_issue_titles(page: ArticleMarkup, random: Random) -> str | None:
    return _exchange(page, _two(random, page.titles))


def exchange_labels(page: ArticleMarkup, random: Random) -> str | None:
    return _exchange(page, _two(random, page.labels))


def exchange_parts(page: ArticleMarkup, random: Random) -> str | None:
    return _exchange(page, _two(random, page.parts))


def exchange_section_headings(page: ArticleMarkup, random: Random) -> str | None:
    return _exchange(page, _two(random, page.headings))


def exchange_packages(page: ArticleMarkup, random: Random) -> str | None:
    return _exchange(page, _two(random, page.packages))


# --- doubled ---------------------------------------------------------------------------------------------------------


def double_issue(page: ArticleMarkup, random: Random) -> str | None:
    return _double(page, any_of(random, page.issues))


def double_label(page: ArticleMarkup, random: Random) -> str | None:
    return _double(page, any_of(random, page.blocks_of_labels))


def double_part(page: ArticleMarkup, random: Random) -> str | None:
    return _double(page, any_of(random, page.parts))


def double_section(page: ArticleMarkup, random: Random) -> str | None:
    known = [page.known] if page.known and random.random() < 0.5 else page.sections
    return _double(page, any_of(random, known))


def double_name(page: ArticleMarkup, random: Random) -> str | None:
    return _double(page, any_of(random, page.names))


def double_main(page: ArticleMarkup, random: Random) -> str | None:
    return _double(page, any_of(random, page.of("main")))


# --- changed ---------------------------------------------------------------------------------------------------------


def _change(
    page: ArticleMarkup, random: Random, pattern: re.Pattern[str], within: Sequence[Element] = ()
) -> str | None:
    """A match becomes another one of the article, of another article, or has another digit."""
    if within:
        place = random.choice(within)
        found = list(pattern.finditer(page.text, place.start, place.end))
        match = random.choice(found) if found else None
    else:
        hit = of_pages.any_text(page, random, pattern)
        match = hit[1] if hit else None
    if match is None:
        return None
    digits = [place for place in range(*match.span()) if page.text[place].isdigit()]
    if random.random() < 0.4 and digits:
        place_of_digit = random.choice(digits)
        new = random.choice("0123456789".replace(page.text[place_of_digit], ""))
        return page.splice([(place_of_digit, place_of_digit + 1, new)])
    source = random.choice([page.text, _foreign(page, random).text])
    others = [one for one in pattern.findall(source) if one != match[0]]
    return page.splice([(*match.span(), random.choice(others))]) if others else None


def change_kb(page: ArticleMarkup, random: Random) -> str | None:
    return _change(page, random, _KB)


def change_name_kb(page: ArticleMarkup, random: Random) -> str | None:
    return _change(page, random, _KB, page.names)


def change_name_build(page: ArticleMarkup, random: Random) -> str | None:
    return _change(page, random, _BUILD, page.names)


def change_name_date(page: ArticleMarkup, random: Random) -> str | None:
    return _change(page, random, _DATE, page.names)


def change_stack(page: ArticleMarkup, random: Random) -> str | None:
    return _change(page, random, random.choice((_KB, _BUILD)), page.stacks)


def change_package(page: ArticleMarkup, random: Random) -> str | None:
    return _change(page, random, re.compile(r"(?<=kb)\d{7}", re.I), page.packages)


def change_fixing_kb(page: ArticleMarkup, random: Random) -> str | None:
    return _change(page, random, _KB, page.issues)


def change_label(page: ArticleMarkup, random: Random) -> str | None:
    """A label becomes another one."""
    label = any_of(random, page.labels)
    return page.splice([(label.inner, label.close, random.choice(LABELS))]) if label else None


def misspell_label(page: ArticleMarkup, random: Random) -> str | None:
    label = any_of(random, page.labels)
    if label is None or label.close - label.inner < 2:
        return None
    place = random.randrange(label.inner, label.close)
    return page.splice([(place, place + 1, random.choice(("", "x")))])


def unknown_label(page: ArticleMarkup, random: Random) -> str | None:
    label = any_of(random, page.labels)
    new = random.choice(("Mitigation", "Status", "How to fix it", "Affected platforms", "Problembehebung"))
    return page.splice([(label.inner, label.close, new)]) if label else None


def plain_label(page: ArticleMarkup, random: Random) -> str | None:
    """A label is no longer bold."""
    label = any_of(random, page.labels)
    return page.splice([(label.start, label.inner, ""), (label.close, label.end, "")]) if label else None


def joined_label(page: ArticleMarkup, random: Random) -> str | None:
    """A label and its text are one paragraph."""
    block = any_of(random, [one for one in page.blocks_of_labels if one.tag == "p"])
    after = next((one for one in page.of("p") if block and one.start >= block.end), None)
    if block is None or after is None or page.text[block.end : after.start].strip():
        return None
    return page.splice([(block.close, after.inner, random.choice((" ", ": ", "<br>")))])


def change_section_heading(page: ArticleMarkup, random: Random) -> str | None:
    heading = any_of(random, page.headings)
    words = ("Known issues", "Known issues in this update", "Known problems", "Improvements", "Issues", "Summary")
    return page.splice([(heading.inner, heading.close, random.choice(words))]) if heading else None


def change_sentence(page: ArticleMarkup, random: Random) -> str | None:
    """The text of a part is another sentence."""
    part = any_of(random, page.parts)
    return _replace(page, part, f"<p>{random.choice(_SENTENCES)}</p>\n")


def add_sentence(page: ArticleMarkup, random: Random) -> str | None:
    part = any_of(random, [*page.parts, *([page.known] if page.known else [])])
    return page.splice([(part.end, part.end, f"<p>{random.choice(_SENTENCES)}</p>\n")]) if part else None


def change_address(page: ArticleMarkup, random: Random) -> str | None:
    """The canonical address is another article's."""
    link = next((one for one in page.of("link") if 'rel="canonical"' in page.source(one)), None)
    other = _foreign(page, random)
    its = next((one for one in other.of("link") if 'rel="canonical"' in other.source(one)), None)
    return _replace(page, link, other.source(its) if its else "")


# --- another article's -----------------------------------------------------------------------------------------------


def foreign_article(page: ArticleMarkup, random: Random) -> str | None:
    return _foreign(page, random).text


def foreign_main(page: ArticleMarkup, random: Random) -> str | None:
    """The head is the article's own, all that is shown is another's."""
    return _replace(page, page.main, (other := _foreign(page, random)).part(other.main))


def foreign_head(page: ArticleMarkup, random: Random) -> str | None:
    other = _foreign(page, random)
    own, its = any_of(random, page.of("head")), any_of(random, other.of("head"))
    return _replace(page, own, other.source(its)) if its else None


def foreign_body_below_own_heading(page: ArticleMarkup, random: Random) -> str | None:
    other = _foreign(page, random)
    if not page.sections or not other.sections:
        return None
    rest = Span(page.sections[0].start, page.main.end)
    return _replace(page, rest, other.text[other.sections[0].start : other.main.end])


def foreign_name(page: ArticleMarkup, random: Random) -> str | None:
    name, other = any_of(random, page.names), _foreign(page, random)
    its = any_of(random, [one for one in other.names if name and one.tag == name.tag])
    return _replace(page, name, other.source(its)) if its else None


def foreign_issues(page: ArticleMarkup, random: Random) -> str | None:
    other = _foreign(page, random)
    return _replace(page, page.known, other.part(other.known)) if other.known else None


def foreign_issue(page: ArticleMarkup, random: Random) -> str | None:
    """Another article's issue stands in an issue's place, or beside it, or in it."""
    other = _foreign(page, random)
    own, its = any_of(random, page.issues), any_of(random, other.issues)
    if own is None or its is None or (own.tag == "tr") is not (its.tag == "tr"):
        return None
    start, end = random.choice(((own.start, own.end), (own.end, own.end), (own.close, own.close)))
    return page.splice([(start, end, other.source(its))])


def foreign_title(page: ArticleMarkup, random: Random) -> str | None:
    other = _foreign(page, random)
    own, its = any_of(random, page.titles), any_of(random, other.titles)
    return page.splice([(own.inner, own.close, other.words(its))]) if own and its else None


def foreign_part(page: ArticleMarkup, random: Random) -> str | None:
    other = _foreign(page, random)
    its = any_of(random, other.parts)
    return _replace(page, any_of(random, page.parts), other.part(its)) if its else None


def foreign_packages(page: ArticleMarkup, random: Random) -> str | None:
    other = _foreign(page, random)
    own, its = any_of(random, page.packages), any_of(random, other.packages)
    return _replace(page, own, other.source(its)) if its else None


# --- of any page -----------------------------------------------------------------------------------------------------


def cut_below(page: ArticleMarkup, random: Random) -> str | None:
    """The main part ends in its middle, and the page goes on below it."""
    return _lose(page, Span(random.randrange(page.main.start, page.main.end), page.main.end))


def cut_out_of_issues(page: ArticleMarkup, random: Random) -> str | None:
    if page.known is None:
        return None
    start = random.randrange(page.known.start, page.known.end)
    return _lose(page, Span(start, min(page.known.end, start + random.randrange(1, 1500))))


def two_at_once(page: ArticleMarkup, random: Random) -> str | None:
    first = random.choice(_SINGLE)(page, random)
    if first is None:
        return None
    return random.choice(_SINGLE)(ArticleMarkup(first, page.others), random)


_SINGLE: tuple[Damage, ...] = (
    lose_name,
    lose_section_heading,
    lose_section,
    lose_issue,
    lose_issue_title,
    lose_label,
    lose_part,
    lose_stack,
    lose_package,
    lose_kb,
    move_issue,
    move_part,
    move_label,
    move_section_heading,
    move_known_issues_heading,
    exchange_issue_titles,
    exchange_labels,
    exchange_parts,
    exchange_section_headings,
    exchange_packages,
    double_issue,
    double_label,
    double_part,
    double_section,
    double_name,
    double_main,
    change_kb,
    change_name_kb,
    change_name_build,
    change_name_date,
    change_stack,
    change_package,
    change_fixing_kb,
    change_label,
    misspell_label,
    unknown_label,
    plain_label,
    joined_label,
    change_section_heading,
    change_sentence,
    add_sentence,
    change_address,
    foreign_article,
    foreign_main,
    foreign_head,
    foreign_body_below_own_heading,
    foreign_name,
    foreign_issues,
    foreign_issue,
    foreign_title,
    foreign_part,
    foreign_packages,
    cut_below,
    cut_out_of_issues,
    of_pages.delete,
    of_pages.delete_anything,
    of_pages.unwrap,
    of_pages.lose_a_tag,
    of_pages.duplicate,
    of_pages.swap,
    of_pages.change_digit,
    of_pages.transpose_digits,
    of_pages.drop_character,
    of_pages.truncate_text,
    of_pages.change_word,
    of_pages.change_date,
    of_pages.inject_markup,
    of_pages.cut_the_page,
    of_pages.cut_out,
    of_pages.repeat_a_part,
)
HARMFUL: tuple[Damage, ...] = (*_SINGLE, two_at_once)


# --- harmless ---------------------------------------------------------------------------------------------------------


def other_classes(page: ArticleMarkup, random: Random) -> str | None:
    """Classes that mean nothing are others, or gone."""
    structure = re.compile("ocp|ocArticle|LeftNav")
    tags = [re.search(r' class="([^"]*)"', page.text[one.start : one.inner]) for one in page.elements]
    places = [
        (one.start + found.start(), one.start + found.end())
        for one, found in zip(page.elements, tags, strict=True)
        if found and not structure.search(found[1])
    ]
    new = random.choice(("", ' class="col-12 mt-3"', ' class="x"'))
    return page.splice((*place, new) for place in places) if places else None


def other_entities(page: ArticleMarkup, random: Random) -> str | None:
    """Characters as entities, and entities as characters."""
    if random.random() < 0.5:
        texts = [one for one in page.stating if "&" in page.text[one.start : one.end]]
        forms = ((one.start, one.end, _plain(page.text[one.start : one.end])) for one in texts)
        return page.splice(forms) if texts else None
    chosen = random.sample(page.stating, min(40, len(page.stating)))
    splices: list[Splice] = []
    for one in chosen:
        places = [
            at for at in range(one.start, one.end) if page.text[at] in "\N{EM DASH}\N{RIGHT SINGLE QUOTATION MARK}'-.()"
        ]
        splices += [(at, at + 1, f"&#{ord(page.text[at])};") for at in places]
    return page.splice(splices) if splices else None


def _plain(text: str) -> str:
    """The text with the entities decoded that are no markup."""
    return re.sub(r"&(?!lt;|gt;|amp;|nbsp;|#160;|#8203;)#?\w+;", lambda found: unescape(found[0]), text)


def moved_issues(page: ArticleMarkup, random: Random) -> str | None:
    return _exchange(page, _two(random, page.issues))


def moved_sections(page: ArticleMarkup, random: Random) -> str | None:
    """Two sections that list no issues change places; those of the new layout only, where no wrapper nests them."""
    if 'class="ocp' in page.text:
        return None
    chosen = [one for one in page.sections[:-1] if one != page.known]
    return _exchange(page, _two(random, chosen))


def other_ids(page: ArticleMarkup, random: Random) -> str | None:
    """Ids that no one reads are others: those of folds, tabs and lists."""
    return re.sub(r'id="(?:tabgroup|tabpanel)_?\w*"', lambda _: f'id="t{random.randrange(1000)}"', page.text)


def other_navigation(page: ArticleMarkup, random: Random) -> str | None:
    items = [one for one in page.of("li") if "main" not in one.path]
    if not items:
        return None
    new = '<li class="supLeftNavArticle"><a href="/en-us/help/5000099" data-bi-slot="9">Another, KB5000099</a></li>\n'
    return page.splice([(items[0].start, items[0].start, new)])


def wrapped_sections(page: ArticleMarkup, random: Random) -> str | None:
    wrapper = random.choice(("div", "section"))
    blocks = page.in_main("details", "ul", "table")
    outer = [one for one in blocks if not any(o.start < one.start and one.end <= o.end for o in blocks)]
    starts = [(one.start, one.start, f'<{wrapper} class="w">') for one in outer]
    return page.splice(starts + [(one.end, one.end, f"</{wrapper}>") for one in outer]) if outer else None


def colon_behind_label(page: ArticleMarkup, random: Random) -> str | None:
    labels = [one for one in page.labels if ":" not in page.words(one)]
    return page.splice((one.close, one.close, ":") for one in labels) if labels else None


def strong_for_b(page: ArticleMarkup, random: Random) -> str | None:
    """The other tag for bold words."""
    other = {"b": "strong", "strong": "b"}
    splices: list[Splice] = []
    for one in page.in_main("b", "strong"):
        if one.end > one.close:
            splices += [(one.start + 1, one.start + 1 + len(one.tag), other[one.tag])]
            splices += [(one.close + 2, one.close + 2 + len(one.tag), other[one.tag])]
    return page.splice(splices) if splices else None


HARMLESS: tuple[Damage, ...] = (
    of_pages.more_attributes,
    of_pages.blanks_between_tags,
    of_pages.blanks_in_texts,
    of_pages.line_ends,
    of_pages.spans_around_texts,
    of_pages.comments,
    of_pages.other_chrome,
    of_pages.other_metas,
    of_pages.upper_case_tags,
    other_classes,
    other_entities,
    moved_issues,
    moved_sections,
    other_ids,
    other_navigation,
    wrapped_sections,
    colon_behind_label,
    strong_for_b,
)
