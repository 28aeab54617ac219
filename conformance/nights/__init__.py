"""The nights: many runs, kept, compared and shown."""
