"""The receiver at the other end: takes stations' events, proves them, keeps them once."""
