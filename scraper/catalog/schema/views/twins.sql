create view twins as
select
  hotpatch.release,
  hotpatch.month,
  hotpatch.kb as hotpatch_kb,
  hotpatch.build as hotpatch_build,
  cumulative.kb as cumulative_kb,
  cumulative.build as cumulative_build,
  cumulative.revision - hotpatch.revision as revisions_apart,
  hotpatch.baseline_kb
from builds as hotpatch
join builds as cumulative
  on cumulative.release = hotpatch.release and cumulative.month = hotpatch.month
  and cumulative.track = 'cumulative' and cumulative.cadence = 'B' and cumulative.withdrawn = 0
  -- A month may have two B rows. The twin is one of them.
  and cumulative.kb is hotpatch.twin_kb and cumulative.corrected_to is null
where hotpatch.track = 'hotpatch' and hotpatch.kind = 'hotpatch' and hotpatch.withdrawn = 0;
