"""The pages that the catalog reads, declared once: data, not code.

The hotpatch release notes get another address with every redesign. The GUID at the end of their topic address does not
change, and a redirect leads from there to today's address. The path asks for English, since labels are read.
"""

from scraper.models import Source, TableName, TableShape

CLIENT = "Windows 11"
SERVER = "Windows Server"

_CALENDAR = ("month", "update type", "type", "availability date", "build", "kb article")
_HISTORY = ("servicing option", "update type", "availability date", "build", "kb article")
# The tables of the hotpatch release notes of every release.
_RELEASE_NOTES = (
    TableShape(TableName.CALENDAR, ("month", "update type", "type", "kb article"), minimum=12),
    TableShape(TableName.NAVIGATION, ("link",), minimum=20),
)

SOURCES = (
    Source(
        name="windows-11-release-information",
        url="https://learn.microsoft.com/en-us/windows/release-health/windows11-release-information",
        parser="release_information",
        product=CLIENT,
        releases=("windows-11-24h2", "windows-11-25h2"),
        tables=(
            TableShape(
                TableName.SERVICING,
                (
                    "version",
                    "servicing option",
                    "availability date",
                    "end of updates: home, pro, pro education, and pro for workstations",
                    "end of updates: enterprise, education, iot enterprise, and enterprise multi-session",
                    "latest update for esu",
                    "latest revision date",
                    "latest build",
                ),
                minimum=2,
            ),
            TableShape(
                TableName.LONG_TERM,
                (
                    "version",
                    "servicing option",
                    "availability date",
                    "mainstream support end date",
                    "extended support end date",
                    "latest update for esu",
                    "latest revision date",
                    "latest build",
                ),
                minimum=0,
            ),
            TableShape(TableName.HISTORY, _HISTORY, minimum=100),
            TableShape(TableName.CALENDAR, _CALENDAR, minimum=20),
        ),
    ),
    Source(
        name="hotpatch-24h2",
        url="https://support.microsoft.com/en-us/topic/release-notes-for-hotpatch-on-windows-11-enterprise-version-24h2-"
        "c0906ee6-5e62-498f-bd5a-8f4966349f3c",
        parser="hotpatch_notes",
        product=CLIENT,
        releases=("windows-11-24h2", "windows-server-2025", "windows-server-2022"),
        calendar_release="windows-11-24h2",
        tables=_RELEASE_NOTES,
    ),
    Source(
        name="hotpatch-25h2",
        url="https://support.microsoft.com/en-us/topic/release-notes-for-hotpatch-on-windows-11-enterprise-version-25h2-"
        "0bbaa1c7-5070-41ca-a7c9-4ead79602dbf",
        parser="hotpatch_notes",
        product=CLIENT,
        releases=("windows-11-25h2", "windows-server-2025", "windows-server-2022"),
        calendar_release="windows-11-25h2",
        tables=_RELEASE_NOTES,
    ),
    # Titles and links of cumulative updates, and the builds that no table lists. No verdict depends on it.
    Source(
        name="windows-11-update-history",
        url="https://support.microsoft.com/en-us/topic/windows-11-version-24h2-update-history-"
        "0929c747-1815-4543-8461-0160d16f15e5",
        parser="update_history",
        product=CLIENT,
        releases=(),
        tables=(TableShape(TableName.NAVIGATION, ("link",), minimum=100),),
    ),
    # Declared by analogy with the client's page: it was seen whole as Markdown only, in June 2026.
    Source(
        name="windows-server-release-information",
        url="https://learn.microsoft.com/en-us/windows/release-health/windows-server-release-info",
        parser="release_information",
        product=SERVER,
        releases=("windows-server-2025", "windows-server-2022"),
        tables=(
            TableShape(
                TableName.SERVICING,
                (
                    "windows server version",
                    "servicing option",
                    "editions",
                    "availability date",
                    "mainstream support end date",
                    "extended support end date",
                    "latest update for esu",
                    "latest revision date",
                    "latest build",
                ),
                minimum=2,
            ),
            TableShape(TableName.HISTORY, _HISTORY, minimum=20),
            TableShape(TableName.CALENDAR, _CALENDAR, minimum=12),
        ),
    ),
)

BY_NAME = {source.name: source for source in SOURCES}
