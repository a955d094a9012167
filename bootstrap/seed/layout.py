"""layout: the types and where their parts lie (clauses 5 and 6).

Every type is interned, so types are compared with `is`. Sizes and offsets are computed on the first question, since
types may name each other in any order. A type parameter is a type of kind PARAM; a type that contains one has no layout.

How a value travels (the `form` of its type):

    NOTHING   Unit, Never: no bits            WORD    one word, narrow integers extended to 64 bits
    PAIR      Slice, View, Text: two words    BLOCK   anything else: bytes in memory
"""

from collections import namedtuple

INT, BOOL, UNIT, NEVER, ARENA, TEXT, REF, OPTION, SLICE, VIEW, ARRAY, FN, RECORD, VARIANT, PARAM = range(15)
NOTHING, WORD, PAIR, BLOCK = range(4)
LARGEST = (1 << 31) - 1
DEEPEST = 64

Field = namedtuple('Field', 'name type offset')


class Type:
    """One type. `args` are the types it is made from; of a function type the last is the result."""

    __slots__ = ('kind', 'args', 'count', 'declaration', 'label', 'bits', 'signed', 'low', 'high', 'generic', 'depth', 'made', 'parts',
                 '_size', '_align', '_form')

    def __init__(self, kind, args=(), count=0, declaration=None, label=''):
        self.kind, self.args, self.count, self.declaration, self.label = kind, args, count, declaration, label
        self.bits, self.signed, self.low, self.high = 0, False, 0, 0
        self.generic = kind == PARAM or any(arg.generic for arg in args)
        self.depth = 1 + max([arg.depth for arg in args]) if args else 0
        self.made = {}
        self.parts = None
        self._size = self._align = self._form = None

    @property
    def elem(self):
        return self.args[0]

    def __str__(self):
        if self.kind in (RECORD, VARIANT):
            return '(%s %s)' % (self.label, ' '.join(map(str, self.args))) if self.args else self.label
        if self.kind == ARRAY:
            return '(Array %s %d)' % (self.args[0], self.count)
        if self.args:
            return '(%s %s)' % (self.label, ' '.join(map(str, self.args)))
        return self.label

    @property
    def size(self):
        if self._size is None:
            self.measure()
        return self._size

    @property
    def align(self):
        if self._align is None:
            self.measure()
        return self._align

    @property
    def form(self):
        if self._form is None:
            self._form = self.find_form()
        return self._form

    def find_form(self):
        kind = self.kind
        if kind in (UNIT, NEVER):
            return NOTHING
        if kind in (SLICE, VIEW, TEXT):
            return PAIR
        if kind in (INT, BOOL, ARENA, REF, FN, PARAM):
            return WORD
        if kind == OPTION:
            return WORD if self.elem.kind == REF else BLOCK
        return WORD if self.is_enumeration() else BLOCK

    def is_enumeration(self):
        return self.kind == VARIANT and self.declaration.plain

    def measure(self):
        kind = self.kind
        if kind == INT:
            self._size = self._align = self.bits // 8
        elif kind == BOOL:
            self._size = self._align = 1
        elif kind in (UNIT, NEVER):
            self._size, self._align = 0, 1
        elif kind in (SLICE, VIEW, TEXT):
            self._size, self._align = 16, 8
        elif kind == ARRAY:
            self._size, self._align = self.elem.size * self.count, self.elem.align
        elif kind == OPTION and self.elem.kind != REF:
            self._align = self.elem.align
            self._size = round_up(self.elem.size + 1, self._align)
        elif kind in (RECORD, VARIANT):
            self.measure_parts()
        else:
            self._size = self._align = 8
        if self._size > LARGEST:
            raise TooLarge(self)

    def measure_parts(self):
        """Lays out a record or a variant; `parts` becomes the tuple of the cases' fields (a record is one case)."""
        if self.parts == ():
            raise Infinite(self)
        self.parts = ()
        try:
            tag = self.tag_size
            size, align, parts = tag, tag or 1, []
            for fields in self.declaration.members_of(self):
                offset, placed = tag, []
                for name, kind in fields:
                    offset = round_up(offset, kind.align)
                    placed.append(Field(name, kind, offset))
                    offset += kind.size
                    align = max(align, kind.align)
                size = max(size, offset)
                parts.append(tuple(placed))
        except BaseException:
            self.parts = None
            raise
        self.parts = tuple(parts)
        self._size, self._align = round_up(size, align), align

    @property
    def tag_size(self):
        if self.kind != VARIANT:
            return 0
        count = len(self.declaration.cases)
        return 1 if count <= 256 else 2 if count <= 65536 else 4

    def fields(self, case=0):
        if not self.parts:
            self.measure()
        return self.parts[case]


