"""Pages and pictures of the documentation, and the example series of the package."""
