create view hotpatch_calendar as
select
  months.month,
  releases.product || ' ' || releases.version as product,
  months.release,
  months.type,
  months.planned_type,
  months.status,
  coalesce(months.available, date(months.month || '-01', 'weekday 2', '+7 days')) as date,
  iif(months.available is null, 'planned', 'published') as date_is,
  months.restart,
  months.kb,
  months.build,
  months.cumulative_kb,
  months.cumulative_build,
  months.withdrawn,
  months.article_url,
  months.scheduled_type,
  freshness.data_as_of
from months join releases using (release) left join freshness using (release);
