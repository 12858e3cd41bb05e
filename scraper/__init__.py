"""winkb: the open catalog of Windows updates that understands hotpatch."""

__version__ = "0.1.0"
