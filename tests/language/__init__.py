"""tests.language: what programs of the language do: examples, the library, floats, random programs; its cases stand in tests/cases."""
