"""From scores to what people keep: a table, CSV and JSON."""
