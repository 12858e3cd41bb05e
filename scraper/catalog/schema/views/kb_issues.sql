-- What is known of each KB's known issues (rule 16): 'unread' where no article of the KB was read, so that nothing is known.
-- Issues are counted only where the article says which there are. issues_as_of is when the article was last read.
create view kb_issues as
select
  kbs.kb,
  coalesce(articles.issues, 'unread') as issues,
  case articles.issues
    when 'listed' then (select count(*) from known_issues where kb = kbs.kb and status = 'open')
    when 'none' then 0
  end as open_issues,
  pages.fetched_at as issues_as_of
from kbs
left join articles using (kb)
left join pages on pages.page = articles.page;
