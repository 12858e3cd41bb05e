"""metadata.yml describes the schema as it is."""

import re
import sqlite3
from contextlib import closing

import pytest

from scraper.ingest.sources import SOURCES
from tests.fixtures.places import ROOT
from tests.fixtures.serving import METADATA, QUERIES, SCHEMA, TABLES, VIEWS


def columns(name: str) -> list[str]:
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        return [column for (column,) in db.execute("select name from pragma_table_info(?)", [name])]


def test_metadata_describes_every_table_and_view_and_nothing_else() -> None:
    assert sorted(METADATA["tables"]) == sorted(TABLES + VIEWS)


@pytest.mark.parametrize("name", TABLES + VIEWS)
def test_metadata_describes_every_column_in_a_sentence(name: str) -> None:
    described = METADATA["tables"][name]
    assert list(described["columns"]) == columns(name)
    for sentence in (described["description"], *described["columns"].values()):
        assert re.fullmatch(r"[A-Z1].+[.]", sentence), sentence
    for column in described.get("facets", []):
        assert column in columns(name)


@pytest.mark.parametrize("query", QUERIES)
def test_query_has_a_title_and_a_description(query: str) -> None:
    assert QUERIES[query]["title"]
    assert QUERIES[query]["description"].endswith(".")


@pytest.mark.parametrize("name", TABLES)
def test_default_sort_has_an_index(name: str) -> None:
    table = METADATA["tables"][name]
    order = f"{table['sort_desc']} desc" if "sort_desc" in table else table["sort"]
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SCHEMA)
        plan = db.execute(f"explain query plan select * from {name} order by {order} limit 51").fetchall()
    assert "TEMP B-TREE" not in str(plan)


def test_metadata_links_to_every_source() -> None:
    assert re.findall(r'href="([^"]+)"', METADATA["description_html"]) == [source.url for source in SOURCES]


def test_sql_is_never_switched_in_metadata() -> None:
    assert "allow_sql:" not in re.sub(r"(?m)#.*", "", (ROOT / "metadata.yml").read_text(encoding="utf-8"))
