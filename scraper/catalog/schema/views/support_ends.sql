-- From which day on an edition of a release gets no updates (ended_from), as far as it is known. A release that left the
-- servicing table gets none, unless its end is known.
create view support_ends as
select
  release,
  edition,
  name,
  place,
  is_default,
  ends,
  case
    -- Words may say that updates ended before the day that was announced: by the day on which they were read.
    when support.ended and ends >= date(data_as_of) then date(min(ends, date(data_as_of)), '+1 day')
    when ends is not null then date(ends, '+1 day')
    when support.ended or serviced = 0 then '0001-01-01'
  end as ended_from,
  support.ended
from support
join releases using (release)
join edition_names using (edition)
left join freshness using (release);
