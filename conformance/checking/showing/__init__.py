"""One case to look at: what it asks, what is due, and how far off usual ways of computing are."""
