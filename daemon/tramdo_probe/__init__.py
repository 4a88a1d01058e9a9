"""Finding out what hangs on a line: what it says by itself, and what it answers."""
