-- Every pair of pages that differ on a KB, a build, a date, a type or a track; a page may also differ with itself. until is null
-- while they do.
create view disagreements as
select
  finding, release, subject, field, used, page as used_page, other, other_page, why, first_seen as since,
  resolved_at as until
from findings
where code = 'conflict';
