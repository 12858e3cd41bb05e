-- The months that count for a verdict: the months of B rows and the released calendar months (design.md rule 1).
create view security_months as
-- A withdrawn month counts among older ones, so that a device keeps its verdict, and not as the newest.
with counted as (
  select release, month, available, withdrawn from builds
  where track = 'cumulative' and cadence = 'B' and month is not null and corrected_to is null
  union all
  select release, month, available, withdrawn from months where status = 'released'
), latest as (
  select release, max(month) as newest from counted where withdrawn = 0 group by release
)
select release, month, min(available) as available
from counted join latest using (release)
where month <= newest
group by release, month;
