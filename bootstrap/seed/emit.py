"""emit: typed trees to x86-64 code.

Every local and every intermediate value that must wait lies in the frame, below rbp; nothing is ever pushed, so that any form
can be left at any point. A word is made in rax, a pair in rax and rdx, a block in the memory that the asker names as
(base register, displacement). rcx, rsi, rdi, r8 to r11 and xmm0 are scratch; no register lives across a call.

Calls: the caller writes the arguments, each at the next word, to the bottom of its frame, where the callee finds them at rbp+16.
A block is passed whole. A result is in rax, or rax and rdx; a block's address is in rax: it lies in the callee's frame, which the
caller copies from at once (signal handlers have a stack of their own).

Memory operands are (base, displacement) with base RAX, RCX, RSP or RBP; the cold code that traps stands behind its function.
"""

import struct

from check import BYTES, check_instance, instance_of
from layout import ARRAY, BLOCK, BOTTOM, I64, INT, INTEGERS, NOTHING, NULL, OPTION, PAIR, STRING, VARIANT, WORD
from layout import TooDeep, TooLarge, round_up, subst, wrap_of
from modules import Function

RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI = range(8)
FRAME_LIMIT = 1 << 20
ARGUMENTS = 16  # where the callee's arguments begin, above rbp

LOAD = {(1, False): b'\x0f\xb6', (2, False): b'\x0f\xb7', (4, False): b'\x8b', (8, False): b'\x48\x8b',
        (1, True): b'\x48\x0f\xbe', (2, True): b'\x48\x0f\xbf', (4, True): b'\x48\x63', (8, True): b'\x48\x8b'}
STORE = {1: b'\x88', 2: b'\x66\x89', 4: b'\x89', 8: b'\x48\x89'}
EXTEND = {(8, False): b'\x0f\xb6\xc0', (16, False): b'\x0f\xb7\xc0', (32, False): b'\x89\xc0', (64, False): b'',
          (8, True): b'\x48\x0f\xbe\xc0', (16, True): b'\x48\x0f\xbf\xc0', (32, True): b'\x48\x63\xc0', (64, True): b''}
# operation: opcode with a memory operand, opcode of rax with rcx, extension for an immediate
ALU = {'+': (b'\x48\x03', b'\x48\x01\xc8', 0xC0), '-': (b'\x48\x2b', b'\x48\x29\xc8', 0xE8), '&': (b'\x48\x23', b'\x48\x21\xc8', 0xE0),
       '|': (b'\x48\x0b', b'\x48\x09\xc8', 0xC8), '^': (b'\x48\x33', b'\x48\x31\xc8', 0xF0), 'cmp': (b'\x48\x3b', b'\x48\x39\xc8', 0xF8),
       '*': (b'\x48\x0f\xaf', b'\x48\x0f\xaf\xc1', None)}
STEP = {'+': {1: b'\x00', 2: b'\x66\x01', 4: b'\x01', 8: b'\x48\x01'},
        '-': {1: b'\x28', 2: b'\x66\x29', 4: b'\x29', 8: b'\x48\x29'}}
# condition codes, of signed and unsigned operands
CONDITIONS = {'=': (4, 4), '!=': (5, 5), '<': (12, 2), '>=': (13, 3), '<=': (14, 6), '>': (15, 7)}
LEAVE = b'\xc9\xc3'

PACK32 = struct.Struct('<i').pack
INTO32 = struct.Struct('<i').pack_into
MEMORY = {}


def memory(opcode, register, base, displacement):
    """An instruction with a register and the memory operand [base + displacement]."""
    key = opcode, register, base, displacement
    made = MEMORY.get(key)
    if made is None:
        sib = b'\x24' if base == RSP else b''
        if displacement == 0 and base != RBP:
            made = opcode + bytes([register << 3 | base]) + sib
        elif -128 <= displacement <= 127:
            made = opcode + bytes([0x40 | register << 3 | base]) + sib + bytes([displacement & 255])
        else:
            made = opcode + bytes([0x80 | register << 3 | base]) + sib + PACK32(displacement)
        MEMORY[key] = made
    return made


