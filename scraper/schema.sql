-- The catalog's tables and views (design.md section 4). Unknown is null; every formatted column has its check.
-- Fact tables: releases, kbs, builds, months, changes, findings, track_events, and of the articles: articles,
-- known_issues, prerequisites, sections. Visit tables: pages, runs. feeds is declared, not seen.

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
create index builds_month on builds (release, month);
-- B rows are few among the builds of many years.
create index builds_b on builds (release, month, available, withdrawn, corrected_to)
  where track = 'cumulative' and cadence = 'B';

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
  page text not null references pages (page),
  -- A month that became a baseline restarts devices that were told they would not.
  replanned integer not null check (replanned = (table_name = 'months' and field = 'type'))
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
  -- Of two pages that disagree: in what, the value that is used (that of page), the other's, and why.
  field text check (field in ('KB', 'build', 'date', 'type', 'track')),
  used text,
  other text,
  why text,
  first_seen text not null check (first_seen glob '????-??-??T??:??:??Z'),
  resolved_at text check (resolved_at glob '????-??-??T??:??:??Z')
) strict;

create index findings_first_seen on findings (first_seen desc, finding);

-- Written by hand (scraper/track_events.csv), not read from a page: updates that take devices off the hotpatch track.
create table track_events (
  kb text not null check (kb glob 'KB[0-9]*' and substr(kb, 3) not glob '*[^0-9]*'),
  release text not null references releases (release),
  effect text not null check (effect in ('leaves-hotpatch')),
  rejoin_month text check (rejoin_month glob '[12][0-9][0-9][0-9]-[01][0-9]'),
  source_url text not null check (source_url like 'https://%'),
  primary key (kb, release)
) strict;

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
where withdrawn = 0 and corrected_to is null and month = security_month
  and ((track = 'cumulative' and cadence = 'B') or kind = 'hotpatch');

-- How old the answer for a release is: the oldest last good fetch among the pages that feed it. From stale_from on, the
-- first day after which a second Tuesday's updates may be missing, nothing is called current (rule 2). Updates come at
-- 17:00 to 18:30 UTC (sources.md B6): data of a second Tuesday itself, fetched before, cover that day and no later one.
create view freshness as
with fetched as (
  select release, min(fetched_at) as data_as_of,
    date(min(fetched_at), 'start of month', 'weekday 2', '+7 days') as tuesday
  from feeds join pages using (page)
  where fetched_at is not null
  group by release
)
select
  release,
  data_as_of,
  case
    when date(data_as_of) < tuesday then tuesday
    when date(data_as_of) = tuesday and substr(data_as_of, 12) < '18:30' then date(tuesday, '+1 day')
    else date(data_as_of, 'start of month', '+1 month', 'weekday 2', '+7 days')
  end as stale_from
from fetched;

create view month_names (number, name) as
values
  ('01', 'January'), ('02', 'February'), ('03', 'March'), ('04', 'April'), ('05', 'May'), ('06', 'June'),
  ('07', 'July'), ('08', 'August'), ('09', 'September'), ('10', 'October'), ('11', 'November'), ('12', 'December');

-- The builds that a device of a release can show, one row each: two updates may share a build. words say what it is.
-- What is said of several updates is gathered below the grouping, so that SQLite asks for one build alone where it can.
create view device_builds as
with words as (
  select
    builds.release, build, builds.kb, track,
    case
      when kind = 'initial' then 'the first build of ' || iif(product = 'Windows Server', 'Server ', '') || version
      when kind in ('hotpatch', 'baseline', 'security') and month_names.name is not null then
        'the ' || month_names.name || ' ' || substr(security_month, 1, 4) || iif(kind = 'security', ' cumulative update', ' ' || kind)
      else
        case
          -- Older than every month that is known.
          when kind = 'hotpatch' then 'a hotpatch'
          when kind = 'component' then 'a component update'
          when kind = 'preview' then 'a preview update'
          when kind = 'out-of-band' then iif(track = 'hotpatch', 'an out-of-band hotpatch', 'an out-of-band update')
          else 'an update'
        end || coalesce(' with the security fixes of ' || month_names.name || ' ' || substr(security_month, 1, 4), '')
    end || coalesce(
      ', which took devices off hotpatch'
        || coalesce(' until the ' || rejoin.name || ' ' || substr(rejoin_month, 1, 4) || ' baseline', '')
        || ' (' || track_events.kb || ')',
      ''
    ) as words
  from builds
  cross join releases using (release)
  left join month_names on month_names.number = substr(security_month, 6)
  left join track_events on track_events.release = builds.release and track_events.kb = builds.kb
  left join month_names as rejoin on rejoin.number = substr(rejoin_month, 6)
)
select
  release,
  build,
  revision,
  iif(count(distinct track) = 1, min(track), null) as track,
  iif(count(distinct kind) = 1 and count(kind) = count(*), min(kind), null) as kind,
  max(security_month) as security_month,
  min(available) as available,
  min(withdrawn) as withdrawn,
  min(corrected_to) as corrected_to,
  (select group_concat(kb, ', ') from (
    select kb from builds as same where same.release = builds.release and same.build = builds.build
    order by track desc, kb
  )) as kbs,
  iif(count(distinct twin_kb) = 1, min(twin_kb), null) as twin_kb,
  iif(count(distinct baseline_kb) = 1, min(baseline_kb), null) as baseline_kb,
  (select group_concat(words, ' and ') from (
    select words from words where words.release = builds.release and words.build = builds.build
    order by track desc, kb
  )) as words
from builds
where build is not null
group by release, build;

