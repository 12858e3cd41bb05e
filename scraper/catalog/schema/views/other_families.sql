-- OS builds of Windows versions whose updates are not read, in words for the verdict on an unknown build. Any other build
-- of no release is none of a released version.
create view other_families (first_base, last_base, words) as
values
  (0, 10239, 'Windows before Windows 10 is not covered'), (10240, 19999, 'Windows 10 is not covered'),
  (25398, 25398, 'Windows Server, version 23H2, is not covered');
