-- From today on. The query of the same name asks about any day.
create view next_restart as
select
  release, product, date('now') as as_of, month, date, date_is, status, kb,
  cast(julianday(date) - julianday('now', 'start of day') as integer) as days, data_as_of
from restart_periods
where date('now') between since and until;
