-- The months of a year, with what rule 13, the quarter rule, schedules for each.
create view month_names (number, name, scheduled_type) as
values
  ('01', 'January', 'baseline'), ('02', 'February', 'hotpatch'), ('03', 'March', 'hotpatch'),
  ('04', 'April', 'baseline'), ('05', 'May', 'hotpatch'), ('06', 'June', 'hotpatch'),
  ('07', 'July', 'baseline'), ('08', 'August', 'hotpatch'), ('09', 'September', 'hotpatch'),
  ('10', 'October', 'baseline'), ('11', 'November', 'hotpatch'), ('12', 'December', 'hotpatch');
