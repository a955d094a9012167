"""fault: how the seed says no.

A Fault is a diagnostic: the input is not a program (exit status 1). Trouble is about files and usage (exit status 2).
Both end the compilation at once: the seed reports the first fault that it meets.
"""


class Fault(Exception):
    """A diagnostic at a place of a source file."""

    def __init__(self, file, line, column, text, code):
        super().__init__(text)
        self.file, self.line, self.column, self.text, self.code = file, line, column, text, code

    def __str__(self):
        return '%s:%d:%d: error: %s [%s]' % (self.file, self.line, self.column, self.text, self.code)


def many(count, noun):
    """A count of things, in words."""
    return '%d %s%s' % (count, noun, '' if count == 1 else 's')


class Trouble(Exception):
    """A file that cannot be read or written, or a wrong command line."""
