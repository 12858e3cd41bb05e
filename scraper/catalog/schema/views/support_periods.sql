-- Whether an edition of a release gets updates: from since to until, both included. Edition null: it is not told which,
-- and the default one decides; other_editions then says whose support differs.
create view support_periods as
with ends as materialized (
  select * from support_ends
), cut as (
  select release, edition, '0001-01-01' as since from ends
  union
  select release, edition, ended_from from ends where ended_from is not null
  union
  select release, null, '0001-01-01' from ends
  union
  select release, null, ended_from from ends where ended_from is not null
), period as (
  select
    release,
    edition,
    since,
    coalesce(date(lead(since) over (partition by release, edition order by since), '-1 day'), '9999-12-31') as until
  from cut
)
select
  period.release,
  period.edition,
  since,
  until,
  ended_from is null or since < ended_from as supported,
  iif(product = 'Windows Server', 'Server ', '') || version || iif(period.edition is null, '', ' ' || name) as name,
  case
    when ended_from > '0001-01-01' then 'its updates ended on ' || ends
    when mine.ended then 'updates for it have ended, on a day that is not known'
    else 'it no longer stands in the servicing table of Microsoft'
  end as ending,
  iif(period.edition is null, (
    select group_concat(words, ', ') from (
      select case
        when other.ended_from <= since and (mine.ended_from is null or since < mine.ended_from) then
          iif(product = 'Windows Server', '', 'updates for ') || other.name
            || case
              when other.ended_from > '0001-01-01' then ' ended on ' || other.ends
              else iif(product = 'Windows Server', ' has ended', ' have ended')
            end
        when since >= mine.ended_from and since < other.ended_from then
          other.name || ' has updates until ' || other.ends
      end as words
      from ends as other
      where other.release = period.release and other.edition <> mine.edition
      order by other.place
    )
  ), null) as other_editions
from period
join releases using (release)
join ends as mine
  on mine.release = period.release and iif(period.edition is null, mine.is_default, mine.edition = period.edition);
