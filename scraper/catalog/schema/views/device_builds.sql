-- The builds that a device of a release can show, one row each: two updates may share a build. words say what it is.
-- The subqueries join KBs and words after the grouping, so that SQLite reads only the build that is asked about.
create view device_builds as
with words as (
  select
    builds.release, build, builds.kb, track,
    case
      when kind = 'initial' then 'the first build of ' || iif(product = 'Windows Server', 'Server ', '') || version
      when kind in ('hotpatch', 'baseline', 'security') and month_names.name is not null then
        'the ' || month_names.name || ' ' || substr(security_month, 1, 4) || iif(kind = 'security', ' cumulative update', ' ' || kind)
      else
        case
          -- Older than every month that is known.
          when kind = 'hotpatch' then 'a hotpatch'
          when kind = 'component' then 'a component update'
          when kind = 'preview' then 'a preview update'
          when kind = 'out-of-band' then iif(track = 'hotpatch', 'an out-of-band hotpatch', 'an out-of-band update')
          else 'an update'
        end || coalesce(' with the security fixes of ' || month_names.name || ' ' || substr(security_month, 1, 4), '')
    end || coalesce(
      ', which took devices off hotpatch'
        || coalesce(' until the ' || rejoin.name || ' ' || substr(rejoin_month, 1, 4) || ' baseline', '')
        || ' (' || track_events.kb || ')',
      ''
    ) as words
  from builds
  cross join releases using (release)
  left join month_names on month_names.number = substr(security_month, 6)
  left join track_events on track_events.release = builds.release and track_events.kb = builds.kb
  left join month_names as rejoin on rejoin.number = substr(rejoin_month, 6)
)
select
  release,
  build,
  revision,
  iif(count(distinct track) = 1, min(track), null) as track,
  iif(count(distinct kind) = 1 and count(kind) = count(*), min(kind), null) as kind,
  max(security_month) as security_month,
  min(available) as available,
  min(withdrawn) as withdrawn,
  min(corrected_to) as corrected_to,
  (select group_concat(kb, ', ') from (
    select kb from builds as same where same.release = builds.release and same.build = builds.build
    order by track desc, kb
  )) as kbs,
  iif(count(distinct twin_kb) = 1, min(twin_kb), null) as twin_kb,
  iif(count(distinct baseline_kb) = 1, min(baseline_kb), null) as baseline_kb,
  (select group_concat(words, ' and ') from (
    select words from words where words.release = builds.release and words.build = builds.build
    order by track desc, kb
  )) as words
from builds
where build is not null
group by release, build;
