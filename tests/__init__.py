"""tests: what the toolchain must do. Run by pytest from the source tree's top; `make test`."""
