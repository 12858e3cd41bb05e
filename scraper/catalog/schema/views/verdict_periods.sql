-- The verdicts on a device whose edition is not told.
create view verdict_periods as
select * from edition_verdict_periods where edition is null;