def immediate(value):
    """mov rax, value"""
    if value == 0:
        return b'\x31\xc0'
    if 0 < value < 1 << 32:
        return b'\xb8' + value.to_bytes(4, 'little')
    if -(1 << 31) <= value < 0:
        return b'\x48\xc7\xc0' + PACK32(value)
    return b'\x48\xb8' + (value & (1 << 64) - 1).to_bytes(8, 'little')


def small(node):
    """Whether a node is an integer that an instruction can hold."""
    return node[0] == 'int' and -(1 << 31) <= node[3] < 1 << 31


def leaf(node):
    """Whether an operand is a literal or a local of one word."""
    return small(node) or node[0] == 'local' and node[1].form == WORD


def lasting(node):
    """Whether a node's value is the same whenever it is evaluated, and evaluating it does nothing else."""
    operation = node[0]
    if operation == 'local':
        return not node[3].mutable
    return operation in ('int', 'text', 'unit', 'const', 'fnval', 'none')


# For the operations whose evaluation calls nothing and stores nothing: where their operands stand.
QUIET = {'int': (), 'text': (), 'unit': (), 'const': (), 'constview': (), 'fnval': (), 'none': (), 'local': (), 'global': (),
         'get': (3,), 'field': (3,), 'at': (3, 4), 'len': (3,), 'view': (3,), 'slice': (3, 4, 5), 'negate': (3,), 'invert': (3,),
         'arith': (4, 5), 'shift': (4, 5), 'divide': (4, 5), 'compare': (4, 5), 'extreme': (4, 5), 'to': (3,), 'wrap': (3,), 'not': (3,),
         'some': (3,)}


def quiet(node):
    """Whether evaluating a node calls nothing and stores nothing."""
    operation = node[0]
    if operation == 'make':
        return all([quiet(inner) for _, inner, _ in node[4]])
    if operation in ('and', 'or', 'array'):
        return all([quiet(inner) for inner in node[3]])
    if operation == 'raw':
        return node[3] in QUIET_RAW and all([quiet(inner) for inner in node[5]])
    places = QUIET.get(operation)
    return places is not None and all([quiet(node[place]) for place in places])


QUIET_RAW = frozenset(['load', 'address', 'ref', 'slice', 'view', 'text', 'arena', 'code', 'current', 'image', 'layout-of'])


