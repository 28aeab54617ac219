"""Run records to terminal, Markdown, HTML, JUnit XML and JSON."""
