"""A body phantom that shows no person, and scans of it."""
