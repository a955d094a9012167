"""read: the text of a file to its forms (clauses 1 and 2).

A form is a tuple (kind, offset, value), the offset counted in code points from the file's start:

    LIST    value is the list of its forms        NAME    value is the symbol, a glyph already turned into its ASCII twin
    PATH    value is the tuple of its parts       NUMBER  value is the integer, of a number or a character
    TEXT    value is the bytes

Each spelling of a symbol is classified once and remembered.
"""

import re
from bisect import bisect_right
from sys import intern

from fault import Fault, Trouble

LIST, NAME, PATH, NUMBER, TEXT = range(5)
GLYPH = 5  # only inside this module: a NAME that must be the head of a list

GLYPHS = {'⊙': 'module', '↥': 'import', '↦': 'export', 'ƒ': 'fn', '∷': ':', '→': '->', '≔': 'let', 'τ': 'type', '∀': 'forall',
          'λ': 'lambda'}
DEEPEST = 2000

TOKEN = re.compile(r'''[ \t\r\n]+|;[^\n]*|(\()|(\))|([^ \t\r\n()";']+)|("(?:[^"\\\n]|\\[^\n])*")|('(?:\\[^\n][^'\n]*|[^'\\\n]*)')|(.)''')
REFUSED = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]')
NUMERAL = re.compile(r'([+-]?)(?:0x([0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)|0o([0-7]+(?:_[0-7]+)*)|0b([01]+(?:_[01]+)*)|([0-9]+(?:_[0-9]+)*))\Z')
FLOAT = re.compile(r'[+-]?(?:0x[0-9a-fA-F_]+(?:\.[0-9a-fA-F_]+)?[pP]|[0-9][0-9_]*(?:\.[0-9]|[eE]))')
NO_FLOATS = 'floats are no part of the core, which the seed compiles'
NUMBER_LIKE = re.compile(r'[+-]?[0-9]')
ESCAPE = re.compile(r'''\\(?:([ntr0\\"'])|x([0-7][0-9A-Fa-f])|u\{([0-9A-Fa-f]{1,6})\}|(.?))''')
SHORT_ESCAPES = {'n': '\n', 't': '\t', 'r': '\r', '0': '\0', '\\': '\\', '"': '"', "'": "'"}


class Source:
    """A file's text, and where its lines begin."""

    def __init__(self, path, display):
        self.path, self.display = path, display
        try:
            with open(path, 'rb') as file:
                data = file.read()
        except OSError as error:
            raise Trouble('cannot read %s: %s' % (display, error.strerror))
        try:
            self.text = data.decode('utf-8')
        except UnicodeDecodeError:
            raise Trouble('%s is not valid UTF-8' % display)
        if self.text.startswith('\ufeff'):
            raise Trouble('%s begins with a byte order mark' % display)
        self.lines = [0]
        self.lines.extend(match.end() for match in re.finditer('\n', self.text))

    def place(self, offset):
        """Line and column, both from 1, of the code point at `offset`."""
        line = bisect_right(self.lines, offset)
        return line, offset - self.lines[line - 1] + 1

    def fail(self, offset, code, text):
        line, column = self.place(offset)
        raise Fault(self.display, line, column, text, code)


def read(source):
    """The top-level forms of a source."""
    text, fail = source.text, source.fail
    refused = REFUSED.search(text)
    if refused:
        fail(refused.start(), 'bad-character', 'character U+%04X is not allowed here' % ord(refused.group()))
    known = {}
    top = []
    current, stack = top, []
    for token in TOKEN.finditer(text):
        kind = token.lastindex
        if kind is None:
            continue
        at = token.start()
        if kind == 3:
            spelling = token.group()
            symbol = known.get(spelling)
            if symbol is None:
                symbol = known[spelling] = classify(spelling, source, at)
            if symbol[0] == GLYPH:
                if current or not stack:
                    fail(at, 'misplaced-glyph', '%s may only stand as the head of a list' % spelling)
                current.append((NAME, at, symbol[1]))
            else:
                current.append((symbol[0], at, symbol[1]))
        elif kind == 1:
            if len(stack) >= DEEPEST:
                fail(at, 'nesting-too-deep', 'lists are nested deeper than %d' % DEEPEST)
            inner = []
            current.append((LIST, at, inner))
            stack.append(current)
            current = inner
        elif kind == 2:
            if not stack:
                fail(at, 'unexpected-close', 'this parenthesis closes nothing')
            current = stack.pop()
        elif kind == 4:
            current.append((TEXT, at, unescape(token.group()[1:-1], source, at).encode('utf-8')))
        elif kind == 5:
            value = unescape(token.group()[1:-1], source, at)
            if len(value) != 1:
                fail(at, 'bad-character-literal', 'a character is one code point between quotes')
            current.append((NUMBER, at, ord(value)))
        elif token.group() == '"':
            fail(at, 'unterminated-text', 'this text is not closed on its line')
        else:
            fail(at, 'bad-character-literal', 'a character is one code point between quotes')
    if stack:
        fail(stack[-1][-1][1], 'unterminated-list', 'this list is not closed')
    return top


def classify(spelling, source, at):
    """Kind and value of a symbol."""
    if spelling in GLYPHS:
        return GLYPH, GLYPHS[spelling]
    for index, character in enumerate(spelling):
        if character > '~':
            if character in GLYPHS:
                source.fail(at, 'misplaced-glyph', '%s may only stand as the head of a list' % character)
            source.fail(at + index, 'bad-character', 'character U+%04X is not allowed here' % ord(character))
    if NUMBER_LIKE.match(spelling):
        return NUMBER, numeral(spelling, source, at)
    if spelling == '.' or '.' not in spelling:
        return NAME, intern(spelling)
    parts = tuple(intern(part) for part in spelling.split('.'))
    if '' in parts:
        source.fail(at, 'bad-path', '%s has an empty part' % spelling)
    return PATH, parts


def numeral(spelling, source, at):
    match = NUMERAL.match(spelling)
    if not match and FLOAT.match(spelling):
        source.fail(at, 'no-floats', NO_FLOATS)
    if not match:
        source.fail(at, 'bad-number', '%s is not a number' % spelling)
    sign, sixteen, eight, two, ten = match.groups()
    if sixteen:
        value = int(sixteen.replace('_', ''), 16)
    elif eight:
        value = int(eight.replace('_', ''), 8)
    elif two:
        value = int(two.replace('_', ''), 2)
    else:
        digits = ten.replace('_', '').lstrip('0')
        value = int(digits or '0') if len(digits) < 21 else 1 << 64
    if value >= 1 << 64:
        source.fail(at, 'literal-range', '%s does not fit any integer type' % spelling)
    return -value if sign == '-' else value


def unescape(text, source, at):
    """The text that a literal's inside means."""
    if '\\' not in text:
        return text

    def meaning(match):
        short, byte, scalar, _ = match.groups()
        if short:
            return SHORT_ESCAPES[short]
        value = int(byte or scalar or '110000', 16)
        if value > 0x10FFFF or 0xD800 <= value <= 0xDFFF:
            source.fail(at, 'bad-escape', 'unknown escape in this literal')
        return chr(value)

    return ESCAPE.sub(meaning, text)
