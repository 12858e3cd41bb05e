-- The catalog's tables and views (design.md section 4). Unknown is null; every formatted column has its check.
-- Fact tables: releases, support, kbs, builds, months, security_months, restarts, changes, findings, track_events, and of
-- the articles: articles, known_issues, prerequisites, sections. Visit tables: pages, runs. feeds is declared, not seen.

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

-- Until when an edition of a release gets updates, as the servicing tables say. On a server: mainstream and extended
-- support. ended: the page says in words that updates have ended, most often without a day.
create table support (
  release text not null references releases (release),
  edition text not null check (
    edition in ('home-pro', 'enterprise-education', 'ltsc', 'iot-ltsc', 'mainstream', 'extended')
  ),
  ends text check (ends glob '????-??-??'),
  ended integer not null check (ended in (0, 1)),
  field text not null,
  primary key (release, edition)
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
  scheduled_type text check (scheduled_type in ('baseline', 'hotpatch')),
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

-- The months that count for a verdict: those of B rows and the released calendar months (rule 1). What brings a device to
-- each: its hotpatch, which stands on a baseline, and its cumulative update, which in a baseline month serves both tracks.
create table security_months (
  release text not null references releases (release),
  month text not null check (month glob '[12][0-9][0-9][0-9]-[01][0-9]'),
  available text check (available glob '????-??-??'),
  hotpatch_kb text references kbs (kb),
  hotpatch_build text,
  baseline_kb text references kbs (kb),
  baseline_month text check (baseline_month glob '[12][0-9][0-9][0-9]-[01][0-9]'),
  cumulative_kb text references kbs (kb),
  cumulative_build text,
  is_baseline integer not null check (is_baseline in (0, 1)),
  -- By the calendar, and beyond it by the quarter rule (rule 13). Null for a release without hotpatch.
  next_baseline text check (next_baseline glob '[12][0-9][0-9][0-9]-[01][0-9]'),
  primary key (release, month)
) strict;

-- The next restart of each track, from since to until, on which it is.
create table restarts (
  release text not null references releases (release),
  track text not null check (track in ('hotpatch', 'cumulative')),
  since text not null check (since glob '????-??-??'),
  until text not null check (until glob '????-??-??'),
  month text not null check (month glob '[12][0-9][0-9][0-9]-[01][0-9]'),
  date_is text not null check (date_is in ('planned', 'published', 'scheduled', 'monthly')),
  status text check (status in ('planned', 'released')),
  kb text references kbs (kb),
  primary key (release, track, until)
) strict;

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

-- Written by hand (scraper/catalog/track_events.csv), not read from a page: updates that take devices off the hotpatch track.
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
  issues text not null check (issues in ('listed', 'none', 'unreadable')),
  page text not null references pages (page)
) strict;

create table known_issues (
  kb text not null references articles (kb),
  title text not null,
  status text not null check (status in ('open', 'resolved', 'gone')),
  symptom text,
  workaround text,
  resolution text,
  fixed_by_kb text check (fixed_by_kb glob 'KB[0-9]*' and substr(fixed_by_kb, 3) not glob '*[^0-9]*'),
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
