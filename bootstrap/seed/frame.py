"""frame: a function while it is written: the places of its frame, its jumps and traps, and values on their way.

Every local and every intermediate value that must wait lies in the frame, below rbp; nothing is ever pushed, so that any form can be
left at any point. No register lives across a call. Memory operands are (base, displacement) with base RAX, RCX, RSP or RBP; the
cold code that traps stands behind its function.
"""

from check import instance_of
from instructions import INTO32, LOAD, PACK32, RAX, RDI, RDX, RSI, STORE, memory
from layout import PAIR, WORD


class Frame:
    """Writes instructions behind one another."""

    def __init__(self, program, image):
        self.program, self.image = program, image
        self.code = image.code.data

    # ---- the frame, and jumps

    def temp(self, size):
        """A new piece of the frame."""
        self.top += (size + 7) & -8
        if self.top > self.deepest:
            self.deepest = self.top
        return -self.top

    def jump(self, label, condition=None):
        """Jumps forward to a label: a list of the places to be patched."""
        self.code += b'\xe9\0\0\0\0' if condition is None else bytes((0x0F, 0x80 | condition, 0, 0, 0, 0))
        label.append(len(self.code))

    def jump_back(self, target):
        code = self.code
        code += b'\xe9' + PACK32(target - len(code) - 5)

    def bind(self, label):
        code = self.code
        here = len(code)
        for at in label:
            INTO32(code, at - 4, here - at)

    def trap(self, condition, kind, offset, before=b''):
        """Traps when the flags say so; `before` are cold instructions that put the values into their registers."""
        label = []
        self.jump(label, condition)
        self.cold.append((label, before, kind, offset))

    def cold_jump(self, kind, offset):
        label = []
        self.jump(label)
        self.cold.append((label, b'', kind, offset))

    # ---- calls and addresses

    def call_to(self, instance):
        self.image.use(instance)
        self.code += b'\xe8\0\0\0\0'
        self.image.calls.append((len(self.code) - 4, instance))

    def call_library(self, name):
        self.call_to(instance_of(self.library[name]))

    def address_of(self, section, offset, register=RAX):
        """mov register, address of a section's byte"""
        self.code += bytes([0xB8 + register]) + b'\0\0\0\0'
        self.image.code_words.append((len(self.code) - 4, section, offset))

    def at_current_arena(self, opcode):
        """An instruction with rax and the word that holds the current arena."""
        self.code += opcode + b'\x04\x25\0\0\0\0'
        self.image.code_words.append((len(self.code) - 4, self.image.data, self.image.current_arena))

    # ---- values

    def load(self, kind, base, displacement):
        """The value of a word or a pair in memory."""
        if kind.form == WORD:
            self.code += memory(LOAD[kind.size, kind.signed], RAX, base, displacement)
        elif kind.form == PAIR:
            self.code += memory(b'\x48\x8b', RDX, base, displacement + 8)
            self.code += memory(b'\x48\x8b', RAX, base, displacement)

    def store(self, kind, base, displacement):
        """Stores the word or pair that was just made."""
        if kind.form == WORD:
            self.code += memory(STORE[kind.size], RAX, base, displacement)
        elif kind.form == PAIR:
            self.code += memory(b'\x48\x89', RAX, base, displacement) + memory(b'\x48\x89', RDX, base, displacement + 8)

    def keep(self, kind, base, displacement):
        """As `store`, a word in all its eight bytes: for locals, arguments and temporaries."""
        if kind.form == WORD:
            self.code += memory(b'\x48\x89', RAX, base, displacement)
        elif kind.form == PAIR:
            self.code += memory(b'\x48\x89', RAX, base, displacement) + memory(b'\x48\x89', RDX, base, displacement + 8)

    def kept(self, kind, base, displacement):
        """Reads what `keep` stored."""
        if kind.form == WORD:
            self.code += memory(b'\x48\x8b', RAX, base, displacement)
        elif kind.form == PAIR:
            self.load(kind, base, displacement)

    def copy(self, size, base, displacement, to_base, to):
        """Copies a block. Uses rdx and xmm0, or rsi, rdi and rcx."""
        code = self.code
        if (base, displacement) == (to_base, to):
            return
        if size > 128:
            code += memory(b'\x48\x8d', RSI, base, displacement) + memory(b'\x48\x8d', RDI, to_base, to)
            code += b'\xb9' + PACK32(size // 8) + b'\xf3\x48\xa5'
            base, displacement, to_base, to, size = RSI, 0, RDI, 0, size % 8
        while size:
            step = 16 if size >= 16 else 8 if size >= 8 else 4 if size >= 4 else 2 if size >= 2 else 1
            if step == 16:
                code += memory(b'\x0f\x10', 0, base, displacement) + memory(b'\x0f\x11', 0, to_base, to)
            else:
                code += memory(LOAD[step, False], RDX, base, displacement) + memory(STORE[step], RDX, to_base, to)
            displacement, to, size = displacement + step, to + step, size - step
