"""constants: the values of constant nodes, and their bytes (clause 7).

A value is an int (integers, Bool, enumerations), () for Unit, bytes for Text, an Instance for a function, a list for an Array
or View, (case, [value, ...]) for a record or case, None or [value] for an Option.
"""

from layout import ARRAY, BLOCK, FN, OPTION, REF, TEXT, VARIANT, VIEW, WORD

MASKS = {bits: (1 << bits) - 1 for bits in (8, 16, 32, 64)}


def fitted(value, kind):
    """The integer's low bits, as a value of the integer type."""
    value &= MASKS[kind.bits]
    return value - (1 << kind.bits) if value > kind.high else value


def value_of(node, module):
    """The value of a node; what is not constant is refused."""
    method = VALUES.get(node[0])
    if method is None:
        module.fail(node[2], 'not-constant', 'this is not a constant')
    return method(node, module)


def operand(node, _):
    return node[3]


def make(node, module):
    values = [None] * len(node[4])
    for _, inner, index in node[4]:
        values[index] = value_of(inner, module)
    return node[3], values


def elements(node, module):
    return [value_of(inner, module) for inner in node[3]]


def length(node, module):
    base = node[3]
    if base[1].kind == ARRAY and base[0] != 'const':
        value_of(base, module)
    return base[1].count if base[1].kind == ARRAY else len(value_of(base, module))


def arithmetic(node, module):
    _, kind, _, operation, left, right = node
    a, b = value_of(left, module), value_of(right, module)
    return fitted({'+': a + b, '-': a - b, '*': a * b, '&': a & b, '|': a | b, '^': a ^ b}[operation], kind)


def division(node, module):
    _, kind, offset, operation, left, right = node
    a, b = value_of(left, module), value_of(right, module)
    if b == 0:
        module.fail(offset, 'constant-trap', 'this constant divides by zero')
    quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    if operation == '%':
        return a - quotient * b
    if quotient > kind.high:
        module.fail(offset, 'constant-trap', 'this constant division overflows')
    return quotient


def shift(node, module):
    _, kind, _, operation, left, right = node
    a, count = value_of(left, module), value_of(right, module) % kind.bits
    return fitted(a << count if operation == '<<' else a >> count, kind)


def compare(node, module):
    a, b = value_of(node[4], module), value_of(node[5], module)
    return int({'=': a == b, '!=': a != b}[node[3]] if node[3] in ('=', '!=') else
               {'<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b}[node[3]])


def extreme(node, module):
    return (min if node[3] == 'min' else max)(value_of(node[4], module), value_of(node[5], module))


def convert(node, module):
    kind, value = node[1], value_of(node[3], module)
    if not kind.low <= value <= kind.high:
        module.fail(node[2], 'constant-trap', 'this constant %d does not fit %s' % (value, kind))
    return value


def logic(node, module):
    values = [value_of(inner, module) for inner in node[3]]
    return int(all(values) if node[0] == 'and' else any(values))


VALUES = {
    'int': operand, 'text': operand, 'fnval': operand, 'constview': operand, 'const': lambda node, _: node[3].value,
    'unit': lambda node, _: (), 'none': lambda node, _: None, 'some': lambda node, module: [value_of(node[3], module)],
    'make': make, 'array': elements, 'view': lambda node, module: list(value_of(node[3], module)), 'len': length,
    'arith': arithmetic, 'divide': division, 'shift': shift, 'compare': compare, 'same-text': compare, 'extreme': extreme,
    'negate': lambda node, module: fitted(-value_of(node[3], module), node[1]),
    'invert': lambda node, module: fitted(~value_of(node[3], module), node[1]),
    'to': convert, 'wrap': lambda node, module: fitted(value_of(node[3], module), node[1]),
    'and': logic, 'or': logic, 'not': lambda node, module: 1 - value_of(node[3], module)}


def encode(image, kind, value, section, at):
    """Writes a value's bytes into a section at an offset; addresses become the image's references."""
    if kind.form == WORD and kind.kind not in (FN, OPTION):
        size = kind.size
        section.data[at:at + size] = (value & MASKS[8 * size]).to_bytes(size, 'little')
    elif kind.kind == FN:
        image.refer(section, at, image.rodata, image.function_object(value))
    elif kind.kind == TEXT:
        encode_run(image, section, at, image.text_at(value), len(value))
    elif kind.kind == VIEW:
        encode_run(image, section, at, image.elements_at(kind.elem, value), len(value))
    elif kind.kind == ARRAY:
        for index, inner in enumerate(value):
            encode(image, kind.elem, inner, section, at + index * kind.elem.size)
    elif kind.kind == OPTION:
        if value is not None and kind.elem.kind != REF:
            encode(image, kind.elem, value[0], section, at)
            section.data[at + kind.elem.size] = 1
    elif kind.form == BLOCK:
        if kind.kind == VARIANT:
            section.data[at:at + kind.tag_size] = value[0].to_bytes(kind.tag_size, 'little')
        for field, inner in zip(kind.fields(value[0]), value[1]):
            encode(image, field.type, inner, section, at + field.offset)


def encode_run(image, section, at, address, count):
    image.refer(section, at, image.rodata, address)
    section.data[at + 8:at + 16] = count.to_bytes(8, 'little')