class Emitter:
    """Writes the code of one instance after another into the image."""

    def __init__(self, program, image):
        self.program, self.image = program, image
        self.code = image.code.data

    # ---- the whole

    def program_code(self):
        """The stubs, then every function that can be reached."""
        image, program = self.image, self.program
        self.library = {}
        for module, names in ((program.alloc, ('alloc', 'enter-scope', 'exit-scope', 'promote')), (program.runtime, ('start', 'signal'))):
            for name in names:
                function = module.exports.get(name)
                if function is None or not isinstance(function, Function):
                    module.fail(0, 'unbound-name', '%s must export the function %s' % (module.name, name))
                self.library[name] = function
        self.main = main_of(program.root)
        self.stub('start', b'\x48\x89\xe0\x31\xed\x50')                      # mov rax, rsp; xor ebp, ebp; push rax
        self.signal_entry = self.stub('signal', b'\x52\x56\x57')             # push rdx; push rsi; push rdi
        self.same_text = self.text_routine()
        at = 0
        while at < len(image.queue):
            function = image.queue[at].function
            at += 1
            try:
                self.function(image.queue[at - 1])
            except TooLarge as error:
                function.module.fail(function.name_offset, 'type-too-large', 'type %s is larger than 2147483647 bytes' % error.args[0])
            except TooDeep as error:
                function.module.fail(function.name_offset, 'instance-depth', 'instances of %s are nested too deep' % error.args[0].label)

    def stub(self, name, code):
        at = len(self.code)
        self.code += code
        self.call_to(instance_of(self.library[name]))
        self.code += b'\x0f\x0b\x08'
        self.row(at, self.program.runtime.source, 0, 'start' if name == 'start' else 'signal-entry')
        return at

    def row(self, at, source, offset, name):
        line, column = source.place(offset)
        self.image.rows.append((at, line, column, source, name))

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

    def function(self, instance):
        """The code of an instance."""
        function = instance.function
        self.module, self.instance = function.module, instance
        parameters, body = check_instance(self.program, instance)
        code = self.code
        code.extend(b'\xcc' * (-len(code) % 16))
        start = instance.address = len(code)
        source = function.module.source
        self.row(start, source, function.offset, '%s.%s' % (function.module.name, function.name))
        self.top = self.deepest = self.bottom = 0
        self.cold, self.loops, self.cleanups, self.regions = [], [], [], []
        self.stack_resets = []
        self.done = []
        at = ARGUMENTS
        for local in parameters:
            local.slot = at
            at += round_up(local.type.size, 8)
        self.result = function_result(instance)
        self.result_slot = self.temp(self.result.size) if self.result.form == BLOCK else None
        code += b'\x55\x48\x89\xe5\x48\x81\xec\0\0\0\0'                      # push rbp; mov rbp, rsp; sub rsp, frame
        frame_at = len(code) - 4
        self.gen(body, self.home())
        self.bind(self.done)
        if self.result_slot is not None:
            code += memory(b'\x48\x8d', RAX, RBP, self.result_slot)
        code += LEAVE
        frame = round_up(self.deepest + self.bottom, 16)
        if frame > FRAME_LIMIT:
            self.module.fail(function.name_offset, 'frame-too-large', 'function %s needs %d bytes of locals, more than %d'
                             % (function.name, frame, FRAME_LIMIT))
        INTO32(code, frame_at, frame)
        for reset in self.stack_resets:
            INTO32(code, reset, -frame)
        for label, before, kind, offset in self.cold:
            self.bind(label)
            code += before
            line, column = source.place(offset)
            self.image.traps.append((len(code), line, column))
            code += b'\x0f\x0b' + bytes([kind])

    def home(self):
        """Where the function's result is made when it is a block."""
        return (RBP, self.result_slot) if self.result_slot is not None else None

    # ---- small parts

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

    # ---- values

    def gen(self, node, dest=None):
        """Evaluates a node: into rax, rax and rdx, or the memory at `dest` when it is a block."""
        GENERATORS[node[0]](self, node, dest)

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

    def gen_unused(self, node):
        """Evaluates a node whose value nobody wants."""
        if node[1].form == BLOCK:
            self.gen_temp(node)
        else:
            self.gen(node)

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

    # ---- bodies and bindings

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

    # ---- operators

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

    # ---- control

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

    def gen_panic(self, node, dest):
        self.gen(node[3])
        self.code += b'\x48\x89\xd1'                                         # mov rcx, rdx
        self.cold_jump(8, node[2])

    def cold_jump(self, kind, offset):
        label = []
        self.jump(label)
        self.cold.append((label, b'', kind, offset))

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

    # ---- match and try. A matched value is (base, displacement, slot, kept): the memory [base + displacement], where base is RCX
    # once the address in the frame's `slot` has been loaded; `kept` tells that a word has all its eight bytes there.

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

    # ---- memory

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

    # ---- arenas. A cleanup is (slot of the arena to return to, slot of the handle to close or None).

    def clean_up(self, depth):
        """Leaves the arena forms above a depth, the innermost first."""
        for saved, handle in reversed(self.cleanups[depth:]):
            self.code += memory(b'\x48\x8b', RAX, RBP, saved)
            self.at_current_arena(b'\x48\x89')
            if handle is not None:
                self.code += memory(b'\x48\x8b', RAX, RBP, handle) + memory(b'\x48\x89', RAX, RSP, 0)
                self.bottom = max(self.bottom, 8)
                self.call_library('exit-scope')

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

    # ---- std:raw

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


