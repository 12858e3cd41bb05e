-- The newest security month that a release had on each day, from since to until, both included: N of rule 2. lack is
-- null while it is the due month T or newer, or none is due yet. Else it says why T is not known: stale, the data do not
-- cover T's second Tuesday, or not-listed, the pages were read since and do not list it.
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
      coalesce(date(month || '-01', '+1 month', 'weekday 2', '+7 days', '+1 day'), '0001-01-01'),
      iif(
        date(available, 'start of month', 'weekday 2', '+7 days') >= available,
        date(available, 'start of month', 'weekday 2', '+7 days', '+1 day'),
        date(available, 'start of month', '+1 month', 'weekday 2', '+7 days', '+1 day')
      )
    ) as due_from,
    stale_from
  from newest
  join (
    -- A release whose first day is not known was there when its first month came.
    select releases.release, date(coalesce(releases.available, min(security_months.available))) as available
    from releases left join security_months using (release)
    group by releases.release
  ) using (release)
  left join (select release, stale_from from freshness) using (release)
)
select release, since, min(until, coalesce(date(due_from, '-1 day'), until)) as until, month, null as lack
from dated
where since < due_from or due_from is null
union all
select release, max(since, due_from), min(until, date(stale_from, '-1 day')), month, 'not-listed'
from dated
where until >= due_from and stale_from > max(since, due_from)
union all
select release, max(since, due_from, coalesce(stale_from, since)), until, month, 'stale'
from dated
where until >= max(due_from, coalesce(stale_from, due_from));
