"""statements: calls, bodies, bindings and assignments.

Calls: the caller writes the arguments, each at the next word, to the bottom of its frame, where the callee finds them at rbp+16.
A block is passed whole. A result is in rax, or rax and rdx; a block's address is in rax: it lies in the callee's frame, which the
caller copies from at once (signal handlers have a stack of their own).
"""

from instructions import ALU, EXTEND, PACK32, RAX, RBP, RCX, RSP, STEP, memory
from layout import BLOCK, BOTTOM, WORD, round_up
from nodes import lasting, leaf, quiet, small
from operators import Operators

DIRECT = frozenset(['call', 'callv', 'get', 'at', 'global', 'const', 'local', 'field'])  # of which a block is made where it is wanted


class Statements(Operators):
    """Writes calls, and what a body does one thing after another."""

    # ---- calls

    def gen_call(self, node, dest):
        before = self.top
        self.arguments(node[4])
        self.call_to(node[3])
        self.take_result(node[1], dest)
        self.top = before

    def gen_callv(self, node, dest):
        before = self.top
        callee = node[3]
        slot = None
        if not lasting(callee):
            slot = self.gen_temp(callee)
        self.arguments(node[4])
        if slot is None:
            self.gen(callee)
        else:
            self.code += memory(b'\x48\x8b', RAX, RBP, slot)
        self.code += b'\xff\x10'                                             # call [rax]
        self.take_result(node[1], dest)
        self.top = before

    def take_result(self, kind, dest):
        if kind.form == BLOCK:
            self.copy(kind.size, RAX, 0, *dest)

    def arguments(self, nodes):
        """Evaluates arguments in order and leaves them at the bottom of the frame.

        What is written there would be lost in a later argument's call, so up to the last argument that calls, values wait in
        temporaries, or are not yet evaluated when that makes no difference.
        """
        last = -1
        for index, node in enumerate(nodes):
            if not quiet(node):
                last = index
        at = 0
        waiting = []
        for index, node in enumerate(nodes):
            if index < last:
                waiting.append((node, None if lasting(node) else self.gen_temp(node), at))
            elif index == last:
                if node[1].form == BLOCK and node[0] not in ('call', 'callv'):
                    waiting.append((node, self.gen_temp(node), at))
                else:
                    self.argument(node, at)
                for other, slot, there in waiting:
                    self.move_argument(other, slot, there)
            else:
                self.argument(node, at)
            at += round_up(node[1].size, 8)
        self.bottom = max(self.bottom, at)

    def argument(self, node, at):
        if node[1].form == BLOCK:
            self.gen(node, (RSP, at))
        elif small(node):
            self.code += memory(b'\x48\xc7', 0, RSP, at) + PACK32(node[3])
        else:
            self.gen(node)
            self.keep(node[1], RSP, at)

    def move_argument(self, node, slot, at):
        if slot is None:
            self.argument(node, at)
        elif node[1].form == BLOCK:
            self.copy(node[1].size, RBP, slot, RSP, at)
        else:
            self.kept(node[1], RBP, slot)
            self.keep(node[1], RSP, at)

    # ---- bodies, bindings and assignments

    def gen_do(self, node, dest):
        before = self.top
        last = node[3][-1]
        for inner in node[3]:
            if inner is last:
                self.gen(inner, dest)
            elif inner[0] == 'bind':
                self.gen(inner)
            else:
                here = self.top
                self.gen(inner)
                self.top = here
            if inner[1] is BOTTOM:
                break
        self.top = before

    def gen_bind(self, node, dest):
        local, value = node[3], node[4]
        local.slot = self.temp(local.type.size)
        before = self.top
        if local.type.form == BLOCK:
            self.gen(value, (RBP, local.slot))
        elif small(value):
            self.code += memory(b'\x48\xc7', 0, RBP, local.slot) + PACK32(value[3])
        else:
            self.gen(value)
            if value[1] is not BOTTOM:
                self.keep(local.type, RBP, local.slot)
        self.top = before

    def gen_discard(self, node, dest):
        self.gen_unused(node[3])

    def gen_set(self, node, dest):
        place, value = node[3], node[4]
        kind = place[1]
        code = self.code
        before = self.top
        if place[0] == 'local' and kind.form != BLOCK:
            self.gen(value)
            if value[1] is not BOTTOM:
                self.keep(kind, RBP, place[3].slot)
        elif place[0] == 'local':
            if value[0] in DIRECT:
                self.gen(value, (RBP, place[3].slot))
            else:
                self.copy(kind.size, RBP, self.gen_temp(value), RBP, place[3].slot)
        elif kind.form == WORD and leaf(value):
            base, displacement = self.place(place, True)
            if base == RAX:
                code += b'\x48\x89\xc1'                                      # mov rcx, rax
                base = RCX
            self.gen(value)
            self.store(kind, base, displacement)
        else:
            base, displacement = self.place(place, True)
            slot = None
            if base == RAX:
                slot = self.temp(8)
                code += memory(b'\x48\x89', RAX, RBP, slot)
                base = RCX
            made = self.gen_temp(value) if kind.form == BLOCK else self.gen(value)
            if slot is not None:
                code += memory(b'\x48\x8b', RCX, RBP, slot)
            if value[1].form == BLOCK:
                self.copy(kind.size, RBP, made, base, displacement)
            else:
                self.store(value[1] if value[1] is BOTTOM else kind, base, displacement)
        self.top = before

    def gen_step(self, node, dest):
        _, _, _, operation, place, amount = node
        kind = place[1]
        code = self.code
        before = self.top
        if place[0] == 'local':
            if not leaf(amount):
                self.gen(amount)
                code += b'\x48\x89\xc1'
            code += memory(b'\x48\x8b', RAX, RBP, place[3].slot)
            if leaf(amount):
                self.apply(operation, amount)
            else:
                code += ALU[operation][1]
            code += EXTEND[kind.bits, kind.signed]
            self.keep(kind, RBP, place[3].slot)
        else:
            base, displacement = self.place(place, True)
            if base == RAX:
                slot = self.temp(8)
                code += memory(b'\x48\x89', RAX, RBP, slot)
            self.gen(amount)
            if base == RAX:
                code += memory(b'\x48\x8b', RCX, RBP, slot)
                base = RCX
            code += memory(STEP[operation][kind.size], RAX, base, displacement)
        self.top = before
