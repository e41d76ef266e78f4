"""Requirements of a shipped model, one aspect a file: ``python -m tools.model_check``."""
