-- What counts as fully patched today in the releases that get updates; stale when there may be something newer.
create view current_builds as
with newest as materialized (
  select newest_months.release, month, lack
  from newest_months
  join support_periods
    on support_periods.release = newest_months.release and edition is null and supported
    and date('now') between support_periods.since and support_periods.until
  where date('now') between newest_months.since and newest_months.until
)
select accepted_builds.*, data_as_of, lack is not null as stale
from newest
cross join accepted_builds
  on accepted_builds.release = newest.release and accepted_builds.security_month = newest.month
left join freshness on freshness.release = newest.release
where coalesce(available, '') <= date('now');
