-- The columns that follow from served ones by the rules of design.md section 6, and the table kbs, which follows from
-- builds and months. Run once, when all rows are in the tables; write.py has made two temporary ones: titles (by KB, as
-- navigations have them) and absent_builds (those that their page lacked when it was last read).

-- The B rows. A withdrawn one keeps its place among older ones, so that the devices between keep their verdict; as the
-- newest of its release it does not count.
create temp table b_rows as
with b as (
  select release, month, revision, kb, build, withdrawn from builds
  where track = 'cumulative' and cadence = 'B' and month is not null and build is not null and corrected_to is null
)
select release, month, revision, kb, build
from b join (select release, max(revision) as newest from b where withdrawn = 0 group by release) using (release)
where revision <= newest;

create index temp.b_rows_revision on b_rows (release, revision);

-- The one of each month. Of two it is the higher one, then the one that its page has: a KB may just have been corrected.
create temp table b_of_month as
select release, month, kb, build
from (
  select *, row_number() over (
    partition by release, month
    order by revision desc, (release, build, coalesce(kb, '')) in (select * from absent_builds), kb desc
  ) as place
  from b_rows
)
where place = 1;

-- Pages state the kinds of hotpatches and components; the letter tells those of cumulative updates. A B is a baseline
-- where the hotpatch calendar calls its KB, or without a KB its build, the month's baseline.
update builds set kind = case
  when cadence = 'OOB' then 'out-of-band'
  when cadence <> 'B' then 'preview'
  when exists (
    select 1 from months
    where months.release = builds.release and months.month = builds.month
      and type = 'baseline' and status = 'released' and withdrawn = 0
      and iif(builds.kb is null or months.kb is null, builds.build is months.build, builds.kb = months.kb)
  ) then 'baseline'
  else 'security'
end
where track = 'cumulative' and cadence is not null and kind is not 'initial';

update builds set
  restart = iif(kind is 'initial', null, case track when 'cumulative' then 1 when 'hotpatch' then 0 end),
  -- Rule 1.
  security_month = case
    when track = 'cumulative' and (cadence is not 'B' or month is null) then (
      select month from b_rows
      where b_rows.release = builds.release and b_rows.revision <= builds.revision
      order by b_rows.revision desc limit 1
    )
    when month is not null then month
    else (
      select max(month) from months
      where months.release = builds.release and status = 'released' and withdrawn = 0
        and months.available <= builds.available
    )
  end,
  -- Rule 3: a calendar hotpatch and the B row of the same month. Nothing else has a twin.
  twin_kb = case
    when kind = 'hotpatch' then (
      select kb from b_of_month where b_of_month.release = builds.release and b_of_month.month = builds.month
    )
    when track = 'cumulative' and cadence = 'B' then (
      select kb from builds as twin
      where twin.release = builds.release and twin.month = builds.month and twin.kind = 'hotpatch'
        and twin.withdrawn = 0 and twin.corrected_to is null
      order by revision desc limit 1
    )
  end,
  -- Rule 4: the latest baseline month that is not later than the hotpatch.
  baseline_kb = iif(track = 'hotpatch', (
    select kb from months
    where months.release = builds.release and type = 'baseline' and status = 'released' and withdrawn = 0
      and months.available <= builds.available
    order by month desc limit 1
  ), null);

update months set (cumulative_kb, cumulative_build) = (
  select kb, build from b_of_month where b_of_month.release = months.release and b_of_month.month = months.month
);

update releases set hotpatch = release in (select release from months)
  or release in (select release from builds where track = 'hotpatch');

-- A withdrawn month counts among older ones, so that a device keeps its verdict, and not as the newest. Of two updates of
-- a track in a month the higher one counts.
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
      partition by release, accepted_builds.security_month, accepted_builds.track order by revision desc, builds.kb desc
    ) as place
  from accepted_builds join builds using (release, build, kb)
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
  iif(releases.hotpatch, coalesce(
    (select min(months.month) from months
      where months.release = month.release and months.month > month.month and type = 'baseline' and withdrawn = 0),
    strftime('%Y-%m', month.month || '-01', (3 - (substr(month.month, 6) - 1) % 3) || ' months')
  ), null)
from month
join releases using (release)
left join accepted as hotpatch
  on hotpatch.release = month.release and hotpatch.security_month = month.month and hotpatch.place = 1
  and hotpatch.track = 'hotpatch'
left join accepted as cumulative
  on cumulative.release = month.release and cumulative.security_month = month.month and cumulative.place = 1
  and cumulative.track = 'cumulative'
order by month.release, month.month;

-- Rule 10. Which columns of the servicing tables are whose: the long-term ones are of releases that have such an edition.
insert into support (release, edition, ends, ended)
select release, edition, ends, ended
from (
  select release, 1 as place, iif(product = 'Windows Server', 'mainstream', 'home-pro') as edition, end_of_updates as ends,
    ended is not null as ended
  from releases
  union all
  select release, 2, iif(product = 'Windows Server', 'extended', 'enterprise-education'), end_of_updates_enterprise,
    ended is 'all'
  from releases
  union all
  select release, 3, 'ltsc', ltsc_mainstream_end, 0 from releases
  where coalesce(ltsc_mainstream_end, ltsc_extended_end) is not null
  union all
  select release, 4, 'iot-ltsc', ltsc_extended_end, 0 from releases
  where coalesce(ltsc_mainstream_end, ltsc_extended_end) is not null
)
order by release, place;

-- Oldest first, so that the order of rowids is the order of release and "newest first" needs no sort. Titles are those
-- of the articles, else of the navigation, whose addresses come first.
insert into kbs (kb, title, track, article_url, first_available, expired)
select
  kb,
  coalesce(articles.heading, titles.title),
  iif(count(distinct track) = 1, min(track), null),
  coalesce(titles.url, (
    select article_url from builds where builds.kb = named.kb and article_url is not null order by rowid limit 1
  ), min(named.article_url)),
  min(named.available),
  coalesce(titles.expired, 0)
from (
  select kb, track, available, null as article_url from builds where kb is not null
  union all
  select kb, null, null, article_url from months where kb is not null
) as named
left join titles using (kb)
left join articles using (kb)
group by kb
order by coalesce(min(named.available), ''), kb;

drop table b_rows;
drop table b_of_month;
drop table titles;
drop table absent_builds;
