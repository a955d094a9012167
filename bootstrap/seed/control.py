"""control: conditions, loops, and leaving them and the function.

A loop is (label of its end, label of the next round or None, where it begins, how many cleanups stood before it); a cleanup is
(slot of the arena to return to, slot of the handle to close or None).
"""

from instructions import CONDITIONS, PACK32, RAX, RBP, RDX, RSP, memory
from layout import ARRAY, BLOCK, BOTTOM, PAIR, STRING, WORD
from nodes import lasting, small
from statements import Statements


class Control(Statements):
    """Writes what decides where the program goes on."""

    # ---- conditions and loops

    def gen_cond(self, node, dest):
        _, kind, _, clauses, otherwise = node
        done = []
        before = self.top
        for index, (condition, body) in enumerate(clauses):
            past = []
            self.branch(condition, past, False)
            self.top = before
            self.gen(body, dest)
            self.top = before
            if body[1] is not BOTTOM and (otherwise is not None or index < len(clauses) - 1):
                self.jump(done)
            self.bind(past)
        if otherwise is not None:
            self.gen(otherwise, dest)
            self.top = before
        self.bind(done)

    def gen_while(self, node, dest):
        before = self.top
        again = len(self.code)
        end = []
        self.branch(node[3], end, False)
        self.top = before
        self.loops.append((end, None, again, len(self.cleanups)))
        self.gen(node[4])
        self.loops.pop()
        self.jump_back(again)
        self.bind(end)
        self.top = before

    def gen_for(self, node, dest):
        _, _, _, local, begin, end_node, body = node
        kind = local.type
        before = self.top
        code = self.code
        local.slot = self.temp(8)
        self.gen(begin)
        self.keep(kind, RBP, local.slot)
        limit = None
        if not small(end_node):
            limit = self.gen_temp(end_node)
        again = len(code)
        end, next_round = [], []
        code += memory(b'\x48\x8b', RAX, RBP, local.slot)
        if limit is None:
            self.apply('cmp', end_node)
        else:
            code += memory(b'\x48\x3b', RAX, RBP, limit)
        self.jump(end, CONDITIONS['>='][not kind.signed])
        self.loops.append((end, next_round, None, len(self.cleanups)))
        self.gen(body)
        self.loops.pop()
        self.bind(next_round)
        code += memory(b'\x48\xff', 0, RBP, local.slot)                      # inc
        self.jump_back(again)
        self.bind(end)
        self.top = before

    def gen_each(self, node, dest):
        _, _, _, local, base, body = node
        before = self.top
        code = self.code
        kind, elem = base[1], local.type
        at, left = self.temp(8), self.temp(8)
        if kind.kind != ARRAY:
            self.gen(base)
            code += memory(b'\x48\x89', RAX, RBP, at) + memory(b'\x48\x89', RDX, RBP, left)
        else:
            if lasting(base):
                where, displacement = self.place(base, False)
            else:
                where, displacement = RBP, self.gen_temp(base)
            code += memory(b'\x48\x8d', RAX, where, displacement) + memory(b'\x48\x89', RAX, RBP, at)
            code += memory(b'\x48\xc7', 0, RBP, left) + PACK32(kind.count)
        local.slot = self.temp(elem.size)
        again = len(code)
        end, next_round = [], []
        code += memory(b'\x48\x83', 7, RBP, left) + b'\0'                    # cmp left, 0
        self.jump(end, 4)
        code += memory(b'\x48\x8b', RAX, RBP, at)
        if elem.form == BLOCK:
            self.copy(elem.size, RAX, 0, RBP, local.slot)
        else:
            self.load(elem, RAX, 0)
            self.keep(elem, RBP, local.slot)
        self.loops.append((end, next_round, None, len(self.cleanups)))
        self.gen(body)
        self.loops.pop()
        self.bind(next_round)
        code += memory(b'\x48\x81', 0, RBP, at) + PACK32(elem.size) + memory(b'\x48\xff', 1, RBP, left)
        self.jump_back(again)
        self.bind(end)
        self.top = before

    def gen_break(self, node, dest):
        end, _, _, depth = self.loops[-1]
        self.clean_up(depth)
        self.jump(end)

    def gen_continue(self, node, dest):
        _, next_round, again, depth = self.loops[-1]
        self.clean_up(depth)
        if next_round is None:
            self.jump_back(again)
        else:
            self.jump(next_round)

    # ---- leaving

    def home(self):
        """Where the function's result is made when it is a block."""
        return (RBP, self.result_slot) if self.result_slot is not None else None

    def gen_return(self, node, dest):
        self.gen(node[3], self.home())
        if node[3][1] is not BOTTOM:
            self.leave(self.result)

    def leave(self, kind):
        """Leaves the function with the result that was just made."""
        if self.cleanups:
            self.holding(kind, lambda: self.clean_up(0))
        self.jump(self.done)

    def holding(self, kind, action):
        """Does something that calls, and keeps the value in rax and rdx."""
        if kind.form in (WORD, PAIR):
            slot = self.temp(16)
            self.keep(kind, RBP, slot)
            action()
            self.kept(kind, RBP, slot)
        else:
            action()

    def clean_up(self, depth):
        """Leaves the arena forms above a depth, the innermost first."""
        for saved, handle in reversed(self.cleanups[depth:]):
            self.code += memory(b'\x48\x8b', RAX, RBP, saved)
            self.at_current_arena(b'\x48\x89')
            if handle is not None:
                self.code += memory(b'\x48\x8b', RAX, RBP, handle) + memory(b'\x48\x89', RAX, RSP, 0)
                self.bottom = max(self.bottom, 8)
                self.call_library('exit-scope')

    def gen_panic(self, node, dest):
        self.gen(node[3])
        self.code += b'\x48\x89\xd1'                                         # mov rcx, rdx
        self.cold_jump(8, node[2])

    def gen_assert(self, node, dest):
        _, _, offset, condition, text = node
        past = []
        before = self.top
        self.branch(condition, past, True)
        if text is None:
            text = 'text', STRING, offset, b'assertion failed'
        self.gen(text)
        self.code += b'\x48\x89\xd1'                                        # mov rcx, rdx
        self.cold_jump(7, offset)
        self.bind(past)
        self.top = before
