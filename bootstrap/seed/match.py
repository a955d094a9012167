"""match: matching a value against patterns, and try.

A matched value is (base, displacement, slot, kept): the memory [base + displacement], where base is RCX once the address in the
frame's `slot` has been loaded; `kept` tells that a word has all its eight bytes there.
"""

from control import Control
from instructions import ALU, PACK32, RAX, RBP, RCX, memory
from layout import BLOCK, BOTTOM, NOTHING, OPTION, VARIANT, WORD
from nodes import small


class Match(Control):
    """Writes `match` and `try`."""

    def gen_match(self, node, dest):
        _, _, offset, value, arms = node
        before = self.top
        form = value[1].form
        if form == NOTHING:
            self.gen(value)
            subject = RBP, 0, None, True
        elif form != BLOCK:
            subject = RBP, self.gen_temp(value), None, True
        else:
            base, displacement = self.place(value, False)
            if base == RAX:
                slot = self.temp(8)
                self.code += memory(b'\x48\x89', RAX, RBP, slot)
                subject = RCX, displacement, slot, False
            else:
                subject = base, displacement, None, False
        done = []
        here = self.top
        for pattern, body in arms:
            past = []
            self.test(pattern, subject, past)
            self.take(pattern, subject)
            self.gen(body, dest)
            self.top = here
            if body[1] is not BOTTOM:
                self.jump(done)
            self.bind(past)
            if not past:
                break
        else:
            self.cold_jump(6, offset)
        self.bind(done)
        self.top = before

    def reach(self, subject):
        """Makes the matched value's base register valid."""
        if subject[2] is not None:
            self.code += memory(b'\x48\x8b', RCX, RBP, subject[2])
        return subject[0], subject[1]

    def fetch(self, kind, subject):
        base, displacement = self.reach(subject)
        if subject[3]:
            self.kept(kind, base, displacement)
        else:
            self.load(kind, base, displacement)

    def test(self, pattern, subject, fail):
        """Jumps to `fail` when the value does not fit the pattern."""
        what, kind = pattern[0], pattern[1]
        if what == 'int':
            self.fetch(kind, subject)
            node = 'int', kind, 0, pattern[2]
            if small(node):
                self.apply('cmp', node)
            else:
                self.code += b'\x48\xb9' + (pattern[2] & (1 << 64) - 1).to_bytes(8, 'little') + ALU['cmp'][1]
            self.jump(fail, 5)
        elif what == 'text':
            self.test_text(pattern[2], kind, subject, fail)
        elif what == 'or':
            fits = []
            for inner in pattern[2][:-1]:
                past = []
                self.test(inner, subject, past)
                self.jump(fits)
                self.bind(past)
            self.test(pattern[2][-1], subject, fail)
            self.bind(fits)
        elif what == 'case':
            self.test_case(pattern, subject, fail)

    def test_text(self, value, kind, subject, fail):
        code = self.code
        self.fetch(kind, subject)
        code += b'\x48\x81\xfa' + PACK32(len(value))                         # cmp rdx, length
        self.jump(fail, 5)
        at = 0
        if len(value) > 32:
            self.address_of(self.image.rodata, self.image.text_at(value), RCX)
            code += b'\xe8' + PACK32(self.same_text - len(code) - 5)
            self.jump(fail, 5)
            at = len(value)
        while at < len(value):
            step = 4 if len(value) - at >= 4 else 2 if len(value) - at >= 2 else 1
            code += memory({4: b'\x81', 2: b'\x66\x81', 1: b'\x80'}[step], 7, RAX, at) + value[at:at + step]
            self.jump(fail, 5)
            at += step

    def test_case(self, pattern, subject, fail):
        _, kind, index, parts = pattern
        code = self.code
        if kind.kind == OPTION:
            if kind.form == WORD:
                self.fetch(kind, subject)
                code += b'\x48\x85\xc0'
            else:
                base, displacement = self.reach(subject)
                code += memory(b'\x80', 7, base, displacement + kind.elem.size) + b'\0'
            self.jump(fail, 4 if index else 5)
        elif kind.form == WORD:
            self.fetch(kind, subject)
            code += b'\x3d' + PACK32(index)
            self.jump(fail, 5)
        elif kind.kind == VARIANT and len(kind.declaration.cases) > 1:
            base, displacement = self.reach(subject)
            opcode = {1: b'\x80', 2: b'\x66\x81', 4: b'\x81'}[kind.tag_size]
            code += memory(opcode, 7, base, displacement) + index.to_bytes(kind.tag_size, 'little')
            self.jump(fail, 5)
        for part, inner in self.parts(pattern, subject):
            self.test(part, inner, fail)

    def parts(self, pattern, subject):
        """A case pattern's parts, each with the value that it matches."""
        _, kind, index, parts = pattern
        if not parts:
            return []
        base, displacement, slot, kept = subject
        if kind.kind == OPTION:
            return [(parts[0], (base, displacement, slot, kept if kind.form == WORD else False))]
        return [(part, (base, displacement + field.offset, slot, False)) for part, field in zip(parts, kind.fields(index))]

    def take(self, pattern, subject):
        """Binds a pattern's names to copies."""
        what = pattern[0]
        if what == 'bind':
            local = pattern[2]
            kind = local.type
            local.slot = self.temp(kind.size)
            if kind.form == BLOCK:
                base, displacement = self.reach(subject)
                self.copy(kind.size, base, displacement, RBP, local.slot)
            else:
                self.fetch(kind, subject)
                self.keep(kind, RBP, local.slot)
        elif what == 'case':
            for part, inner in self.parts(pattern, subject):
                self.take(part, inner)

    def gen_try(self, node, dest):
        _, kind, _, value, result = node
        before = self.top
        source = value[1]
        past = []
        code = self.code
        if source.kind == OPTION:
            slot = self.gen_temp(value)
            if source.form == WORD:
                code += b'\x48\x85\xc0'
            else:
                code += memory(b'\x80', 7, RBP, slot + source.elem.size) + b'\0'
            self.jump(past, 5)
            self.gen_none(('none', result), self.home())
            self.leave(result)
            self.bind(past)
            at = slot
        else:
            slot = self.gen_temp(value)
            code += memory(b'\x80', 7, RBP, slot) + b'\0'
            self.jump(past, 4)
            self.tag(1, 1, RBP, self.result_slot)
            error, = source.fields(1)
            self.copy(error.type.size, RBP, slot + error.offset, RBP, self.result_slot + result.fields(1)[0].offset)
            self.leave(result)
            self.bind(past)
            at = slot + source.fields(0)[0].offset
        if kind.form == BLOCK:
            self.copy(kind.size, RBP, at, *dest)
        elif source.form == WORD:
            self.kept(kind, RBP, at)
        else:
            self.load(kind, RBP, at)
        self.top = before
