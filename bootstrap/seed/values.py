"""values: trees that name, read or make a value, and places.

A word is made in rax, a pair in rax and rdx, a block in the memory that the asker names as (base register, displacement).
"""

from frame import Frame
from instructions import PACK32, RAX, RBP, RCX, immediate, memory
from layout import ARRAY, BLOCK, NOTHING, VARIANT, WORD
from nodes import leaf, quiet


class Values(Frame):
    """Writes literals, places, elements, records, variants, options and arrays."""

    # ---- asked for by others

    def gen_into(self, node, base, displacement):
        """Evaluates a node into memory as its type lies there; base is RBP or RSP."""
        if node[1].form == BLOCK:
            self.gen(node, (base, displacement))
        else:
            self.gen(node)
            self.store(node[1], base, displacement)

    def gen_temp(self, node):
        """Evaluates a node into a new temporary."""
        slot = self.temp(node[1].size)
        if node[1].form == BLOCK:
            self.gen(node, (RBP, slot))
        else:
            self.gen(node)
            self.keep(node[1], RBP, slot)
        return slot

    def gen_unused(self, node):
        """Evaluates a node whose value nobody wants."""
        if node[1].form == BLOCK:
            self.gen_temp(node)
        else:
            self.gen(node)

    # ---- literals and names

    def gen_int(self, node, dest):
        self.code += immediate(node[3])

    def gen_unit(self, node, dest):
        pass

    def gen_text(self, node, dest):
        self.address_of(self.image.rodata, self.image.text_at(node[3]))
        self.code += b'\xba' + PACK32(len(node[3]))

    def gen_constview(self, node, dest):
        self.address_of(self.image.rodata, self.image.elements_at(node[1].elem, node[3]))
        self.code += b'\xba' + PACK32(len(node[3]))

    def gen_fnval(self, node, dest):
        self.address_of(self.image.rodata, self.image.function_object(node[3]))

    def gen_local(self, node, dest):
        kind, local = node[1], node[3]
        if kind.form == BLOCK:
            self.copy(kind.size, RBP, local.slot, *dest)
        else:
            self.kept(kind, RBP, local.slot)

    # ---- places

    def gen_place(self, node, dest):
        """The value of a global, constant, field, element, or what a Ref refers to."""
        kind = node[1]
        if node[0] == 'field' and kind.form == NOTHING:
            return self.gen_unused(node[3])
        base, displacement = self.place(node, False)
        if kind.form == BLOCK:
            self.copy(kind.size, base, displacement, *dest)
        else:
            self.load(kind, base, displacement)

    def place(self, node, to_store):
        """The memory operand of a place; of any other block, that of a temporary with its value.

        When it is not to be stored to, an operand that is evaluated before others keeps its value: an array that lies in a
        mutable place is copied before an index that may store.
        """
        operation = node[0]
        if operation == 'local':
            return RBP, node[3].slot
        if operation == 'field':
            base, displacement = self.place(node[3], to_store)
            return base, displacement + node[4]
        if operation == 'get':
            self.gen(node[3])
            return RAX, 0
        if operation == 'global':
            self.address_of(self.image.data, self.image.global_at(node[3]))
            return RAX, 0
        if operation == 'const':
            self.address_of(self.image.rodata, self.image.constant_at(node[3]))
            return RAX, 0
        if operation == 'at':
            self.element(node, to_store)
            return RAX, 0
        return RBP, self.gen_temp(node)

    def element(self, node, to_store):
        """The address of an element in rax."""
        _, kind, offset, base, index = node
        code = self.code
        if base[1].kind == ARRAY:
            self.array_element(node, to_store)
        elif base[0] == 'local' and (quiet(index) or not base[3].mutable):
            slot = base[3].slot
            self.gen(index)
            code += memory(b'\x48\x3b', RAX, RBP, slot + 8)
            self.trap(3, 1, offset, memory(b'\x48\x8b', RCX, RBP, slot + 8))
            code += memory(b'\x48\x8b', RCX, RBP, slot)
            self.scale(kind.size)
        elif leaf(index):
            self.gen(base)
            code += b'\x48\x89\xc1'                                          # mov rcx, rax
            self.gen(index)
            code += b'\x48\x39\xd0'                                          # cmp rax, rdx
            self.trap(3, 1, offset, b'\x48\x89\xd1')                         # mov rcx, rdx
            self.scale(kind.size)
        else:
            slot = self.gen_temp(base)
            self.gen(index)
            code += memory(b'\x48\x3b', RAX, RBP, slot + 8)
            self.trap(3, 1, offset, memory(b'\x48\x8b', RCX, RBP, slot + 8))
            code += memory(b'\x48\x8b', RCX, RBP, slot)
            self.scale(kind.size)

    def scale(self, size):
        """rax = rcx + rax * size"""
        if size in (1, 2, 4, 8):
            self.code += b'\x48\x8d\x04' + bytes([{1: 0x01, 2: 0x41, 4: 0x81, 8: 0xC1}[size]])
        else:
            self.code += b'\x48\x69\xc0' + PACK32(size) + b'\x48\x01\xc8'

    def array_element(self, node, to_store):
        _, kind, offset, base, index = node
        code = self.code
        count = base[1].count
        if base[0] == 'local':
            where, slot = RBP, base[3].slot
        else:
            where, slot = self.place(base, to_store)
            if where == RAX:
                code += memory(b'\x48\x8d', RAX, RAX, slot) if slot else b''
                where, slot = RCX, self.temp(8)
                code += memory(b'\x48\x89', RAX, RBP, slot)
        self.gen(index)
        code += b'\x48\x3d' + PACK32(count)                                  # cmp rax, count
        self.trap(3, 1, offset, b'\xb9' + PACK32(count))                     # mov ecx, count
        code += memory(b'\x48\x8b' if where == RCX else b'\x48\x8d', RCX, RBP, slot)
        self.scale(kind.size)

    # ---- records, variants, options, arrays

    def gen_make(self, node, dest):
        _, kind, _, case, fields = node
        base, displacement = dest
        if kind.kind == VARIANT:
            self.tag(kind.tag_size, case, base, displacement)
        for offset, inner, _ in fields:
            self.gen_into(inner, base, displacement + offset)

    def tag(self, size, value, base, displacement):
        """Stores a tag: mov [base + displacement], value"""
        opcode = {1: b'\xc6', 2: b'\x66\xc7', 4: b'\xc7'}[size]
        self.code += memory(opcode, 0, base, displacement) + value.to_bytes(size, 'little')

    def gen_some(self, node, dest):
        kind = node[1]
        if kind.form == WORD:
            self.gen(node[3])
        else:
            self.gen_into(node[3], *dest)
            self.tag(1, 1, dest[0], dest[1] + kind.elem.size)

    def gen_none(self, node, dest):
        if node[1].form == WORD:
            self.code += b'\x31\xc0'
        else:
            self.tag(1, 0, dest[0], dest[1] + node[1].elem.size)

    def gen_array(self, node, dest):
        size = node[1].elem.size
        for index, inner in enumerate(node[3]):
            self.gen_into(inner, dest[0], dest[1] + index * size)
