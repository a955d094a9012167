"""emit: typed trees to x86-64 code: the whole program, function by function, and the table of what writes which tree.

The writer is one class in layers, each in its file, and each uses those before it: `frame` (places, jumps, traps), `values`,
`operators`, `statements` (calls, bindings), `control` (conditions, loops, leaving), `match`, `storage` (allocation, arenas), `raw`.
They write by the encodings of `instructions`, and come back to `Emitter.gen` for the trees inside a tree.
"""

from check import BYTES, check_instance, instance_of
from instructions import INTO32, LEAVE, RAX, RBP, memory
from layout import BLOCK, I64, NULL, TooDeep, TooLarge, round_up, subst, wrap_of
from modules import Function
from raw import Raw

FRAME_LIMIT = 1 << 20
ARGUMENTS = 16  # where the callee's arguments begin, above rbp


class Emitter(Raw):
    """Writes the code of one instance after another into the image."""

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
            self.image.traps.append((len(code) + 1, line, column))
            code += b'\x0f\x0b' + bytes([kind])

    def gen(self, node, dest=None):
        """Evaluates a node: into rax, rax and rdx, or the memory at `dest` when it is a block."""
        GENERATORS[node[0]](self, node, dest)


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