-- Rule 2 for every build, release and day: a verdict holds from since to until, both included. A sentence has {as_of}
-- where it names the day that is asked about. A build that is in no table has no row here: it is unknown, with reason
-- not-in-catalog.
create view verdict_periods as
with life as (
  select
    release,
    iif(product = 'Windows Server', 'Server ', '') || version as name,
    case
      when ended = 'all' then 'updates for it have ended'
      when serviced = 0 then 'it no longer stands in the servicing table of Microsoft'
      else 'its updates ended on ' || end_of_updates_enterprise
    end as ending,
    iif(ended = 'all' or serviced = 0, '0001-01-01', date(end_of_updates_enterprise, '+1 day')) as ended_from,
    data_as_of,
    coalesce(stale_from, '0001-01-01') as stale_from
  from releases left join freshness using (release)
), month as materialized (
  select * from security_months
), day as (
  select release, '0001-01-01' as since from life
  union select release, ended_from from life where ended_from is not null
  union select release, stale_from from life where stale_from < coalesce(ended_from, '9999-12-31')
  union
  select release, available from month join life using (release) where available < coalesce(ended_from, '9999-12-31')
), newest as materialized (
  select
    day.release,
    since,
    coalesce(date(lead(since) over days, '-1 day'), '9999-12-31') as until,
    max(max(month)) over days as newest_month
  from day left join month on month.release = day.release and month.available = since
  group by day.release, since
  window days as (partition by day.release order by since)
), device as not materialized (
  -- A build without a date of its own came no earlier than its security month.
  select
    device_builds.*,
    coalesce(device_builds.available, month.available, '0001-01-01') as first_day
  from device_builds
  left join month on month.release = device_builds.release and month.month = security_month
), judged as (
  select
    device.*, '0001-01-01' as since, date(first_day, '-1 day') as until, 'not-released' as rule, null as newest_month,
    null as behind, null as stale
  from device
  where first_day > '0001-01-01'
  union all
  select
    device.*, max(since, first_day), until,
    case
      when since >= ended_from then 'out-of-support'
      when newest_month is null then 'no-security-month'
      else 'compared'
    end,
    newest_month,
    (select count(*) from month
      where month.release = device.release and month.available <= since
      and (security_month is null or month.month > security_month)),
    since >= stale_from
  from device cross join newest using (release) cross join life using (release)
  where until >= first_day
)
select
  release,
  build,
  since,
  until,
  case rule
    when 'no-security-month' then 'unknown'
    when 'compared' then case when behind > 0 then 'behind' when stale then 'unknown' else 'current' end
    else rule
  end as status,
  iif(rule = 'compared' and (behind > 0 or not stale), behind, null) as months_behind,
  case rule when 'no-security-month' then rule when 'compared' then iif(stale, 'stale', null) end as reason,
  security_month,
  iif(rule = 'compared', newest_month, null) as newest_month,
  track,
  kind,
  kbs,
  twin_kb,
  baseline_kb,
  build || ' is ' || words
    || coalesce(', corrected since to ' || corrected_to, iif(withdrawn, ', no longer listed by Microsoft', '')) || '; '
    || case rule
      when 'not-released' then
        iif(available is null, 'it came no earlier than ', 'it came on ') || first_day || ', so no device had it on {as_of}'
      when 'out-of-support' then
        iif(ended_from > '0001-01-01', 'on {as_of} ', '') || life.name || ' is out of support: ' || ending
      when 'no-security-month' then life.name || ' had no security month on {as_of}, so it cannot be compared'
      else 'the newest security month of ' || life.name
        || iif(stale, ' in data of ' || coalesce(date(data_as_of), 'an unknown day'), ' on {as_of}')
        || ' was ' || month_names.name || ' ' || substr(newest_month, 1, 4)
        || iif(stale, ', and newer updates may have come by {as_of}', '')
        || case
          when behind = 0 and stale then ', so whether it is current is unknown'
          when behind = 0 then ', so it is current'
          when security_month is null then
            ', so it is behind by ' || iif(behind = 1, 'the one known month', 'all ' || behind || ' known months')
          else ', so it is ' || iif(stale, 'at least ', '') || iif(behind = 1, 'one month', behind || ' months') || ' behind'
        end
    end as sentence
from judged
join life using (release)
left join month_names on number = substr(newest_month, 6);

-- The verdict on every build today. The query of the same name asks about any day, and about builds in no table.
create view build_verdict as
select
  release, build, date('now') as as_of, status, months_behind, reason,
  replace(sentence, '{as_of}', date('now')) as because, security_month, newest_month, track, kind, kbs, twin_kb,
  baseline_kb, null as below, null as above, data_as_of
from verdict_periods
left join freshness using (release)
where date('now') between since and until;

-- What counts as fully patched today in the releases that are still supported; stale when there may be something newer.
create view current_builds as
with newest as (
  select release, max(month) as month from security_months where available <= date('now') group by release
)
select accepted_builds.*, data_as_of, date('now') >= coalesce(stale_from, '0001-01-01') as stale
from accepted_builds
join newest on newest.release = accepted_builds.release and newest.month = accepted_builds.security_month
join releases on releases.release = accepted_builds.release
left join freshness on freshness.release = accepted_builds.release
where coalesce(accepted_builds.available, '') <= date('now') and releases.serviced is not 0 and releases.ended is not 'all'
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


-- Every pair of pages that differ on a KB, a build, a date or a type; a page may also differ with itself. until is null
-- while they do.
create view disagreements as
select
  finding, release, subject, field, used, page as used_page, other, other_page, why, first_seen as since,
  resolved_at as until
from findings
where code = 'conflict';
