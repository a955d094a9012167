"""operators: arithmetic, comparisons, conditions and conversions."""

from instructions import ALU, CONDITIONS, EXTEND, PACK32, RAX, RBP, RCX, RDX, memory
from layout import BOTTOM, INT, INTEGERS
from nodes import lasting, leaf, small
from values import Values


class Operators(Values):
    """Writes what makes a word of words, and jumps on a Bool."""

    # ---- arithmetic

    def apply(self, operation, node):
        """rax = rax operation node, for a leaf."""
        opcode, _, extension = ALU[operation]
        code = self.code
        if node[0] == 'local':
            code += memory(opcode, RAX, RBP, node[3].slot)
        elif operation == '*':
            code += b'\x48\x69\xc0' + PACK32(node[3])
        elif -128 <= node[3] <= 127:
            code += bytes((0x48, 0x83, extension, node[3] & 255))
        else:
            code += bytes((0x48, 0x81, extension)) + PACK32(node[3])

    def two(self, left, right):
        """Evaluates two words, the left one into rax and the right one into rcx."""
        code = self.code
        if lasting(left):
            self.gen(right)
            code += b'\x48\x89\xc1'
            self.gen(left)
        elif leaf(right):
            self.gen(left)
            if right[0] == 'local':
                code += memory(b'\x48\x8b', RCX, RBP, right[3].slot)
            else:
                code += b'\x48\xc7\xc1' + PACK32(right[3])
        else:
            before = self.top
            slot = self.gen_temp(left)
            self.gen(right)
            code += b'\x48\x89\xc1' + memory(b'\x48\x8b', RAX, RBP, slot)
            self.top = before

    def combine(self, operation, left, right):
        if leaf(right):
            self.gen(left)
            self.apply(operation, right)
        else:
            self.two(left, right)
            self.code += ALU[operation][1]

    def gen_arith(self, node, dest):
        _, kind, _, operation, left, right = node
        self.combine(operation, left, right)
        if operation in '+-*':
            self.code += EXTEND[kind.bits, kind.signed]

    def gen_negate(self, node, dest):
        self.gen(node[3])
        self.code += b'\x48\xf7\xd8' + EXTEND[node[1].bits, node[1].signed]

    def gen_invert(self, node, dest):
        self.gen(node[3])
        self.code += b'\x48\xf7\xd0' + EXTEND[node[1].bits, node[1].signed]

    def gen_divide(self, node, dest):
        _, kind, offset, operation, left, right = node
        code = self.code
        self.two(left, right)
        sure = right[0] == 'int' and right[3] not in (0, -1)
        if not sure:
            code += b'\x48\x85\xc9'                                          # test rcx, rcx
            self.trap(4, 4, offset)
        if not kind.signed:
            code += b'\x31\xd2\x48\xf7\xf1'                                  # xor edx, edx; div rcx
        else:
            done = []
            if not sure:
                ordinary = []
                code += b'\x48\x83\xf9\xff'                                  # cmp rcx, -1
                self.jump(ordinary, 5)
                if operation == '/':
                    code += b'\x48\xba' + (kind.low & (1 << 64) - 1).to_bytes(8, 'little') + b'\x48\x39\xd0'
                    self.trap(4, 5, offset)
                else:
                    code += b'\x31\xd2'
                    self.jump(done)
                self.bind(ordinary)
            code += b'\x48\x99\x48\xf7\xf9'                                  # cqo; idiv rcx
            self.bind(done)
        if operation == '%':
            code += b'\x48\x89\xd0'

    def gen_shift(self, node, dest):
        _, kind, _, operation, left, right = node
        code = self.code
        extension = 0xE0 if operation == '<<' else 0xF8 if kind.signed else 0xE8
        if right[0] == 'int':
            self.gen(left)
            code += bytes((0x48, 0xC1, extension, right[3] % kind.bits))
        else:
            self.two(left, right)
            if kind.bits < 64:
                code += bytes((0x83, 0xE1, kind.bits - 1))
            code += bytes((0x48, 0xD3, extension))
        if operation == '<<':
            code += EXTEND[kind.bits, kind.signed]

    def gen_extreme(self, node, dest):
        _, kind, _, operation, left, right = node
        self.two(left, right)
        condition = CONDITIONS['>' if operation == 'min' else '<'][not kind.signed]
        self.code += b'\x48\x39\xc8' + bytes((0x48, 0x0F, 0x40 | condition, 0xC1))

    # ---- comparisons and conditions

    def text_routine(self):
        """Compares rdx bytes at rax and rcx: zero is set when they are equal. Eight bytes at a time, then the rest."""
        at = len(self.code)
        self.code += bytes.fromhex('4883fa08' '7216'                         # again: cmp rdx, 8; jb rest
                                   '4c8b00' '4c3b01' '7526'                  # mov r8, [rax]; cmp r8, [rcx]; jne done
                                   '4883c008' '4883c108' '4883ea08' 'ebe4'   # add rax, 8; add rcx, 8; sub rdx, 8; jmp again
                                   '4885d2' '7413'                           # rest: test rdx, rdx; je done
                                   '448a00' '443a01' '750b'                  # mov r8b, [rax]; cmp r8b, [rcx]; jne done
                                   '48ffc0' '48ffc1' '48ffca' 'ebe8' 'c3')   # inc rax; inc rcx; dec rdx; jmp rest; done: ret
        self.row(at, self.program.runtime.source, 0, 'same-text')
        return at

    def flags(self, node):
        """Compares; gives the condition code under which the node is true."""
        _, _, _, operation, left, right = node
        if node[0] == 'same-text':
            self.text_flags(left, right)
            return CONDITIONS[operation][0]
        kind = right[1] if left[1] is BOTTOM else left[1]
        if small(right) and right[3] == 0 and not leaf(left):
            self.gen(left)
            self.code += b'\x48\x85\xc0'
        else:
            self.combine('cmp', left, right)
        return CONDITIONS[operation][kind.kind != INT or not kind.signed]

    def text_flags(self, left, right):
        before = self.top
        slot = self.gen_temp(left)
        self.gen(right)
        code = self.code
        unequal = []
        code += memory(b'\x48\x3b', RDX, RBP, slot + 8)
        self.jump(unequal, 5)
        code += memory(b'\x48\x8b', RCX, RBP, slot)
        code += b'\xe8' + PACK32(self.same_text - len(code) - 5)
        self.bind(unequal)
        self.top = before

    def gen_compare(self, node, dest):
        condition = self.flags(node)
        self.code += bytes((0x0F, 0x90 | condition, 0xC0, 0x0F, 0xB6, 0xC0))

    def branch(self, node, label, sense):
        """Jumps to the label when the node's Bool is `sense`."""
        operation = node[0]
        if operation in ('compare', 'same-text'):
            condition = self.flags(node)
            self.jump(label, condition if sense else condition ^ 1)
        elif operation == 'not':
            self.branch(node[3], label, not sense)
        elif operation in ('and', 'or'):
            if (operation == 'or') == sense:
                for inner in node[3]:
                    self.branch(inner, label, sense)
            else:
                past = []
                for inner in node[3][:-1]:
                    self.branch(inner, past, not sense)
                self.branch(node[3][-1], label, sense)
                self.bind(past)
        elif operation == 'int':
            if bool(node[3]) == sense:
                self.jump(label)
        else:
            self.gen(node)
            self.code += b'\x84\xc0'                                         # test al, al
            self.jump(label, 5 if sense else 4)

    def gen_logic(self, node, dest):
        decided, done = [], []
        self.branch(node, decided, False)
        self.code += b'\xb8\x01\0\0\0'
        self.jump(done)
        self.bind(decided)
        self.code += b'\x31\xc0'
        self.bind(done)

    def gen_not(self, node, dest):
        self.gen(node[3])
        self.code += b'\x34\x01'                                             # xor al, 1

    # ---- conversions

    def gen_to(self, node, dest):
        _, kind, offset, value = node
        self.gen(value)
        source = value[1]
        if source.kind != INT or source.low >= kind.low and source.high <= kind.high:
            return
        code = self.code
        number = 16 + INTEGERS.index(kind) + (0 if source.signed else 8)
        if kind.bits == 64:
            code += b'\x48\x85\xc0'
            self.trap(8, number, offset)                                     # the sign decides
        else:
            # rcx = rax cut to the type; a difference is a value that does not fit, as is a negative one from U64
            code += {1: b'\x0f\xb6\xc8', 2: b'\x0f\xb7\xc8', 4: b'\x89\xc1'}[kind.size] if not kind.signed else \
                {1: b'\x48\x0f\xbe\xc8', 2: b'\x48\x0f\xbf\xc8', 4: b'\x48\x63\xc8'}[kind.size]
            code += b'\x48\x39\xc1'
            self.trap(5, number, offset)
            if kind.signed and source.label == 'U64':
                code += b'\x48\x85\xc0'
                self.trap(8, number, offset)

    def gen_wrap(self, node, dest):
        self.gen(node[3])
        if node[3][1].kind == INT:
            self.code += EXTEND[node[1].bits, node[1].signed]
