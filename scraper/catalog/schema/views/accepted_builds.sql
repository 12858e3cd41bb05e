-- What counts as fully patched in each security month: the hotpatch and its twin, or the baseline that serves both.
create view accepted_builds as
select release, month as security_month, track, kind, kb, build, available
from builds
where withdrawn = 0 and corrected_to is null and month = security_month
  and ((track = 'cumulative' and cadence = 'B') or kind = 'hotpatch');
