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
    else coalesce(
      (select max(month) from months
        where months.release = builds.release and status = 'released' and withdrawn = 0
          and months.available <= builds.available),
      -- A hotpatch from before the calendar came with the B of its month.
      iif(kind is 'hotpatch', (
        select max(month) from builds as b
        where b.release = builds.release and b.available = builds.available and b.track = 'cumulative'
          and b.cadence = 'B' and b.corrected_to is null
      ), null)
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

update months set
  -- Rule 13.
  scheduled_type = (select scheduled_type from month_names where number = substr(month, 6)),
  (cumulative_kb, cumulative_build) = (
    select kb, build from b_of_month where b_of_month.release = months.release and b_of_month.month = months.month
  );

update releases set hotpatch = release in (select release from months)
  or release in (select release from builds where track = 'hotpatch');

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
