"""What the journal says of an instrument: checks, charts and dates, as text, picture and tables."""
