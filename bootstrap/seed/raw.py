"""raw: the operations of std:raw, each a few instructions."""

from check import instance_of
from instructions import RAX, RBP, RCX, RDI, RDX, RSI, STORE, memory
from layout import BLOCK, I64, WORD
from nodes import lasting
from storage import Storage


class Raw(Storage):
    """Writes what only the runtime and the allocators use."""

    def gen_raw(self, node, dest):
        before = self.top
        RAW_GENERATORS[node[3]](self, node, node[5], dest)
        self.top = before

    def raw_load(self, node, nodes, dest):
        self.gen(nodes[0])
        if node[1].form == BLOCK:
            self.copy(node[1].size, RAX, 0, *dest)
        else:
            self.load(node[1], RAX, 0)

    def raw_store(self, node, nodes, dest):
        kind = node[4]
        code = self.code
        if kind.form == WORD:
            self.two(nodes[0], nodes[1])
            code += memory(STORE[kind.size], RCX, RAX, 0)
            return
        slot = self.gen_temp(nodes[0])
        if kind.form == BLOCK:
            made = self.gen_temp(nodes[1])
            code += memory(b'\x48\x8b', RAX, RBP, slot)
            self.copy(kind.size, RBP, made, RAX, 0)
        else:
            self.gen(nodes[1])
            code += memory(b'\x48\x8b', RCX, RBP, slot)
            self.store(kind, RCX, 0)

    def registers(self, nodes, numbers):
        """Evaluates words in order into registers, which are numbers from 0 to 15."""
        slots = [None if lasting(node) else self.gen_temp(node) for node in nodes]
        for node, slot, number in reversed(list(zip(nodes, slots, numbers))):
            if slot is None:
                self.gen(node)
                if number:
                    self.code += bytes((0x48 | number >> 3, 0x89, 0xC0 | number & 7))
            else:
                self.code += memory(bytes((0x48 | number >> 3 << 2, 0x8B)), number & 7, RBP, slot)

    def raw_copy(self, node, nodes, dest):
        self.registers(nodes, (RDI, RSI, RCX))
        # forwards unless 0 <= to - from < n, else backwards from the last byte
        self.code += bytes.fromhex('4889f8' '4829f0' '4839c8' '7204' 'f3a4' 'eb0e'       # mov rax, rdi; sub rax, rsi; cmp rax, rcx; jb back
                                   '488d740eff' '488d7c0fff' 'fd' 'f3a4' 'fc')           # back: lea rsi, rdi; std; rep movsb; cld

    def raw_fill(self, node, nodes, dest):
        self.registers(nodes, (RDI, RDX, RCX))
        self.code += b'\x88\xd0\xf3\xaa'                                     # mov al, dl; rep stosb

    def raw_compare(self, node, nodes, dest):
        self.registers(nodes, (RSI, RDI, RCX))
        self.code += bytes.fromhex('31c0' '4885c9' '7410' 'f3a6' '740c' '0fb646ff' '0fb657ff' '29d0' '4898')

    def raw_pair(self, node, nodes, dest):
        self.two(nodes[0], nodes[1])
        self.code += b'\x48\x89\xca'                                         # mov rdx, rcx

    def raw_same(self, node, nodes, dest):
        self.gen(nodes[0])

    def raw_layout(self, node, nodes, dest):
        self.address_of(self.image.rodata, self.image.layout_at(node[4]))

    def raw_syscall(self, node, nodes, dest):
        self.registers(nodes, (RAX, RDI, RSI, RDX, 10, 8, 9))
        self.code += b'\x0f\x05'

    def raw_code(self, node, nodes, dest):
        self.gen(nodes[0])
        self.code += b'\x48\x8b\x00'

    def raw_image(self, node, nodes, dest):
        self.address_of(self.image.rodata, self.image.table)

    def raw_run_main(self, node, nodes, dest):
        top = self.gen_temp(nodes[0])
        if self.main.parameters:
            self.gen(nodes[1])
        code = self.code
        code += memory(b'\x48\x8b', RCX, RBP, top) + b'\x48\x89\xcc\x52\x50'  # mov rsp, rcx; push rdx; push rax
        self.call_to(instance_of(self.main))
        code += b'\x48\x8d\xa5\0\0\0\0'                                      # lea rsp, [rbp - frame]
        self.stack_resets.append(len(code) - 4)
        if self.main.result is not I64:
            code += b'\x31\xc0'

    def raw_current(self, node, nodes, dest):
        self.at_current_arena(b'\x48\x8b')

    def raw_set_current(self, node, nodes, dest):
        self.gen(nodes[0])
        self.at_current_arena(b'\x48\x89')

    def raw_signal_entry(self, node, nodes, dest):
        self.address_of(self.image.code, self.signal_entry)


RAW_GENERATORS = {
    'load': Raw.raw_load, 'store': Raw.raw_store, 'copy': Raw.raw_copy, 'fill': Raw.raw_fill,
    'compare': Raw.raw_compare, 'address': Raw.raw_same, 'ref': Raw.raw_same, 'slice': Raw.raw_pair,
    'view': Raw.raw_pair, 'text': Raw.raw_pair, 'arena': Raw.raw_same, 'layout-of': Raw.raw_layout,
    'syscall': Raw.raw_syscall, 'code': Raw.raw_code, 'image': Raw.raw_image, 'run-main': Raw.raw_run_main,
    'current': Raw.raw_current, 'set-current': Raw.raw_set_current, 'signal-entry': Raw.raw_signal_entry}