def function_result(instance):
    function = instance.function
    return subst(function.result, {param: kind for (param, _), kind in zip(function.tparams, instance.types)})


def main_of(root):
    """The root module's main, once its signature is found good."""
    main = root.names.get('main')
    if main is None or not isinstance(main, Function) or main.module is not root:
        root.fail(root.offset, 'missing-main', 'the root module defines no function main')
    main.resolve()
    if main.tparams or main.result not in (I64, NULL) or main.types not in ((), (wrap_of('View', BYTES),)):
        root.fail(main.name_offset, 'bad-main', "main's signature must be (→ I64), (→ Unit), or take one (View (View U8))")
    return main


DIRECT = frozenset(['call', 'callv', 'get', 'at', 'global', 'const', 'local', 'field'])
RAW_GENERATORS = {
    'load': Emitter.raw_load, 'store': Emitter.raw_store, 'copy': Emitter.raw_copy, 'fill': Emitter.raw_fill,
    'compare': Emitter.raw_compare, 'address': Emitter.raw_same, 'ref': Emitter.raw_same, 'slice': Emitter.raw_pair,
    'view': Emitter.raw_pair, 'text': Emitter.raw_pair, 'arena': Emitter.raw_same, 'layout-of': Emitter.raw_layout,
    'syscall': Emitter.raw_syscall, 'code': Emitter.raw_code, 'image': Emitter.raw_image, 'run-main': Emitter.raw_run_main,
    'current': Emitter.raw_current, 'set-current': Emitter.raw_set_current, 'signal-entry': Emitter.raw_signal_entry}
GENERATORS = {
    'int': Emitter.gen_int, 'unit': Emitter.gen_unit, 'text': Emitter.gen_text, 'constview': Emitter.gen_constview,
    'fnval': Emitter.gen_fnval, 'local': Emitter.gen_local, 'global': Emitter.gen_place, 'const': Emitter.gen_place,
    'get': Emitter.gen_place, 'field': Emitter.gen_place, 'at': Emitter.gen_place, 'make': Emitter.gen_make, 'some': Emitter.gen_some,
    'none': Emitter.gen_none, 'array': Emitter.gen_array, 'call': Emitter.gen_call, 'callv': Emitter.gen_callv, 'do': Emitter.gen_do,
    'bind': Emitter.gen_bind, 'discard': Emitter.gen_discard, 'set': Emitter.gen_set, 'step': Emitter.gen_step,
    'arith': Emitter.gen_arith, 'negate': Emitter.gen_negate, 'invert': Emitter.gen_invert, 'divide': Emitter.gen_divide,
    'shift': Emitter.gen_shift, 'extreme': Emitter.gen_extreme, 'compare': Emitter.gen_compare, 'same-text': Emitter.gen_compare,
    'and': Emitter.gen_logic, 'or': Emitter.gen_logic, 'not': Emitter.gen_not, 'to': Emitter.gen_to, 'wrap': Emitter.gen_wrap,
    'cond': Emitter.gen_cond, 'while': Emitter.gen_while, 'for': Emitter.gen_for, 'for-each': Emitter.gen_each,
    'break': Emitter.gen_break, 'continue': Emitter.gen_continue, 'return': Emitter.gen_return, 'panic': Emitter.gen_panic,
    'assert': Emitter.gen_assert, 'match': Emitter.gen_match, 'try': Emitter.gen_try, 'new': Emitter.gen_new, 'fill': Emitter.gen_fill,
    'view': Emitter.gen_view, 'slice': Emitter.gen_slice, 'len': Emitter.gen_len, 'arena': Emitter.gen_arena, 'in': Emitter.gen_in,
    'promote': Emitter.gen_promote, 'raw': Emitter.gen_raw}
