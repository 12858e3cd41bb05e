-- When a release restarts, for each track: from since to until, both included, the next restart is on until. date_is says
-- how sure that is: published or planned by the hotpatch calendar; scheduled by the quarter rule (rule 13), in the months
-- after the calendar's last; monthly on the cumulative track, which restarts with every B row: those that are known on
-- their date, the months after them on their second Tuesday. It goes on until the last edition's end of updates; where
-- that is not known, to the end of the century.
insert into restarts (release, track, since, until, month, date_is, status, kb)
with recursive life as (
  select
    releases.release,
    hotpatch,
    coalesce(available, '0001-01-01') as available,
    (select max(coalesce(date(ended_from, '-1 day'), '2099-12-31'))
      from support_ends where support_ends.release = releases.release) as last_day,
    -- A page may be wrong, and the format alone makes no date.
    coalesce(
      date(available, 'start of month'),
      (select date(min(available), 'start of month') from builds where builds.release = releases.release),
      '2000-01-01'
    ) as first_month
  from releases
), b_row as (
  -- Of two updates of a month it is the newer one: max() gives the other columns of its row.
  select
    release, month, coalesce(available, date(month || '-01', 'weekday 2', '+7 days')) as date, kb, max(revision) as revision
  from builds
  where track = 'cumulative' and cadence = 'B' and month is not null and withdrawn = 0 and corrected_to is null
  group by release, month
), last_known as (
  select release, 'hotpatch' as track, max(month) as month
  from months where withdrawn = 0 and date(month || '-01') is not null
  group by release
  union all
  select release, 'cumulative', max(month) from b_row where date(month || '-01') is not null group by release
), series as materialized (
  select
    life.release, tracks.track, available, last_day,
    coalesce(date(last_known.month || '-01', '+1 month'), first_month) as first_day
  from life
  join (select 'hotpatch' as track union all select 'cumulative') as tracks on tracks.track = 'cumulative' or hotpatch
  left join last_known on last_known.release = life.release and last_known.track = tracks.track
  where last_day > '0001-01-01'
), calendar (first_day) as (
  select min(first_day) from series
  union all
  select date(first_day, '+1 month') from calendar where first_day < (select max(last_day) from series)
), tuesday as materialized (
  select first_day, strftime('%Y-%m', first_day) as month, date(first_day, 'weekday 2', '+7 days') as date, scheduled_type
  from calendar join month_names on number = strftime('%m', first_day)
), restart as (
  select release, 'hotpatch' as track, month, date, date_is, status, kb
  from hotpatch_calendar join life using (release)
  where type = 'baseline' and withdrawn = 0 and (status = 'released' or date <= last_day)
  union all
  -- Before its calendar, a release restarted with every B.
  select b_row.release, 'hotpatch', b_row.month, date, 'monthly', 'released', b_row.kb
  from b_row
  join (select release, min(month) as month from months where withdrawn = 0 group by release) as first using (release)
  where b_row.month < first.month
  union all
  select release, 'cumulative', month, date, 'monthly', 'released', kb from b_row
  union all
  select release, track, month, date, iif(track = 'hotpatch', 'scheduled', 'monthly'), null, null
  from series join tuesday on tuesday.first_day >= series.first_day
  where date between available and last_day and (track = 'cumulative' or scheduled_type = 'baseline')
)
select release, track, since, date, month, date_is, status, kb
from (
  select
    *,
    coalesce(date(lag(date) over (partition by release, track order by date, month), '+1 day'), '0001-01-01') as since
  from restart
  where date(date) is not null
)
where since <= date;
