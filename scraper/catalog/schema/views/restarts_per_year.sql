-- planned is rule 13: the first plan that was seen, else the quarter rule, so that it is the same whenever one began to
-- read. The months are those of the calendar.
create view restarts_per_year as
select
  release,
  year,
  (select count(*) from months where months.release = years.release and substr(month, 1, 4) = year
    and coalesce(planned_type, scheduled_type) = 'baseline') as planned,
  (select count(*) from months where months.release = years.release and substr(month, 1, 4) = year
    and type = 'baseline' and status = 'released' and withdrawn = 0) as actual,
  (select count(distinct month) from builds where builds.release = years.release and substr(month, 1, 4) = year
    and track = 'cumulative' and cadence = 'B' and withdrawn = 0 and corrected_to is null) as cumulative,
  data_as_of
from (select distinct release, substr(month, 1, 4) as year from months) as years
left join freshness using (release);
