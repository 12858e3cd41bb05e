-- When a release restarts next, for every day: from since to until, both included, it is on date. date_is says how sure
-- that is: published or planned by the hotpatch calendar; scheduled by the quarter rule (rule 13), in the months after the
-- calendar's last; monthly for a release without hotpatch, which restarts with every B row: those that are known by
-- their date, the months after them by their second Tuesday. After the end of updates, of Enterprise and Education or of
-- extended support, nothing comes. Where no end is
-- known, the months go on to the end of the century.
create view restart_periods as
with recursive life as (
  select
    releases.release,
    hotpatch,
    coalesce(date(ended_from, '-1 day'), '2099-12-31') as last_day,
    coalesce(date(available, 'start of month'), date(data_as_of, 'start of month'), '2000-01-01') as first_month
  from releases
  join support_ends on support_ends.release = releases.release and is_default
  left join freshness on freshness.release = releases.release
), b_row as (
  -- Of two updates of a month it is the newer one: max() gives the other columns of its row.
  select
    release, month, coalesce(available, date(month || '-01', 'weekday 2', '+7 days')) as date, kb, max(revision) as revision
  from builds
  where track = 'cumulative' and cadence = 'B' and month is not null and withdrawn = 0 and corrected_to is null
  group by release, month
), last_known as (
  select release, max(month) as month
  from months join life using (release)
  where hotpatch and withdrawn = 0 and date(month || '-01') is not null
  group by release
  union all
  select release, max(month)
  from b_row join life using (release)
  where not hotpatch and date(month || '-01') is not null
  group by release
), ahead as (
  select life.release, coalesce(date(last_known.month || '-01', '+1 month'), first_month) as first_day
  from life left join last_known using (release)
  where last_day > '0001-01-01'
  union all
  select release, date(first_day, '+1 month') from ahead join life using (release) where first_day < last_day
), restart as (
  select release, month, date, date_is, status, kb
  from hotpatch_calendar join life using (release)
  where hotpatch and type = 'baseline' and withdrawn = 0 and (status = 'released' or date <= last_day)
  union all
  select release, month, date, 'monthly', 'released', kb from b_row join life using (release) where not hotpatch
  union all
  select
    release, strftime('%Y-%m', first_day), date(first_day, 'weekday 2', '+7 days') as date,
    iif(hotpatch, 'scheduled', 'monthly'), null, null
  from ahead join life using (release) join month_names on number = strftime('%m', first_day)
  where date <= last_day and (not hotpatch or scheduled_type = 'baseline')
), period as (
  select
    *, coalesce(date(lag(date) over (partition by release order by date, month), '+1 day'), '0001-01-01') as since
  from restart
  -- A page may be wrong, and the format alone makes no date.
  where date(date) is not null
)
select
  period.release,
  product || ' ' || version as product,
  since,
  date as until,
  month,
  date,
  date_is,
  status,
  kb,
  data_as_of
from period join releases using (release) left join freshness using (release)
where since <= date;
