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
