-- The editions of rule 10 in words. place: their order. is_default: the one that a verdict is about where none is told.
create view edition_names (edition, name, place, is_default) as
values
  ('home-pro', 'Home and Pro', 1, 0), ('enterprise-education', 'Enterprise and Education', 2, 1), ('ltsc', 'LTSC', 3, 0),
  ('iot-ltsc', 'IoT LTSC', 4, 0), ('mainstream', 'mainstream support', 1, 0), ('extended', 'extended support', 2, 1);
