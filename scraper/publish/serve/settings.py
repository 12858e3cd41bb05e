"""The settings of Datasette, and where its metadata, templates and plugins are."""

import sysconfig
from pathlib import Path

NAME = "catalog"  # addresses begin with it, and metadata.yml describes it, whatever the file is called

# Measured (datasette.md sections 4 and 5). On one's own machine SQL is open, since the reader owns the machine, and a
# browser keeps a page for 5 s only, since a new catalog must show at once.
SETTINGS: dict[str, bool | int] = {
    "default_allow_sql": True,
    "allow_csv_stream": False,  # while everything is streamed to one reader, a row takes 17 ms instead of 3
    "suggest_facets": False,  # a table page takes 50 ms instead of 380
    "default_facet_size": 20,
    "facet_time_limit_ms": 200,
    "sql_time_limit_ms": 1000,
    "max_returned_rows": 1000,
    "default_page_size": 50,
    "default_cache_ttl": 5,
}
# What differs where everybody may ask. site/plugins/headers.py takes closed SQL for "this site is public".
PUBLIC: dict[str, bool | int] = {
    "default_allow_sql": False,
    "sql_time_limit_ms": 500,
    "allow_facet": False,  # the facets of metadata.yml stay; `_facet=` scans a table, as many times as one writes it
    "allow_download": False,  # through Python it takes seconds; the server in front has the file
    "default_cache_ttl": 10,
}


def root() -> Path:
    """Where metadata.yml and site/ are: in the repository, beside the package; of a wheel, under the prefix."""
    beside = Path(__file__).resolve().parents[3]
    return beside if (beside / "site" / "plugins").is_dir() else Path(sysconfig.get_path("data")) / "share" / "winkb"


def metadata_for(db: Path) -> tuple[Path, Path]:
    """The metadata file and the folder of plugins. A metadata.yml beside the catalog is the owner's own and is used
    instead of ours. Plugins are code and are never taken from beside a catalog."""
    beside = db.resolve().parent / "metadata.yml"
    return (beside if beside.is_file() else root() / "metadata.yml"), root() / "site" / "plugins"
