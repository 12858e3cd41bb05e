-- The catalog's tables and views (design.md section 4). Unknown is null; every formatted column has its check.
-- Fact tables: releases, kbs, builds, months, changes, findings, and of the articles: articles, known_issues,
-- prerequisites, sections. Visit tables: pages, runs. feeds is declared, not seen.

create table pages (
  page text primary key,
  url text not null check (url like 'https://%'),
  fetched_at text check (fetched_at glob '????-??-??T??:??:??Z'),
  changed_at text check (changed_at glob '????-??-??T??:??:??Z'),
  updated_at text,
  sha256 text check (length(sha256) = 64),
  layout text,
  rows integer check (rows >= 0),
  quarantined integer not null default 0 check (quarantined >= 0),
  pending integer not null default 0 check (pending >= 0),
  failing_since text check (failing_since glob '????-??-??T??:??:??Z'),
  failure text
) strict;

create table runs (
  run integer primary key,
  started_at text not null check (started_at glob '????-??-??T??:??:??Z'),
  outcome text not null check (outcome in ('news', 'unchanged', 'failed', 'interrupted')),
  exit_code integer,
  facts_sha256 text check (length(facts_sha256) = 64)
) strict;

create table releases (
  release text primary key check (release glob 'windows-*'),
  product text not null check (product in ('Windows 11', 'Windows Server')),
  version text not null,
  base_build integer,
  available text check (available glob '????-??-??'),
  end_of_updates text check (end_of_updates glob '????-??-??'),
  end_of_updates_enterprise text check (end_of_updates_enterprise glob '????-??-??'),
  ended text check (ended in ('home', 'all')),
  ltsc_mainstream_end text check (ltsc_mainstream_end glob '????-??-??'),
  ltsc_extended_end text check (ltsc_extended_end glob '????-??-??'),
  serviced integer check (serviced in (0, 1)),
  hotpatch integer not null check (hotpatch in (0, 1)),
  partial integer not null check (partial in (0, 1)),
  page text not null references pages (page)
) strict;

create table feeds (
  page text not null references pages (page),
  release text not null references releases (release),
  primary key (page, release)
) strict;

create table kbs (
  kb text primary key check (kb glob 'KB[0-9]*' and substr(kb, 3) not glob '*[^0-9]*'),
  title text,
  track text check (track in ('hotpatch', 'cumulative', 'component')),
  article_url text check (article_url like 'https://%'),
  first_available text check (first_available glob '????-??-??'),
  expired integer not null check (expired in (0, 1))
) strict;

create index kbs_first_available on kbs (first_available desc, kb);

create table builds (
  release text not null references releases (release),
  build text check (build glob '[0-9]*.[0-9]*' and build not glob '*[^0-9.]*'),
  revision integer check (revision = cast(substr(build, instr(build, '.') + 1) as integer)),
  kb text references kbs (kb),
  track text not null check (track in ('hotpatch', 'cumulative', 'component')),
  kind text check (kind in ('security', 'baseline', 'preview', 'out-of-band', 'hotpatch', 'component', 'initial')),
  cadence text check (cadence in ('A', 'B', 'C', 'D', 'E', 'OOB')),
  month text check (month glob '[12][0-9][0-9][0-9]-[01][0-9]'),
  security_month text check (security_month glob '[12][0-9][0-9][0-9]-[01][0-9]'),
  available text check (available glob '????-??-??'),
  restart integer check (restart in (0, 1)),
  twin_kb text references kbs (kb),
  baseline_kb text references kbs (kb),
  article_url text check (article_url like 'https://%'),
  corrected_to text check (corrected_to glob '[0-9]*.[0-9]*'),
  withdrawn integer not null check (withdrawn in (0, 1)),
  page text not null references pages (page),
  check (build is not null or kb is not null),
  check ((build is null) = (revision is null))
) strict;

create unique index builds_key on builds (release, coalesce(build, ''), coalesce(kb, ''));
create index builds_build on builds (build);
create index builds_kb on builds (kb);
create index builds_available on builds (available desc);

