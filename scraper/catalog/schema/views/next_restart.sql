create view next_restart as
select release, product, month, date, date_is, status, kb, cast(julianday(date) - julianday(date('now')) as integer) as days
from (
  select *, row_number() over (partition by release order by date) as place
  from hotpatch_calendar where type = 'baseline' and withdrawn = 0 and date >= date('now')
)
where place = 1;
