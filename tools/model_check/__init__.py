"""What a shipped model must reach, one aspect a file; run by check_model.py."""