create table months (
  release text not null references releases (release),
  month text not null check (month glob '[12][0-9][0-9][0-9]-[01][0-9]'),
  type text not null check (type in ('baseline', 'hotpatch')),
  planned_type text check (planned_type in ('baseline', 'hotpatch')),
  status text not null check (status in ('planned', 'released')),
  available text check (available glob '????-??-??'),
  kb text references kbs (kb),
  build text check (build glob '[0-9]*.[0-9]*'),
  cumulative_kb text references kbs (kb),
  cumulative_build text check (cumulative_build glob '[0-9]*.[0-9]*'),
  restart integer not null check (restart in (0, 1)),
  article_url text check (article_url like 'https://%'),
  withdrawn integer not null check (withdrawn in (0, 1)),
  page text not null references pages (page),
  primary key (release, month)
) strict;

create index months_month on months (month desc, release);

create table changes (
  id integer primary key,
  seen_at text not null check (seen_at glob '????-??-??T??:??:??Z'),
  run integer not null,
  table_name text not null check (table_name in ('releases', 'builds', 'months')),
  release text not null references releases (release),
  subject text not null,
  field text not null,
  old text,
  new text,
  page text not null references pages (page)
) strict;

create index changes_seen on changes (seen_at desc, id);

create table findings (
  finding integer primary key,
  severity text not null check (severity in ('error', 'warning', 'info')),
  code text not null,
  release text references releases (release),
  subject text not null,
  message text not null,
  page text not null references pages (page),
  other_page text references pages (page),
  first_seen text not null check (first_seen glob '????-??-??T??:??:??Z'),
  resolved_at text check (resolved_at glob '????-??-??T??:??:??Z')
) strict;

create index findings_first_seen on findings (first_seen desc, finding);

create virtual table kbs_fts using fts5 (kb, title, track, content = 'kbs');

create table articles (
  kb text primary key references kbs (kb),
  release text not null references releases (release),
  url text check (url like 'https://%'),
  title text not null,
  heading text,
  available text check (available glob '????-??-??'),
  updated_at text,
  layout text not null,
  issues text not null check (issues in ('listed', 'none', 'unread')),
  page text not null references pages (page)
) strict;

create table known_issues (
  kb text not null references articles (kb),
  title text not null,
  status text not null check (status in ('open', 'resolved', 'gone')),
  symptom text,
  workaround text,
  resolution text,
  first_seen text not null check (first_seen glob '????-??-??T??:??:??Z'),
  last_seen text not null check (last_seen glob '????-??-??T??:??:??Z'),
  resolved_seen text check (resolved_seen glob '????-??-??T??:??:??Z'),
  primary key (kb, title)
) strict;

create index known_issues_first_seen on known_issues (first_seen desc, kb, title);

create table prerequisites (
  kb text not null references articles (kb),
  kind text not null check (kind in ('servicing-stack', 'checkpoint', 'baseline')),
  requires_kb text not null check (requires_kb glob 'KB[0-9]*' and substr(requires_kb, 3) not glob '*[^0-9]*'),
  build text,
  primary key (kb, kind, requires_kb)
) strict;

create table sections (
  kb text not null references articles (kb),
  position integer not null check (position > 0),
  heading text not null,
  text text not null,
  primary key (kb, position)
) strict;

create virtual table sections_fts using fts5 (heading, text, content = 'sections');

create view hotpatch_calendar as
select
  months.month,
  releases.product || ' ' || releases.version as product,
  months.release,
  months.type,
  months.planned_type,
  months.status,
  coalesce(months.available, date(months.month || '-01', 'weekday 2', '+7 days')) as date,
  iif(months.available is null, 'planned', 'published') as date_is,
  months.restart,
  months.kb,
  months.build,
  months.cumulative_kb,
  months.cumulative_build,
  months.withdrawn,
  months.article_url
from months join releases using (release);

