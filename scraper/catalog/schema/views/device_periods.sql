-- What rule 2 compares, for every build, release, edition and day: from since to until, both included. edition is null
-- where it is not told. behind counts the security months that came after the build's own.
create view device_periods as
with period as materialized (
  -- The days with support, by their newest month; all days after it in one.
  select
    release, edition, max(support.since, newest.since) as since, min(support.until, newest.until) as until, supported,
    name, ending, other_editions, month as newest_month, lack
  from support_periods as support
  join newest_months as newest using (release)
  where supported and newest.since <= support.until and newest.until >= support.since
  union all
  select release, edition, since, until, supported, name, ending, other_editions, null, null
  from support_periods where not supported
), device as not materialized (
  -- A build without a date of its own came no earlier than its security month.
  select device_builds.*, coalesce(device_builds.available, own.available, '0001-01-01') as first_day
  from device_builds
  left join security_months as own on own.release = device_builds.release and own.month = security_month
)
select
  device.*, edition, '0001-01-01' as since, date(first_day, '-1 day') as until, 'not-released' as status, null as name,
  null as ending, null as other_editions, null as newest_month, null as lack, null as behind
from device
join (select release, edition from support union all select release, null from releases) using (release)
where first_day > '0001-01-01'
union all
select
  device.*, edition, max(since, first_day), until,
  case
    when not supported then 'out-of-support'
    when newest_month is null then 'no-security-month'
    else 'compared'
  end,
  name, ending, other_editions, newest_month, lack,
  (select count(*) from security_months as later
    where later.release = device.release and later.available <= since and month > coalesce(security_month, ''))
from device cross join period using (release)
where until >= first_day;
