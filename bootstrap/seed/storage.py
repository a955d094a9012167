"""storage: what lies in arenas: allocations, slices and views, and the forms that open, enter and leave an arena."""

from instructions import PACK32, RAX, RBP, RCX, RDX, RSP, immediate, memory
from layout import ARRAY, BLOCK, BOTTOM, I64, NOTHING, WORD
from match import Match
from nodes import quiet


class Storage(Match):
    """Writes what allocates, and runs of elements."""

    # ---- allocation

    def allocate(self, offset, size, kind):
        """Calls alloc for `size` bytes (None: as many as rax says); the address is in rax."""
        code = self.code
        if size is None:
            code += memory(b'\x48\x89', RAX, RSP, 8)
        else:
            code += memory(b'\x48\xc7', 0, RSP, 8) + PACK32(size)
        self.at_current_arena(b'\x48\x8b')
        code += memory(b'\x48\x89', RAX, RSP, 0) + memory(b'\x48\xc7', 0, RSP, 16) + PACK32(kind.align)
        self.address_of(self.image.rodata, self.image.layout_at(kind))
        code += memory(b'\x48\x89', RAX, RSP, 24)
        self.bottom = max(self.bottom, 32)
        self.call_library('alloc')
        code += b'\x48\x85\xc0'
        self.trap(4, 9, offset)

    def gen_new(self, node, dest):
        _, kind, offset, value = node
        before = self.top
        elem = kind.elem
        slot = self.gen_temp(value)
        if value[1] is not BOTTOM:
            self.allocate(offset, elem.size, elem)
            code = self.code
            if elem.form == BLOCK:
                self.copy(elem.size, RBP, slot, RAX, 0)
            elif elem.form != NOTHING:
                code += b'\x48\x89\xc1'
                self.kept(elem, RBP, slot)
                self.store(elem, RCX, 0)
                code += b'\x48\x89\xc8'
        self.top = before

    def gen_fill(self, node, dest):
        _, kind, offset, count, value = node
        before = self.top
        code = self.code
        elem = kind.elem
        count_slot = self.gen_temp(count)
        slot = self.gen_temp(value)
        code += memory(b'\x48\x8b', RAX, RBP, count_slot) + b'\x48\x85\xc0'
        self.trap(8, 3, offset)
        enough = []
        code += b'\x48\x69\xc0' + PACK32(elem.size)                          # imul rax, rax, size
        self.jump(enough, 1)
        code += b'\x48\xb8' + I64.high.to_bytes(8, 'little')
        self.bind(enough)
        self.allocate(offset, None, elem)
        address = self.temp(8)
        code += memory(b'\x48\x89', RAX, RBP, address)
        if elem.size == 1 and elem.form == WORD:
            code += b'\x48\x89\xc7' + memory(b'\x48\x8b', RAX, RBP, slot) + memory(b'\x48\x8b', RCX, RBP, count_slot) + b'\xf3\xaa'
        elif elem.size == 8 and elem.form == WORD:
            code += b'\x48\x89\xc7' + memory(b'\x48\x8b', RAX, RBP, slot) + memory(b'\x48\x8b', RCX, RBP, count_slot) + b'\xf3\x48\xab'
        elif elem.size:
            self.fill_loop(elem, slot, address, count_slot)
        code += memory(b'\x48\x8b', RAX, RBP, address) + memory(b'\x48\x8b', RDX, RBP, count_slot)
        self.top = before

    def fill_loop(self, elem, slot, address, count_slot):
        """Stores the element in `slot` as often as `count_slot` says."""
        code = self.code
        at, left, end = self.temp(8), self.temp(8), []
        code += memory(b'\x48\x8b', RAX, RBP, address) + memory(b'\x48\x89', RAX, RBP, at)
        code += memory(b'\x48\x8b', RAX, RBP, count_slot) + memory(b'\x48\x89', RAX, RBP, left)
        again = len(code)
        code += memory(b'\x48\x83', 7, RBP, left) + b'\0'
        self.jump(end, 4)
        if elem.form == BLOCK:
            code += memory(b'\x48\x8b', RAX, RBP, at)
            self.copy(elem.size, RBP, slot, RAX, 0)
        else:
            self.kept(elem, RBP, slot)
            code += memory(b'\x48\x8b', RCX, RBP, at)
            self.store(elem, RCX, 0)
        code += memory(b'\x48\x81', 0, RBP, at) + PACK32(elem.size) + memory(b'\x48\xff', 1, RBP, left)
        self.jump_back(again)
        self.bind(end)

    # ---- runs

    def whole_run(self, node):
        """A Slice, View or Array as a pair in rax and rdx."""
        if node[1].kind != ARRAY:
            self.gen(node)
        else:
            base, displacement = self.place(node, True)
            self.code += memory(b'\x48\x8d', RAX, base, displacement) + b'\xba' + PACK32(node[1].count)

    def gen_view(self, node, dest):
        self.whole_run(node[3])

    def gen_slice(self, node, dest):
        _, kind, offset, base, begin, end = node
        before = self.top
        code = self.code
        run, low = self.temp(16), self.temp(8)
        self.whole_run(base)
        code += memory(b'\x48\x89', RAX, RBP, run) + memory(b'\x48\x89', RDX, RBP, run + 8)
        self.gen(begin)
        code += memory(b'\x48\x89', RAX, RBP, low)
        self.gen(end)
        code += b'\x48\x89\xc1' + memory(b'\x48\x8b', RAX, RBP, low) + memory(b'\x48\x8b', RDX, RBP, run + 8)
        code += b'\x48\x39\xd1'                                              # cmp rcx, rdx
        self.trap(7, 2, offset)
        code += b'\x48\x39\xc8'                                              # cmp rax, rcx
        self.trap(7, 2, offset)
        code += b'\x48\x89\xca\x48\x29\xc2'                                  # mov rdx, rcx; sub rdx, rax
        code += memory(b'\x48\x8b', RCX, RBP, run)
        self.scale(kind.elem.size)
        self.top = before

    def gen_len(self, node, dest):
        base = node[3]
        if base[1].kind == ARRAY:
            if quiet(base):
                self.place(base, False)
            else:
                self.gen_unused(base)
            self.code += immediate(base[1].count)
        elif base[0] == 'local':
            self.code += memory(b'\x48\x8b', RAX, RBP, base[3].slot + 8)
        else:
            self.gen(base)
            self.code += b'\x48\x89\xd0'

    # ---- arenas

    def gen_arena(self, node, dest):
        _, _, offset, local, body = node
        before = self.top
        code = self.code
        saved, local.slot = self.temp(8), self.temp(8)
        self.call_library('enter-scope')
        code += b'\x48\x85\xc0'
        self.trap(4, 9, offset)
        code += memory(b'\x48\x89', RAX, RBP, local.slot)
        self.at_current_arena(b'\x48\x8b')
        code += memory(b'\x48\x89', RAX, RBP, saved) + memory(b'\x48\x8b', RAX, RBP, local.slot)
        self.at_current_arena(b'\x48\x89')
        self.regions.append((local.slot, saved))
        self.in_region(saved, local.slot, body, dest)
        self.regions.pop()
        self.top = before

    def gen_in(self, node, dest):
        _, _, _, handle, body = node
        before = self.top
        code = self.code
        saved = self.temp(8)
        self.gen(handle)
        code += b'\x48\x89\xc1'
        self.at_current_arena(b'\x48\x8b')
        code += memory(b'\x48\x89', RAX, RBP, saved) + b'\x48\x89\xc8'
        self.at_current_arena(b'\x48\x89')
        self.in_region(saved, None, body, dest)
        self.top = before

    def in_region(self, saved, handle, body, dest):
        depth = len(self.cleanups)
        self.cleanups.append((saved, handle))
        self.gen(body, dest)
        if body[1] is not BOTTOM:
            self.holding(body[1], lambda: self.clean_up(depth))
        self.cleanups.pop()

    def gen_promote(self, node, dest):
        _, kind, offset, value = node
        before = self.top
        code = self.code
        slot = self.temp(kind.size)
        self.gen_into(value, RBP, slot)
        if value[1] is not BOTTOM:
            closing, outer = self.regions[-1]
            code += memory(b'\x48\x8b', RAX, RBP, closing) + memory(b'\x48\x89', RAX, RSP, 0)
            code += memory(b'\x48\x8b', RAX, RBP, outer) + memory(b'\x48\x89', RAX, RSP, 8)
            code += memory(b'\x48\x8d', RAX, RBP, slot) + memory(b'\x48\x89', RAX, RSP, 16)
            self.address_of(self.image.rodata, self.image.layout_at(kind))
            code += memory(b'\x48\x89', RAX, RSP, 24)
            self.bottom = max(self.bottom, 32)
            self.call_library('promote')
            code += b'\x48\x85\xc0'
            self.trap(4, 9, offset)
            if kind.form == BLOCK:
                self.copy(kind.size, RBP, slot, *dest)
            else:
                self.load(kind, RBP, slot)
        self.top = before
