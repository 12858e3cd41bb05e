create view restarts_per_year as
select
  release,
  year,
  (select count(*) from months where months.release = years.release and substr(month, 1, 4) = year
    and coalesce(planned_type, type) = 'baseline') as planned,
  (select count(*) from months where months.release = years.release and substr(month, 1, 4) = year
    and type = 'baseline' and status = 'released' and withdrawn = 0) as actual,
  (select count(*) from builds where builds.release = years.release and substr(month, 1, 4) = year
    and track = 'cumulative' and cadence = 'B' and withdrawn = 0) as cumulative
from (select distinct release, substr(month, 1, 4) as year from months) as years;
