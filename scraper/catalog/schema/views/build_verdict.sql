-- The verdict on every build today, where the edition is not told. The query of the same name asks about any day and
-- edition, and about builds in no table.
create view build_verdict as
select
  release, build, date('now') as as_of, status, months_behind, reason,
  replace(sentence, '{as_of}', date('now')) as because, security_month, newest_month, track, kind, kbs, twin_kb,
  baseline_kb, null as below, null as above, data_as_of, edition, action, action_kb, action_build, action_track, action_restart,
  replace(action_because, '{as_of}', date('now')) as action_because
from verdict_periods
left join freshness using (release)
where date('now') between since and until;
