-- The newest security month that a release had on each day, from since to until, both included: N of rule 2. lack is
-- null while it is the due month T or newer. Else it says why T is not known: stale, the data do not cover T's second
-- Tuesday, or not-listed, the pages were read since and do not list it.
create view newest_months as
with released as (
  select release, '0001-01-01' as since, null as month from releases
  union all
  select release, available, month from security_months where available is not null
), newest as (
  select
    release,
    since,
    coalesce(date(lead(since) over days, '-1 day'), '9999-12-31') as until,
    max(max(month)) over days as month
  from released
  group by release, since
  window days as (partition by release order by since)
), dated as (
  select
    newest.*,
    -- The day after the first second Tuesday of a newer month on which the release was there.
    max(
      date(month || '-01', '+1 month', 'weekday 2', '+7 days', '+1 day'),
      iif(
        date(available, 'start of month', 'weekday 2', '+7 days') >= available,
        date(available, 'start of month', 'weekday 2', '+7 days', '+1 day'),
        date(available, 'start of month', '+1 month', 'weekday 2', '+7 days', '+1 day')
      )
    ) as due_from,
    stale_from
  from newest
  join (select release, coalesce(available, '0001-01-01') as available from releases) using (release)
  left join (select release, stale_from from freshness) using (release)
)
select release, since, min(until, coalesce(date(due_from, '-1 day'), until)) as until, month, null as lack
from dated
where month is null or since < due_from
union all
select release, max(since, due_from), min(until, date(stale_from, '-1 day')), month, 'not-listed'
from dated
where month is not null and until >= due_from and stale_from > max(since, due_from)
union all
select release, max(since, due_from, coalesce(stale_from, since)), until, month, 'stale'
from dated
where month is not null and until >= max(due_from, coalesce(stale_from, due_from));
