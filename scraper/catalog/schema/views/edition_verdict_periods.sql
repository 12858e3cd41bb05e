-- Rule 2 for every build, release, edition and day: a verdict holds from since to until, both included. edition is null
-- where it is not told. Sentences have {as_of} where they name the day that is asked about. A build that is in no table
-- has no row here: it is unknown, with reason not-in-catalog. action says what to do; action_kb is what to install.
create view edition_verdict_periods as
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
), compared as (
  -- How a device stands to the newest month; behind counts the security months that came after its own.
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
  where until >= first_day
), goal as not materialized (
  -- What brings a device to a month, in words.
  select
    security_months.*,
    names.name || ' ' || substr(month, 1, 4) as words,
    base.name || ' ' || substr(baseline_month, 1, 4) as baseline_words,
    next.name || ' ' || substr(next_baseline, 1, 4) as next_words
  from security_months
  join month_names as names on names.number = substr(month, 6)
  left join month_names as base on base.number = substr(baseline_month, 6)
  left join month_names as next on next.number = substr(next_baseline, 6)
), verdict as (
  select
    device.*,
    case device.status
      when 'no-security-month' then 'unknown'
      when 'compared' then case when behind > 0 then 'behind' when lack is null then 'current' else 'unknown' end
      else device.status
    end as status_now,
    -- What it takes next. A device on a baseline may get hotpatches. On a build of an update of each track it may be off
    -- the hotpatch track, as it is after an update that took devices off. Home and Pro never get hotpatches.
    case
      when not hotpatch or edition is 'home-pro' or track = 'cumulative' and kind is not 'baseline' then 'cumulative'
      when track in ('hotpatch', 'component') then 'hotpatch'
      when kind is 'baseline' then 'both'
      else 'cumulative'
    end as takes,
    hotpatch and edition is not 'home-pro' and kind is not 'baseline' and (track is null or track = 'cumulative')
      as may_be_off_track,
    iif(kind is 'baseline', kbs, device.baseline_kb) as stands_on
  from compared as device join releases using (release)
), step as (
  select
    verdict.*,
    goal.words as goal_words, hotpatch_kb, hotpatch_build, goal.baseline_kb as goal_baseline, baseline_words,
    cumulative_kb, cumulative_build, is_baseline, next_words, data_as_of,
    case status_now
      when 'current' then 'none'
      when 'out-of-support' then 'upgrade'
      when 'not-released' then 'look'
      when 'unknown' then iif(lack is null, 'nothing', 'refresh')
      else case
        when takes = 'cumulative' or is_baseline then iif(cumulative_build is null, 'not-listed', 'cumulative')
        when hotpatch_build is null and cumulative_build is not null and (takes = 'both' or next_words is null) then
          'cumulative'  -- No calendar has the month, or not yet.
        when hotpatch_build is null then 'not-listed'
        when goal.baseline_kb is stands_on then 'hotpatch'
        when goal.baseline_kb is null then 'not-listed'
        else 'baseline'
      end
    end as step
  from verdict
  left join goal on goal.release = verdict.release and goal.month = newest_month
  left join freshness on freshness.release = verdict.release
)
select
  release,
  build,
  since,
  until,
  status_now as status,
  iif(status_now = 'behind' or status_now = 'current', behind, null) as months_behind,
  iif(status = 'no-security-month', coalesce(lack, status), lack) as reason,
  security_month,
  newest_month,
  track,
  kind,
  kbs,
  twin_kb,
  baseline_kb,
  build || ' is ' || words
    || coalesce(', corrected since to ' || corrected_to, iif(withdrawn, ', no longer listed by Microsoft', '')) || '; '
    || case status
      when 'not-released' then
        iif(available is null, 'it came no earlier than ', 'it came on ') || first_day || ', so no device had it on {as_of}'
      when 'out-of-support' then
        iif(ending like '% ended on %', 'on {as_of} ', '') || name || ' is out of support: ' || ending
      when 'no-security-month' then name || ' had no security month '
        || iif(lack is 'stale', 'in data of ' || coalesce(date(data_as_of), 'an unknown day'), 'on {as_of}')
        || case lack
          when 'stale' then ', and updates may have come by {as_of}'
          when 'not-listed' then
            ', and the pages, read on ' || date(data_as_of) || ', list none of the second Tuesday before'
          else ''
        end || ', so it cannot be compared'
      else 'the newest security month of ' || name
        || iif(lack is 'stale', ' in data of ' || coalesce(date(data_as_of), 'an unknown day'), ' on {as_of}')
        || ' was ' || goal_words
        || case lack
          when 'stale' then ', and newer updates may have come by {as_of}'
          when 'not-listed' then
            ', and the pages, read on ' || date(data_as_of) || ', list none of the second Tuesday before'
          else ''
        end
        || case
          when behind = 0 and lack is not null then ', so whether it is current is unknown'
          when behind = 0 then ', so it is current'
          when security_month is null then
            ', so it is behind by ' || iif(behind = 1, 'the one known month', 'all ' || behind || ' known months')
          else ', so it is ' || iif(lack is null, '', 'at least ') || iif(behind = 1, 'one month', behind || ' months')
            || ' behind'
        end
    end
    || coalesce('; ' || other_editions, '') as sentence,
  edition,
  case
    when step in ('cumulative', 'hotpatch', 'baseline') then 'install'
    when step = 'not-listed' then 'refresh'
    when step = 'nothing' then 'none'
    else step
  end as action,
  case step when 'hotpatch' then hotpatch_kb when 'baseline' then goal_baseline when 'cumulative' then cumulative_kb end
    as action_kb,
  case step
    when 'hotpatch' then hotpatch_build
    when 'baseline' then (select build from months
      where months.release = step.release and months.kb = goal_baseline and type = 'baseline' order by month desc limit 1)
    when 'cumulative' then cumulative_build
  end as action_build,
  case when step = 'hotpatch' then 'hotpatch' when step in ('baseline', 'cumulative') then 'cumulative' end as action_track,
  case when step = 'hotpatch' then 0 when step in ('baseline', 'cumulative') then 1 end as action_restart,
  case step
    when 'none' then 'no newer security month is listed'
    when 'nothing' then 'there was no security update to install'
    when 'upgrade' then 'its updates have ended; only an upgrade brings newer ones'
    when 'look' then 'no device could have had this build on {as_of}'
    when 'refresh' then iif(
      lack = 'stale',
      'the data are of ' || coalesce(date(data_as_of), 'an unknown day') || ', too old to say',
      'the pages list no update of the second Tuesday before {as_of}'
    ) || '; winkb scrape reads the pages again'
    when 'not-listed' then 'the pages do not list the update of ' || goal_words || ' for its track; winkb scrape reads them again'
    when 'hotpatch' then 'the ' || goal_words || ' hotpatch does not restart'
      || iif(takes = 'both', coalesce('; without hotpatch, the cumulative update ' || cumulative_kb || ' does', ''), '')
    when 'baseline' then 'the ' || baseline_words || ' baseline restarts, and the ' || goal_words || ' hotpatch '
      || coalesce(hotpatch_kb, 'after it') || ' then does not'
    else 'the ' || goal_words || iif(is_baseline, ' baseline', ' cumulative update') || ' restarts'
  end
    || iif(
      may_be_off_track and (step = 'none' or step = 'cumulative' and not is_baseline),
      coalesce('; a device enrolled for hotpatch is off the hotpatch track until the ' || next_words || ' baseline', ''),
      ''
    )
    || iif(status_now = 'behind' and lack is not null, '; newer updates may have come', '') as action_because
from step;
