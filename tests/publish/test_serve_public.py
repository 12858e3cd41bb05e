"""A site that everybody may ask."""

import pytest

from tests.fixtures.addresses import SQL, STYLE, TABLE
from tests.fixtures.serving import Local


def test_public_site_has_no_sql_but_its_queries(own: Local, public: Local) -> None:
    for path in (SQL, "/catalog.json?sql=select+1", f"{TABLE}?_where=1=1"):
        assert own.client.get(path).status_code == 200
        assert public.client.get(path).status_code == 403
    assert own.client.get(f"{TABLE}?_facet=expired").status_code == 200
    assert public.client.get(f"{TABLE}?_facet=expired").status_code == 400
    assert own.client.get("/catalog.db").status_code == 200
    assert public.client.get("/catalog.db").status_code == 403
    rows = public.client.get("/catalog/kb_lookup.json?kb=KB5058411&_shape=array").json()
    assert [row["kb"] for row in rows] == ["KB5058411"] * len(rows) != []


@pytest.mark.parametrize("name", ["versions", "databases.json", "threads", "metadata.json", "settings", "plugins"])
def test_public_site_says_nothing_about_its_machine(own: Local, public: Local, name: str) -> None:
    assert own.client.get(f"/-/{name}").status_code == 200
    for path in (f"/-/{name}", f"/%2D/{name}", f"//-/{name}", f"/-%2F{name}", f"/-/static/../{name}"):
        assert public.client.get(path, follow_redirects=True).status_code == 404
    assert public.client.get(STYLE).status_code == 200


@pytest.mark.parametrize("path", ["/catalog.json?sql=select+1", "/catalog.csv?sql=select+1", f"{TABLE}.json?_where=1"])
def test_public_site_refuses_sql_in_the_form_that_was_asked(public: Local, path: str) -> None:
    answer = public.client.get(path)
    assert (answer.status_code, answer.json()["ok"], answer.json()["status"]) == (403, False, 403)
    assert "allowed" in answer.json()["error"]
