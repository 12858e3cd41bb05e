-- Rule 2 for every build, release and day: a verdict holds from since to until, both included. A sentence has {as_of}
-- where it names the day that is asked about. A build that is in no table has no row here: it is unknown, with reason
-- not-in-catalog.
create view verdict_periods as
with life as (
  select
    release,
    iif(product = 'Windows Server', 'Server ', '') || version as name,
    case
      when ended = 'all' then 'updates for it have ended'
      when serviced = 0 then 'it no longer stands in the servicing table of Microsoft'
      else 'its updates ended on ' || end_of_updates_enterprise
    end as ending,
    iif(ended = 'all' or serviced = 0, '0001-01-01', date(end_of_updates_enterprise, '+1 day')) as ended_from,
    data_as_of,
    coalesce(stale_from, '0001-01-01') as stale_from
  from releases left join freshness using (release)
), month as materialized (
  select * from security_months
), day as (
  select release, '0001-01-01' as since from life
  union select release, ended_from from life where ended_from is not null
  union select release, stale_from from life where stale_from < coalesce(ended_from, '9999-12-31')
  union
  select release, available from month join life using (release) where available < coalesce(ended_from, '9999-12-31')
), newest as materialized (
  select
    day.release,
    since,
    coalesce(date(lead(since) over days, '-1 day'), '9999-12-31') as until,
    max(max(month)) over days as newest_month
  from day left join month on month.release = day.release and month.available = since
  group by day.release, since
  window days as (partition by day.release order by since)
), device as not materialized (
  -- A build without a date of its own came no earlier than its security month.
  select
    device_builds.*,
    coalesce(device_builds.available, month.available, '0001-01-01') as first_day
  from device_builds
  left join month on month.release = device_builds.release and month.month = security_month
), judged as (
  select
    device.*, '0001-01-01' as since, date(first_day, '-1 day') as until, 'not-released' as rule, null as newest_month,
    null as behind, null as stale
  from device
  where first_day > '0001-01-01'
  union all
  select
    device.*, max(since, first_day), until,
    case
      when since >= ended_from then 'out-of-support'
      when newest_month is null then 'no-security-month'
      else 'compared'
    end,
    newest_month,
    (select count(*) from month
      where month.release = device.release and month.available <= since
      and (security_month is null or month.month > security_month)),
    since >= stale_from
  from device cross join newest using (release) cross join life using (release)
  where until >= first_day
)
select
  release,
  build,
  since,
  until,
  case rule
    when 'no-security-month' then 'unknown'
    when 'compared' then case when behind > 0 then 'behind' when stale then 'unknown' else 'current' end
    else rule
  end as status,
  iif(rule = 'compared' and (behind > 0 or not stale), behind, null) as months_behind,
  case rule when 'no-security-month' then rule when 'compared' then iif(stale, 'stale', null) end as reason,
  security_month,
  iif(rule = 'compared', newest_month, null) as newest_month,
  track,
  kind,
  kbs,
  twin_kb,
  baseline_kb,
  build || ' is ' || words
    || coalesce(', corrected since to ' || corrected_to, iif(withdrawn, ', no longer listed by Microsoft', '')) || '; '
    || case rule
      when 'not-released' then
        iif(available is null, 'it came no earlier than ', 'it came on ') || first_day || ', so no device had it on {as_of}'
      when 'out-of-support' then
        iif(ended_from > '0001-01-01', 'on {as_of} ', '') || life.name || ' is out of support: ' || ending
      when 'no-security-month' then life.name || ' had no security month on {as_of}, so it cannot be compared'
      else 'the newest security month of ' || life.name
        || iif(stale, ' in data of ' || coalesce(date(data_as_of), 'an unknown day'), ' on {as_of}')
        || ' was ' || month_names.name || ' ' || substr(newest_month, 1, 4)
        || iif(stale, ', and newer updates may have come by {as_of}', '')
        || case
          when behind = 0 and stale then ', so whether it is current is unknown'
          when behind = 0 then ', so it is current'
          when security_month is null then
            ', so it is behind by ' || iif(behind = 1, 'the one known month', 'all ' || behind || ' known months')
          else ', so it is ' || iif(stale, 'at least ', '') || iif(behind = 1, 'one month', behind || ' months') || ' behind'
        end
    end as sentence
from judged
join life using (release)
left join month_names on number = substr(newest_month, 6);
