-- When a device restarts next whose edition is not told.
create view restart_periods as
select release, product, since, until, month, date, date_is, status, kb, data_as_of
from edition_restart_periods where edition is null;
