-- How old the answer for a release is: the oldest last good fetch among the pages that feed it. From stale_from on, the
-- day after the first second Tuesday that the data do not cover, a newer month may have come than they list (rule 2).
-- Updates come at 17:00 to 18:30 UTC.
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
  date(
    iif(data_as_of < tuesday || 'T18:30', tuesday, date(data_as_of, 'start of month', '+1 month', 'weekday 2', '+7 days')),
    '+1 day'
  ) as stale_from
from fetched;
