"""winkb: the open catalog of Windows updates that understands hotpatch."""
