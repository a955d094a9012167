"""image: the sections of the executable, the tables in it, and the ELF file (clauses 16.6 to 16.8).

Code is at a fixed address; read-only data and data follow it on pages of their own. Until all code is there the places of data
are not known, so what mentions an address is noted as a reference and filled in at the end.
"""

import struct
from bisect import bisect_right

import constants
from layout import ARENA, ARRAY, OPTION, RECORD, REF, SLICE, TEXT, U8, VARIANT, VIEW, Field

BASE = 0x400000
PAGE = 4096
CODE_BASE = BASE + PAGE
MARKER = b'0x0 ABI 0.1\0'


class Section:
    """Bytes that will lie at `base`."""

    def __init__(self):
        self.data = bytearray()
        self.base = 0

    def reserve(self, size, align):
        data = self.data
        at = -(-len(data) // align) * align
        data.extend(bytes(at - len(data) + size))
        return at


class Image:
    """What is to be written. `code` is filled by `emit`."""

    def __init__(self, heap_limit):
        self.heap_limit = heap_limit
        self.code, self.rodata, self.data = Section(), Section(), Section()
        self.code.base = CODE_BASE
        self.words = []          # (section, offset, target section, target offset): 8 bytes that hold an address
        self.code_words = []     # (offset in code, target section, target offset): 4 bytes that hold an address
        self.entries = []        # (section, offset, instance): 8 bytes that hold the address of a function's code
        self.calls = []          # (offset in code, instance): 4 bytes that hold the distance to a function
        self.traps = []          # (offset in code of the second byte of the ud2, line, column)
        self.rows = []           # (offset in code, line, column, source, name) of the functions
        self.texts, self.constants, self.layouts = {}, {}, {}
        self.queue = []          # instances to be emitted, in the order of their discovery
        self.current_arena = self.data.reserve(8, 8)
        self.table = self.rodata.reserve(8 * 8, 8)

    def refer(self, section, at, target, offset):
        self.words.append((section, at, target, offset))

    def use(self, instance):
        """Has an instance emitted, once."""
        if instance.address is None:
            instance.address = -1
            self.queue.append(instance)

    def text_at(self, value):
        at = self.texts.get(value)
        if at is None:
            at = self.texts[value] = self.rodata.reserve(len(value), 1)
            self.rodata.data[at:at + len(value)] = value
        return at

    def function_object(self, instance):
        """The read-only word that is a function's value: it holds the address of the code."""
        if instance.object is None:
            self.use(instance)
            instance.object = self.rodata.reserve(8, 8)
            self.entries.append((self.rodata, instance.object, instance))
        return instance.object

    def elements_at(self, elem, values):
        at = self.rodata.reserve(elem.size * len(values), elem.align)
        for index, value in enumerate(values):
            constants.encode(self, elem, value, self.rodata, at + index * elem.size)
        return at

    def constant_at(self, constant):
        at = self.constants.get(constant)
        if at is None:
            at = self.constants[constant] = self.rodata.reserve(constant.type.size, constant.type.align)
            constants.encode(self, constant.type, constant.value, self.rodata, at)
        return at

    def global_at(self, stored):
        if stored.address is None:
            stored.address = self.data.reserve(stored.type.size, max(stored.type.align, 1))
            constants.encode(self, stored.type, stored.value, self.data, stored.address)
        return stored.address

    def layout_at(self, kind):
        """The layout descriptor of a type."""
        at = self.layouts.get(kind)
        if at is None:
            entries = references(kind)
            at = self.layouts[kind] = self.rodata.reserve(24 + 32 * len(entries), 8)
            struct.pack_into('<3q', self.rodata.data, at, kind.size, kind.align, len(entries))
            for index, entry in enumerate(entries):
                self.put_entry(at + 24 + 32 * index, kind, *entry)
        return at

    def put_entry(self, at, kind, what, offset, a, b):
        struct.pack_into('<2q', self.rodata.data, at, what, offset)
        if what == 3:
            cases = option_cases(kind) if kind.kind == OPTION else [kind.fields(case) for case in range(len(kind.declaration.cases))]
            table = self.rodata.reserve(8 * len(cases), 8)
            for case, fields in enumerate(cases):
                self.refer(self.rodata, table + 8 * case, self.rodata, self.case_layout(kind, fields))
            struct.pack_into('<q', self.rodata.data, at + 16, a)
            self.refer(self.rodata, at + 24, self.rodata, table)
        elif what == 4:
            struct.pack_into('<q', self.rodata.data, at + 16, a)
            self.refer(self.rodata, at + 24, self.rodata, self.layout_at(b))
        elif what != 6:
            self.refer(self.rodata, at + 16, self.rodata, self.layout_at(a))

    def case_layout(self, kind, fields):
        entries = [(5, field.offset, field.type, None) for field in fields if has_references(field.type)]
        at = self.rodata.reserve(24 + 32 * len(entries), 8)
        struct.pack_into('<3q', self.rodata.data, at, kind.size, kind.align, len(entries))
        for index, entry in enumerate(entries):
            self.put_entry(at + 24 + 32 * index, kind, *entry)
        return at

    def finish(self):
        """Lays out the tables, then everything, and fills in the references. The result is the file's bytes."""
        self.put_tables()
        code, rodata, data = self.code, self.rodata, self.data
        rodata.base = up(code.base + len(code.data))
        data.base = up(rodata.base + len(rodata.data))
        for section, at, target, offset in self.words:
            struct.pack_into('<Q', section.data, at, target.base + offset)
        for section, at, instance in self.entries:
            struct.pack_into('<Q', section.data, at, code.base + instance.address)
        pack, bytes_of_code = struct.Struct('<i').pack_into, code.data
        for at, target, offset in self.code_words:
            pack(bytes_of_code, at, target.base + offset)
        for at, instance in self.calls:
            pack(bytes_of_code, at, instance.address - at - 4)
        return self.elf()

    def put_tables(self):
        self.traps.sort()
        self.rows.sort(key=lambda row: row[0])
        starts = [row[0] for row in self.rows]
        sources = list(dict.fromkeys(row[3] for row in self.rows))
        names = [row[4].encode('utf-8') for row in self.rows]
        traps = [(at, bisect_right(starts, at) - 1, line, min(column, 4095)) for at, line, column in self.traps] + [(1 << 31, 0, 0, 0)]
        functions = [(end, sources.index(source), line, min(column, 4095) + 4096 * len(name))
                     for (_, line, column, source, _), end, name in zip(self.rows, starts[1:] + [len(self.code.data)], names)]
        for word, table in enumerate((rows(traps), rows(functions), strings(names),
                                      strings(source.display.encode('utf-8') for source in sources), strings(messages(self.heap_limit)))):
            self.refer(self.rodata, self.table + 8 * word, self.rodata, self.text_at(table))
        self.refer(self.rodata, self.table + 40, self.code, 0)
        self.refer(self.rodata, self.table + 48, self.code, len(self.code.data))
        struct.pack_into('<Q', self.rodata.data, self.table + 56, self.heap_limit)

    def elf(self):
        """The ELF file: a page of headers and the note, then code, read-only data and data, each on its own pages."""
        note = struct.pack('<3I', 4, len(MARKER), 1) + b'0x0\0' + MARKER
        headers = 64 + 6 * 56
        names = bytearray(b'\0')
        symbols = bytearray(24)
        ends = [row[0] for row in self.rows[1:]] + [len(self.code.data)]
        for row, end in zip(self.rows, ends):
            symbols += struct.pack('<IBBHQQ', len(names), 2, 0, 2, self.code.base + row[0], end - row[0])
            names += row[4].encode('utf-8') + b'\0'
        loads = ((4, BASE, headers + len(note)), (5, self.code.base, len(self.code.data)), (4, self.rodata.base, len(self.rodata.data)),
                 (6, self.data.base, len(self.data.data)))
        programs = [struct.pack('<2I6Q', 1, flags, at - BASE, at, at, size, size, PAGE) for flags, at, size in loads]
        programs.append(struct.pack('<2I6Q', 4, 4, headers, BASE + headers, BASE + headers, len(note), len(note), 4))
        programs.append(struct.pack('<2I6Q', 0x6474E551, 6, 0, 0, 0, 0, 0, 16))
        file = bytearray(64) + b''.join(programs) + note
        for section in (self.code, self.rodata, self.data):
            file.extend(bytes(section.base - BASE - len(file)))
            file += section.data
        labels, table = bytearray(b'\0'), bytearray(64)
        file.extend(bytes(-len(file) % 8))
        at_symbols, at_names = len(file), len(file) + len(symbols)
        file += symbols + names
        at_labels = len(file)
        for label, kind, flags, address, at, size, link, info, align, each in (
                ('.note.0x0.abi', 7, 2, BASE + headers, headers, len(note), 0, 0, 4, 0),
                ('.text', 1, 6, self.code.base, self.code.base - BASE, len(self.code.data), 0, 0, 16, 0),
                ('.rodata', 1, 2, self.rodata.base, self.rodata.base - BASE, len(self.rodata.data), 0, 0, 16, 0),
                ('.data', 1, 3, self.data.base, self.data.base - BASE, len(self.data.data), 0, 0, 16, 0),
                ('.symtab', 2, 0, 0, at_symbols, len(symbols), 6, len(symbols) // 24, 8, 24),
                ('.strtab', 3, 0, 0, at_names, len(names), 0, 0, 1, 0),
                ('.shstrtab', 3, 0, 0, at_labels, 0, 0, 0, 1, 0)):
            table += struct.pack('<2I4Q2I2Q', len(labels), kind, flags, address, at, size, link, info, align, each)
            labels += label.encode() + b'\0'
        struct.pack_into('<Q', table, 7 * 64 + 32, len(labels))
        file += labels
        file.extend(bytes(-len(file) % 8))
        file[:64] = struct.pack('<16sHHIQQQIHHHHHH', b'\x7fELF\x02\x01\x01', 2, 62, 1, self.code.base, 64, len(file), 0, 64, 56, 6, 64, 8, 7)
        return file + table


def rows(table):
    """What differs from row to row: seven bits a byte, low ones first, the lowest for the sign; the high bit says that more follow."""
    packed, before = bytearray(), (0, 0, 0, 0)
    for row in table:
        for new, old in zip(row, before):
            value = (new - old) << 1 ^ (new - old) >> 63
            while value > 127:
                packed.append(value & 127 | 128)
                value >>= 7
            packed.append(value)
        before = row
    return bytes(packed)


def strings(all_bytes):
    return b''.join(each + b'\0' for each in all_bytes)


def messages(limit):
    """What a trap's line says, by kind, with its values behind %."""
    types = 'I8 I16 I32 I64 U8 U16 U32 U64'.split()
    conversions = ['%s does not fit %s [convert' % (value, type) for value in ('%dB', '%uB', 'the float') for type in types]
    plain = ['', 'index %dB is out of range for length %dC [index', 'slice %dB to %dC is out of range for length %dA [slice',
             'length %dB is negative [length', 'division by zero [divide', 'division overflows [overflow', 'no arm fits [match',
             '%sB [assert', '%sB [panic', 'out of memory: %d< bytes asked, %d= in use, limit ' + (str(limit) if limit else 'none') + ' [memory',
             'stack overflow [stack', 'fault at address 0x%x; [fault', 'illegal instruction [fault']
    return [message.encode() for message in plain + 3 * [''] + conversions]


def up(address):
    return -(-address // PAGE) * PAGE


def has_references(kind):
    """Whether a value of the type may lead to objects or hold an Arena."""
    what = kind.kind
    if what in (REF, SLICE, VIEW, TEXT, ARENA):
        return True
    if what in (ARRAY, OPTION):
        return has_references(kind.elem)
    if what in (RECORD, VARIANT):
        return any(has_references(field.type) for case in range(len(kind.declaration.cases)) for field in kind.fields(case))
    return False


def option_cases(kind):
    return (), (Field('value', kind.elem, 0),)


def references(kind):
    """The entries (kind, offset, a, b) of a type's descriptor, with types in the place of addresses."""
    what = kind.kind
    if not has_references(kind):
        return []
    if what == REF or what == OPTION and kind.elem.kind == REF:
        return [(1, 0, kind.elem if what == REF else kind.elem.elem, None)]
    if what in (SLICE, VIEW, TEXT):
        return [(2, 0, U8 if what == TEXT else kind.elem, None)]
    if what == ARENA:
        return [(6, 0, None, None)]
    if what == ARRAY:
        return [(4, 0, kind.count, kind.elem)]
    if what == OPTION:
        return [(3, kind.elem.size, 1, None)]
    if what == VARIANT:
        return [(3, 0, kind.tag_size, None)]
    return [(5, field.offset, field.type, None) for field in kind.fields() if has_references(field.type)]
