-- When a device of an edition restarts next, for every day: from since to until, both included, it is on date. Home and
-- Pro get no hotpatches, so they restart every month. edition is null where it is not told. After the end of updates
-- nothing comes.
create view edition_restart_periods as
with life as (
  select release, edition, ended_from from support_ends
  union all
  select release, null, ended_from from support_ends where is_default
)
select
  life.release,
  edition,
  product || ' ' || version as product,
  since,
  until,
  month,
  until as date,
  date_is,
  status,
  kb,
  data_as_of
from life
join releases using (release)
join restarts
  on restarts.release = life.release
  and track = iif(hotpatch and edition is not 'home-pro', 'hotpatch', 'cumulative')
  and (status is 'released' or ended_from is null or until < ended_from)
left join freshness on freshness.release = life.release;
