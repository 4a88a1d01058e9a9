"""The commands of `tramdo-central`, one file each."""
