-- With which month and build the hotpatch calendar of a release begins. Hotpatches before it are in no page: 26100.1656
-- (KB5043088) was one of the public preview.
create view calendar_starts as
select
  release,
  month,
  cast(substr(build, instr(build, '.') + 1) as integer) as revision,
  '; hotpatches from before its calendar, which begins with ' || name || ' ' || substr(month, 1, 4) || ', are not listed'
    as words
from (select release, build, min(month) as month from months where build is not null and withdrawn = 0 group by release)
join month_names on number = substr(month, 6);
