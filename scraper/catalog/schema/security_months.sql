-- A withdrawn month counts among older ones, so that a device keeps its verdict, and not as the newest. Of two updates of
-- a track in a month the baseline counts, else the higher one.
insert into security_months
with counted as (
  select release, month, available, withdrawn from builds
  where track = 'cumulative' and cadence = 'B' and month is not null and corrected_to is null
  union all
  select release, month, available, withdrawn from months where status = 'released'
), latest as (
  select release, max(month) as newest from counted where withdrawn = 0 group by release
), month as (
  select release, month, min(available) as available
  from counted join latest using (release)
  where month <= newest
  group by release, month
), accepted as (
  select
    accepted_builds.*, builds.baseline_kb,
    row_number() over (
      partition by builds.release, accepted_builds.security_month, builds.track
      order by builds.kind is 'baseline' desc, revision desc, builds.kb desc
    ) as place
  from accepted_builds
  join builds
    on builds.release = accepted_builds.release and builds.build is accepted_builds.build
    and builds.kb is accepted_builds.kb and builds.track = accepted_builds.track
)
select
  month.release,
  month.month,
  month.available,
  hotpatch.kb,
  hotpatch.build,
  hotpatch.baseline_kb,
  (select max(months.month) from months
    where months.release = month.release and months.kb = hotpatch.baseline_kb and type = 'baseline'),
  cumulative.kb,
  cumulative.build,
  cumulative.kind is 'baseline',
  iif(
    month.month >= (select min(months.month) from months where months.release = month.release and withdrawn = 0),
    (select min(restarts.month) from restarts
      where restarts.release = month.release and restarts.track = 'hotpatch' and restarts.month > month.month),
    null
  )
from month
left join accepted as hotpatch
  on hotpatch.release = month.release and hotpatch.security_month = month.month and hotpatch.place = 1
  and hotpatch.track = 'hotpatch'
left join accepted as cumulative
  on cumulative.release = month.release and cumulative.security_month = month.month and cumulative.place = 1
  and cumulative.track = 'cumulative'
order by month.release, month.month;