class Infinite(Exception):
    """A type contains itself."""


class TooLarge(Exception):
    """A type has too many bytes."""


class TooDeep(Exception):
    """A type is made of itself without end."""


def round_up(number, step):
    return -(-number // step) * step


def integer(label):
    made = Type(INT, label=label)
    made.bits, made.signed = int(label[1:]), label[0] == 'I'
    made.low, made.high = (-1 << made.bits - 1, (1 << made.bits - 1) - 1) if made.signed else (0, (1 << made.bits) - 1)
    return made


I8, I16, I32, I64, U8, U16, U32, U64 = INTEGERS = tuple(map(integer, 'I8 I16 I32 I64 U8 U16 U32 U64'.split()))
BOOLEAN, NULL, BOTTOM, REGION, STRING = (Type(BOOL, label='Bool'), Type(UNIT, label='Unit'), Type(NEVER, label='Never'),
                                         Type(ARENA, label='Arena'), Type(TEXT, label='Text'))
ATOMS = {made.label: made for made in INTEGERS + (BOOLEAN, NULL, BOTTOM, REGION, STRING)}
MAKERS = {'Ref': REF, 'Option': OPTION, 'Slice': SLICE, 'View': VIEW}
PREDECLARED = frozenset(list(ATOMS) + list(MAKERS) + ['Array', 'F32', 'F64', 'true', 'false', 'Some', 'None'])
FUNCTIONS = {}


def wrap_of(label, elem):
    """(Ref T), (Option T), (Slice T) or (View T)."""
    made = elem.made.get(label)
    if made is None:
        made = elem.made[label] = Type(MAKERS[label], (elem,), label=label)
    return made


def array_of(elem, count):
    made = elem.made.get(count)
    if made is None:
        made = elem.made[count] = Type(ARRAY, (elem,), count, label='Array')
    return made


def function_of(args):
    made = FUNCTIONS.get(args)
    if made is None:
        made = FUNCTIONS[args] = Type(FN, args, label='→')
    return made


def solved(kind, found):
    """Whether `found` has a type for each of its parameters that the type names."""
    if not kind.generic:
        return True
    if kind.kind == PARAM:
        return found.get(kind, kind) is not None
    return all([solved(arg, found) for arg in kind.args])


def subst(kind, found):
    """The type with its parameters replaced as the dictionary `found` says; one that is not in it stays."""
    if not kind.generic:
        return kind
    if kind.kind == PARAM:
        return found.get(kind) or kind
    args = tuple([subst(arg, found) for arg in kind.args])
    if kind.kind == ARRAY:
        return array_of(args[0], kind.count)
    if kind.kind == FN:
        return function_of(args)
    if kind.kind in (RECORD, VARIANT):
        return kind.declaration.apply(args)
    return wrap_of(kind.label, args[0])


def unify(wanted, got, found):
    """Finds in `got` what the type parameters of `wanted` stand for; differences are left to the later comparison."""
    if not wanted.generic or got.kind == NEVER:
        return
    if wanted.kind == PARAM:
        if wanted in found and found[wanted] is None:
            found[wanted] = got
    elif wanted.kind == got.kind or wanted.kind == VIEW and got.kind == SLICE or wanted.kind == SLICE and got.kind == VIEW:
        if wanted.declaration is got.declaration:
            for inner, other in zip(wanted.args, got.args):
                unify(inner, other, found)
