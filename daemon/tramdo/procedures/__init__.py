"""Checks that a person carries out step by step, while the daemon reads the instrument. No I/O."""
