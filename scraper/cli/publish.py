"""The commands that give the catalog to others: a site, and files of its tables."""

from contextlib import closing
from pathlib import Path

import click

from scraper import answers
from scraper.cli import options


@click.command()
@options.db
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True)
@click.option("--public", is_flag=True, help="For everybody: no SQL but the ready queries, no pages about this server.")
def serve(db: Path, host: str, port: int, public: bool) -> None:
    """Serve the catalog with Datasette and the production settings."""
    from scraper.cli.progress import log_to_stderr
    from scraper.publish.serve import serve

    log_to_stderr()
    serve(db, host, port, public)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default="export")
@options.db
@click.option("--csv", "endings", flag_value="csv", multiple=True, help="Write CSV.")
@click.option("--json", "endings", flag_value="json", multiple=True, help="Write JSON.")
@click.option("--parquet", "endings", flag_value="parquet", multiple=True, help="Write Parquet.")
def export(folder: Path, db: Path, endings: tuple[str, ...]) -> None:
    """Write every table into FOLDER (default: export), with a manifest; in all formats unless some are named."""
    from scraper.publish.export import export

    with closing(answers.open_catalog(db)) as catalog:
        manifest = export(catalog, folder, endings or ("csv", "json", "parquet"))
    click.echo(f"{folder}: {len(manifest['tables'])} tables, manifest.json")
