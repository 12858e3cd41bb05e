-- What counts as fully patched today in the releases that get updates; stale when there may be something newer.
create view current_builds as
select accepted_builds.*, data_as_of, lack is not null as stale
from newest_months
join accepted_builds
  on accepted_builds.release = newest_months.release and accepted_builds.security_month = newest_months.month
join support_periods
  on support_periods.release = newest_months.release and edition is null and supported
  and date('now') between support_periods.since and support_periods.until
left join freshness on freshness.release = newest_months.release
where date('now') between newest_months.since and newest_months.until
  and coalesce(accepted_builds.available, '') <= date('now');