create view twins as
select
  hotpatch.release,
  hotpatch.month,
  hotpatch.kb as hotpatch_kb,
  hotpatch.build as hotpatch_build,
  cumulative.kb as cumulative_kb,
  cumulative.build as cumulative_build,
  cumulative.revision - hotpatch.revision as revisions_apart,
  hotpatch.baseline_kb
from builds as hotpatch
join builds as cumulative
  on cumulative.release = hotpatch.release and cumulative.month = hotpatch.month
  and cumulative.track = 'cumulative' and cumulative.cadence = 'B' and cumulative.withdrawn = 0
where hotpatch.track = 'hotpatch' and hotpatch.kind = 'hotpatch' and hotpatch.withdrawn = 0;

-- The months that count for a verdict: the months of B rows and the released calendar months (design.md rule 1).
create view security_months as
-- A withdrawn month counts among older ones, so that a device keeps its verdict, and not as the newest.
with counted as (
  select release, month, available, withdrawn from builds
  where track = 'cumulative' and cadence = 'B' and month is not null and corrected_to is null
  union all
  select release, month, available, withdrawn from months where status = 'released'
), standing as (
  select release, max(month) as newest from counted where withdrawn = 0 group by release
)
select release, month, min(available) as available
from counted join standing using (release)
where month <= newest
group by release, month;

-- What counts as fully patched in each security month: the hotpatch and its twin, or the baseline that serves both.
create view accepted_builds as
select release, security_month, track, kind, kb, build, available
from builds
where withdrawn = 0 and month = security_month
  and ((track = 'cumulative' and cadence = 'B') or kind = 'hotpatch');

-- How old the answer for a release is: the oldest last good fetch among the pages that feed it.
create view freshness as
select release, min(fetched_at) as data_as_of
from feeds join pages using (page)
where fetched_at is not null
group by release;

-- What counts as fully patched today in the releases that are still supported. stale is 1 when a second Tuesday has
-- passed since the data were fetched: then there may be something newer. The rule is that of the lookups (is_stale),
-- which ask about any day; a test holds the two together.
create view current_builds as
with newest as (
  select release, max(month) as month from security_months where available <= date('now') group by release
), tuesday as (
  select max(day) as last from (
    select date('now', 'start of month', 'weekday 2', '+7 days') as day
    union all
    select date('now', 'start of month', '-1 month', 'weekday 2', '+7 days')
  )
  where day <= date('now')
)
select
  accepted_builds.*,
  freshness.data_as_of,
  iif(
    tuesday.last = substr(freshness.data_as_of, 1, 10),
    substr(freshness.data_as_of, 12) < '18:30' and tuesday.last < date('now'),
    tuesday.last > substr(freshness.data_as_of, 1, 10)
  ) as stale
from accepted_builds
join newest on newest.release = accepted_builds.release and newest.month = accepted_builds.security_month
join releases on releases.release = accepted_builds.release
join freshness on freshness.release = accepted_builds.release
join tuesday
where releases.serviced is not 0 and releases.ended is not 'all'
  and coalesce(releases.end_of_updates_enterprise, date('now')) >= date('now');

create view next_restart as
select release, product, month, date, date_is, status, kb, cast(julianday(date) - julianday(date('now')) as integer) as days
from (
  select *, row_number() over (partition by release order by date) as place
  from hotpatch_calendar where type = 'baseline' and withdrawn = 0 and date >= date('now')
)
where place = 1;

create view restarts_per_year as
select
  release,
  year,
  (select count(*) from months where months.release = years.release and substr(month, 1, 4) = year
    and coalesce(planned_type, type) = 'baseline') as planned,
  (select count(*) from months where months.release = years.release and substr(month, 1, 4) = year
    and type = 'baseline' and status = 'released' and withdrawn = 0) as actual,
  (select count(*) from builds where builds.release = years.release and substr(month, 1, 4) = year
    and track = 'cumulative' and cadence = 'B' and withdrawn = 0) as cumulative
from (select distinct release, substr(month, 1, 4) as year from months) as years;
