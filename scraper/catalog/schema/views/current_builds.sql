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
