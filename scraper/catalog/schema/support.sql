-- Rule 10. Which columns of the servicing tables are whose: the long-term ones are of releases that have such an edition.
insert into support (release, edition, ends, ended, field)
select release, edition, ends, ended, field
from (
  select release, 1 as place, iif(product = 'Windows Server', 'mainstream', 'home-pro') as edition, end_of_updates as ends,
    ended is not null as ended, 'end_of_updates' as field
  from releases
  union all
  select release, 2, iif(product = 'Windows Server', 'extended', 'enterprise-education'), end_of_updates_enterprise,
    ended is 'all', 'end_of_updates_enterprise'
  from releases
  union all
  select release, 3, 'ltsc', ltsc_mainstream_end, 0, 'ltsc_mainstream_end' from releases
  where coalesce(ltsc_mainstream_end, ltsc_extended_end) is not null
  union all
  select release, 4, 'iot-ltsc', ltsc_extended_end, 0, 'ltsc_extended_end' from releases
  where coalesce(ltsc_mainstream_end, ltsc_extended_end) is not null
)
order by release, place;
