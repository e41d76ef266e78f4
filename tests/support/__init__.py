"""What tests of several parts of the package build, serve, count or break with."""
