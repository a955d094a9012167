"""check: the forms of a function's body to a typed tree (clauses 4 to 13).

A node is a tuple (operation, type, offset, operand...); what the operands are is told by the method that makes the node and
the one in `emit` that reads it. All sugar is gone from the tree: names are objects, Refs on a path are followed by `get`
nodes, literals have their type.

A generic function is checked once with opaque types; each instance's body is checked again with the types it stands for,
which gives the tree that is emitted. What the first check accepts the second does.
"""

import constants
import layout
from fault import many
from layout import (ARENA, ARRAY, BOOL, BOOLEAN, BOTTOM, FN, I64, INT, NEVER, NULL, OPTION, RECORD, REF, REGION, SLICE, STRING, TEXT, U8,
                    U64, VARIANT, VIEW, array_of, solved, subst, unify, wrap_of)
from modules import HEADS, NAME_STARTS, PREDECLARED, Alias, Case, Constant, Declaration, Function, Global, RawName, resolve_type
from read import LIST, NAME, NUMBER, PATH
from read import TEXT as TEXT_FORM

LIBRARY_MODULES = {STRING: 'text', I64: 'i64', U64: 'u64', U8: 'u8'}
DEEPEST = 64
BYTES = wrap_of('View', U8)


class Local:
    __slots__ = ('name', 'type', 'mutable', 'slot')

    def __init__(self, name, type, mutable):
        self.name, self.type, self.mutable, self.slot = name, type, mutable, None


class Instance:
    """A function to be emitted: with type arguments and the functions that fill its requirements when it is generic."""

    __slots__ = ('function', 'types', 'fillers', 'depth', 'address', 'object')

    def __init__(self, function, types, fillers, depth):
        self.function, self.types, self.fillers, self.depth = function, types, fillers, depth
        self.address = self.object = None


class Opaque:
    """Stands for a requirement's function while the body of a generic function is checked with opaque types."""


def instance_of(function, types=(), fillers=(), depth=0):
    key = (types, fillers)
    made = function.instances.get(key)
    if made is None:
        made = function.instances[key] = Instance(function, types, fillers, depth)
    return made


def check_opaque(program, function):
    """Checks a function's body; what it gives for a function that is not generic is the tree."""
    function.resolve()
    requirements = {name: (Opaque(), kind) for name, kind in function.requirements}
    return Checker(program, function.module, function, function.environment, requirements, 0).function_body()


def check_instance(program, instance):
    """The typed tree (parameters, body) of an instance."""
    function = instance.function
    if not instance.types:
        return function.checked
    found = {param: kind for (param, _), kind in zip(function.tparams, instance.types)}
    scope = {param.label: kind for param, kind in found.items()}
    requirements = {name: (filler, subst(kind, found)) for (name, kind), filler in zip(function.requirements, instance.fillers)}
    return Checker(program, function.module, function, scope, requirements, instance.depth).function_body(found)


class Checker:
    """Checks one body. `scope` are the locals by name, `types` the type parameters, `requirements` (filler, type) by name."""

    def __init__(self, program, module, function, types, requirements, depth):
        self.program, self.module, self.function, self.types, self.depth = program, module, function, types, depth
        self.fail, self.requirements = module.fail, requirements
        self.result = None
        self.scope = {}
        self.loops = self.arenas = 0

    def function_body(self, found=None):
        function = self.function
        kinds = [subst(kind, found) for kind in function.types] if found else function.types
        self.result = subst(function.result, found) if found else function.result
        parameters = []
        for name, kind in zip(function.parameters, kinds):
            local = Local(name, kind, False)
            parameters.append(local)
            if name != '_':
                self.scope[name] = local
        try:
            return parameters, self.body(function.body, self.result, function.offset)
        except layout.TooDeep as error:
            self.fail(function.name_offset, 'instance-depth', 'instances of %s are nested deeper than %d' % (error.args[0].label, DEEPEST))

    # ---- the two ways to ask for a form's node

    def need(self, form, want):
        """The node of a form whose type must be `want`."""
        node = self.expr(form, want)
        got = node[1]
        if got is want or got is BOTTOM or want.kind == VIEW and got.kind == SLICE and got.args == want.args:
            return node
        return self.mismatch(form[1], want, got)

    def expr(self, form, want):
        """The node of a form; `want`, a type or None, says what literals and generic calls should become."""
        kind, offset, value = form
        if kind == LIST:
            if not value:
                return 'unit', NULL, offset
            head = value[0]
            if head[0] == NAME:
                method = FORMS.get(head[2])
                if method is not None:
                    return method(self, form, value, want)
                return self.call(form, value, want)
            if head[0] == PATH:
                return self.call_path(form, value, want)
            self.fail(head[1], 'not-callable', 'this is not a function')
        if kind == NAME:
            return self.name(form, want)
        if kind == NUMBER:
            if want is None or want.kind != INT:
                want = I64
            if not want.low <= value <= want.high:
                self.fail(offset, 'literal-range', '%d does not fit %s' % (value, want))
            return 'int', want, offset, value
        if kind == TEXT_FORM:
            return 'text', STRING, offset, value
        return self.path(form)

    def mismatch(self, offset, want, got):
        self.fail(offset, 'type-mismatch', 'expected %s, got %s' % (want, got))

    def bad(self, form, expected):
        self.fail(form[1], 'bad-form', 'expected %s' % expected)

    def count(self, form, items, least, most, expected):
        if not least <= len(items) - 1 <= most:
            self.bad(form, expected)

    def type_of(self, form):
        return resolve_type(form, self.module, self.types)

    # ---- names and paths

    def name(self, form, want):
        _, offset, name = form
        local = self.scope.get(name)
        if local is not None:
            return 'local', local.type, offset, local
        if name in ('true', 'false'):
            return 'int', BOOLEAN, offset, int(name == 'true')
        if name == 'None':
            if want is None:
                self.fail(offset, 'cannot-infer', 'cannot infer the type of None')
            if want.kind != OPTION:
                self.fail(offset, 'type-mismatch', 'expected %s, got an Option' % want)
            return 'none', want, offset
        if name[0] not in NAME_STARTS:
            self.bad(form, 'an expression')
        if name in self.requirements:
            filler, kind = self.requirements[name]
            return 'fnval', kind, offset, filler
        return self.thing(self.module.find(name), form, want)

    def thing(self, thing, form, want):
        """The node of a top-level name."""
        offset = form[1]
        if isinstance(thing, Constant):
            return self.constant(thing, offset)
        if isinstance(thing, Global):
            return 'global', thing.type, offset, thing
        if isinstance(thing, Case):
            return self.construct(thing.declaration, thing.index, form, [], want)
        if isinstance(thing, Function):
            if thing.tparams:
                self.fail(offset, 'generic-value', '%s is generic and cannot be a value' % thing.name)
            return 'fnval', thing.type, offset, instance_of(thing)
        self.fail(offset, 'unbound-name', '%s is not defined' % (form[2] if form[0] == NAME else '.'.join(form[2])))

    def constant(self, thing, offset):
        if thing.state == 'busy':
            self.fail(offset, 'constant-circle', 'constant %s is defined by itself' % thing.name)
        value = constant_of(self.program, thing)
        kind = thing.type
        if isinstance(value, int):
            return 'int', kind, offset, value
        if kind is STRING:
            return 'text', kind, offset, value
        return 'const', kind, offset, thing

    def path(self, form):
        """A path: a local or a top-level name, then fields."""
        _, offset, parts = form
        local = self.scope.get(parts[0])
        if local is not None:
            return self.fields(('local', local.type, offset, local), parts[1:], offset)
        thing = self.module.find(parts[0])
        if isinstance(thing, Alias):
            member = self.module.member(thing, parts[1], offset)
            return self.fields(self.thing(member, (PATH, offset, parts[:2]), None), parts[2:], offset)
        return self.fields(self.thing(thing, (NAME, offset, parts[0]), None), parts[1:], offset)

    def fields(self, node, names, offset):
        for name in names:
            if node[1].kind == REF:
                node = 'get', node[1].elem, offset, node
            kind = node[1]
            if kind.kind == RECORD:
                for field in kind.fields():
                    if field.name == name:
                        break
                else:
                    self.fail(offset, 'unknown-field', '%s has no field %s' % (kind, name))
                node = 'field', field.type, offset, node, field.offset
            else:
                self.fail(offset, 'unknown-field', '%s has no field %s' % (kind, name))
        return node

    def dot(self, form, items, want):
        if len(items) < 3:
            self.bad(form, '(. e field...)')
        node = self.expr(items[1], None)
        for item in items[2:]:
            node = self.fields(node, (self.module.name_of(item, capital=False),), item[1])
        return node

    # ---- calls

    def call(self, form, items, want):
        head = items[0]
        name = head[2]
        local = self.scope.get(name)
        if local is not None:
            return self.call_value(form, items, ('local', local.type, head[1], local))
        if name in self.requirements:
            filler, kind = self.requirements[name]
            return 'call', kind.args[-1], form[1], filler, self.arguments(form, items, kind.args[:-1], name)
        if name == 'Some':
            return self.some(form, items, want)
        return self.call_thing(form, items, self.module.find(name), name, want)

    def call_path(self, form, items, want):
        head = items[0]
        parts = head[2]
        if parts[0] not in self.scope and len(parts) == 2:
            alias = self.module.find(parts[0])
            if isinstance(alias, Alias):
                return self.call_thing(form, items, self.module.member(alias, parts[1], head[1]), parts[1], want)
        return self.call_value(form, items, self.path(head))

    def call_thing(self, form, items, thing, name, want):
        if isinstance(thing, Function):
            thing.resolve()
            if thing.tparams:
                return self.call_generic(form, items, thing, want)
            return 'call', thing.result, form[1], instance_of(thing), self.arguments(form, items, thing.types, name)
        if isinstance(thing, Case):
            return self.construct(thing.declaration, thing.index, form, items[1:], want)
        if isinstance(thing, Declaration) and thing.kind == RECORD:
            return self.construct(thing, 0, form, items[1:], want)
        if isinstance(thing, RawName):
            return RAW[thing.name](self, form, items, want)
        if isinstance(thing, (Constant, Global)):
            return self.call_value(form, items, self.thing(thing, items[0], None))
        if thing is None and name not in PREDECLARED and name[0] in NAME_STARTS:
            self.fail(items[0][1], 'unbound-name', '%s is not defined' % name)
        self.fail(items[0][1], 'not-callable', '%s is not a function' % name)

    def call_value(self, form, items, node):
        kind = node[1]
        if kind.kind != FN:
            self.fail(items[0][1], 'not-callable', 'a value of type %s is not a function' % kind)
        return 'callv', kind.args[-1], form[1], node, self.arguments(form, items, kind.args[:-1], 'this function')

    def arguments(self, form, items, kinds, name):
        if len(items) - 1 != len(kinds):
            self.fail(form[1], 'argument-count', '%s takes %s, got %d' % (name, many(len(kinds), 'argument'), len(items) - 1))
        need = self.need
        return [need(item, kind) for item, kind in zip(items[1:], kinds)]

    def call_generic(self, form, items, function, want):
        kinds = function.types
        if len(items) - 1 != len(kinds):
            self.fail(form[1], 'argument-count', '%s takes %s, got %d' % (function.name, many(len(kinds), 'argument'), len(items) - 1))
        found = {param: None for param, _ in function.tparams}
        if want is not None:
            unify(function.result, want, found)
        nodes = self.infer(items[1:], kinds, found)
        for param, _ in function.tparams:
            if found[param] is None:
                self.fail(form[1], 'cannot-infer', 'cannot infer %s' % param.label)
        types = tuple([found[param] for param, _ in function.tparams])
        fillers, index = [], 0
        for param, requirements in function.tparams:
            for name, _ in requirements:
                kind = subst(function.requirements[index][1], found)
                fillers.append(self.filler(form, name, kind, found[param]))
                index += 1
        depth = self.depth + 1
        if depth > DEEPEST:
            self.fail(form[1], 'instance-depth', 'instances of %s are nested deeper than %d' % (function.name, DEEPEST))
        made = instance_of(function, types, tuple(fillers), depth)
        return 'call', subst(function.result, found), form[1], made, nodes

    def infer(self, forms, kinds, found):
        """The nodes of arguments for parameters whose types are found on the way."""
        nodes = []
        late = []
        for form, kind in zip(forms, kinds):
            if solved(kind, found):
                nodes.append(self.need(form, subst(kind, found)))
            else:
                node = self.run_of_constants(form) if kind.kind == VIEW and is_array(form) else self.expr(form, None)
                unify(kind, node[1], found)
                nodes.append(node)
                late.append((form, node, kind))
        for form, node, kind in late:
            if solved(kind, found):
                self.fit(form, node, subst(kind, found))
            elif node[1] is not BOTTOM and (node[1].kind != kind.kind or node[1].declaration is not kind.declaration):
                self.mismatch(form[1], kind, node[1])
        return nodes

    def fit(self, form, node, want):
        got = node[1]
        if not (got is want or got is BOTTOM or want.kind == VIEW and got.kind == SLICE and got.args == want.args):
            self.mismatch(form[1], want, got)
        return node

    def filler(self, form, name, kind, argument):
        """The function that fills a requirement for a type argument (13.4)."""
        if name in self.requirements:
            filler, got = self.requirements[name]
        else:
            thing = self.module.names.get(name)
            if not isinstance(thing, Function):
                thing = self.exported_filler(name, argument)
            if thing is None or thing.tparams:
                filler, got = None, None
            else:
                filler, got = instance_of(thing), thing.type
        if got is not kind:
            self.fail(form[1], 'missing-requirement', 'no function %s of type %s for %s' % (name, kind, argument))
        return filler

    def exported_filler(self, name, argument):
        if argument.declaration is not None:
            module = argument.declaration.module
        elif argument in LIBRARY_MODULES:
            module = self.program.library_module(LIBRARY_MODULES[argument])
        else:
            return None
        thing = module.exports.get(name)
        return thing if isinstance(thing, Function) else None

    # ---- records, variants, Option

    def construct(self, declaration, case, form, arguments, want):
        """A record or a case by its fields in order."""
        members = declaration.members_of(self.own_type(declaration))[case]
        if len(arguments) != len(members):
            self.fail(form[1], 'argument-count', '%s takes %s, got %d'
                      % (declaration.cases[case][0] or declaration.name, many(len(members), 'argument'), len(arguments)))
        return self.assemble(declaration, case, form, arguments, range(len(members)), members, want)

    def own_type(self, declaration):
        return declaration.apply(tuple(declaration.params))

    def assemble(self, declaration, case, form, arguments, order, members, want):
        """The node of a value whose argument i is the field order[i]."""
        if declaration.params:
            found = {param: None for param in declaration.params}
            if want is not None and want.declaration is declaration:
                found = dict(zip(declaration.params, want.args))
            nodes = self.infer(arguments, [members[index][1] for index in order], found)
            for param in declaration.params:
                if found[param] is None:
                    if want is not None and want.declaration is not declaration:
                        self.mismatch(form[1], want, self.own_type(declaration))
                    self.fail(form[1], 'cannot-infer', 'cannot infer %s' % param.label)
            kind = declaration.apply(tuple([found[param] for param in declaration.params]))
        else:
            nodes = [self.need(argument, members[index][1]) for argument, index in zip(arguments, order)]
            kind = declaration.apply(())
        if declaration.plain:
            return 'int', kind, form[1], case
        fields = kind.fields(case)
        return 'make', kind, form[1], case, [(fields[index].offset, node, index) for index, node in zip(order, nodes)]

    def make(self, form, items, want):
        if len(items) < 2 or items[1][0] not in (NAME, PATH):
            self.bad(form, '(make Name (field e) ...)')
        head = items[1]
        if head[0] == NAME:
            thing, name = self.module.find(head[2]), head[2]
        else:
            alias, name = self.module.find(head[2][0]), head[2][-1]
            thing = self.module.member(alias, name, head[1]) if isinstance(alias, Alias) and len(head[2]) == 2 else None
        if isinstance(thing, Case):
            declaration, case = thing.declaration, thing.index
        elif isinstance(thing, Declaration) and thing.kind == RECORD:
            declaration, case = thing, 0
        else:
            self.fail(head[1], 'unbound-name', '%s is not defined' % name)
        members = declaration.members_of(self.own_type(declaration))[case]
        names = [member[0] for member in members]
        order, arguments = [], []
        for item in items[2:]:
            if item[0] != LIST or len(item[2]) != 2:
                self.bad(item, '(field e)')
            label = self.module.name_of(item[2][0], capital=False)
            if label not in names:
                self.fail(item[1], 'unknown-field', '%s has no field %s' % (name, label))
            if names.index(label) in order:
                self.fail(item[1], 'duplicate-name', '%s is already defined' % label)
            order.append(names.index(label))
            arguments.append(item[2][1])
        for index, label in enumerate(names):
            if index not in order:
                self.fail(form[1], 'missing-field', 'field %s is missing' % label)
        return self.assemble(declaration, case, form, arguments, order, members, want)

    def some(self, form, items, want):
        if len(items) != 2:
            self.fail(form[1], 'argument-count', 'Some takes 1 argument, got %d' % (len(items) - 1))
        if want is not None and want.kind == OPTION:
            return 'some', want, form[1], self.need(items[1], want.elem)
        node = self.expr(items[1], None)
        return 'some', wrap_of('Option', node[1]), form[1], node

    # ---- literals, places, memory

    def the(self, form, items, want):
        self.count(form, items, 2, 2, '(the T e)')
        kind = self.type_of(items[1])
        node = self.need(items[2], kind)
        if node[1].kind == SLICE and kind.kind == VIEW:
            return 'view', kind, form[1], node
        return node

    def array(self, form, items, want):
        elements = items[1:]
        if want is not None and want.kind in (ARRAY, VIEW):
            elem = want.elem
        elif not elements:
            if want is not None:
                self.mismatch(form[1], want, 'an array')
            self.fail(form[1], 'cannot-infer', 'cannot infer the type of the elements')
        else:
            elem = None
        if elem is None:
            nodes = self.operands(elements, None)
            elem = nodes[0][1]
            for element, node in zip(elements, nodes):
                self.fit(element, node, elem)
        else:
            nodes = [self.need(element, elem) for element in elements]
        if want is not None and want.kind == VIEW:
            return 'constview', want, form[1], [constants.value_of(node, self.module) for node in nodes]
        return 'array', array_of(elem, len(nodes)), form[1], nodes

    def run_of_constants(self, form):
        """An `array` form where a View is expected, of elements whose type is not known yet."""
        node = self.array(form, form[2], None)
        return 'constview', wrap_of('View', node[1].elem), form[1], [constants.value_of(inner, self.module) for inner in node[3]]

    def new(self, form, items, want):
        if len(items) < 2:
            self.bad(form, '(new e) or (new Name e...)')
        want = want.elem if want is not None and want.kind == REF else None
        head = items[1]
        thing = None
        if head[0] == NAME and head[2] not in self.scope:
            thing = self.module.find(head[2])
        elif head[0] == PATH and head[2][0] not in self.scope and len(head[2]) == 2:
            alias = self.module.find(head[2][0])
            thing = self.module.member(alias, head[2][1], head[1]) if isinstance(alias, Alias) and alias.module else None
        if isinstance(thing, Case):
            node = self.construct(thing.declaration, thing.index, form, items[2:], want)
        elif isinstance(thing, Declaration) and thing.kind == RECORD:
            node = self.construct(thing, 0, form, items[2:], want)
        else:
            self.count(form, items, 1, 1, '(new e) or (new Name e...)')
            node = self.need(head, want) if want is not None else self.expr(head, None)
            if want is not None and node[1].kind == NEVER:
                return 'new', wrap_of('Ref', want), form[1], node
        return 'new', wrap_of('Ref', want if want is not None and node[1].kind == SLICE else node[1]), form[1], node

    def get(self, form, items, want):
        self.count(form, items, 1, 1, '(get r)')
        node = self.expr(items[1], wrap_of('Ref', want) if want is not None else None)
        if node[1].kind != REF:
            if node[1] is BOTTOM:
                return node
            self.fail(items[1][1], 'type-mismatch', 'expected a Ref, got %s' % node[1])
        return 'get', node[1].elem, form[1], node

    def run(self, form, kinds, expected):
        """The node of an operand that must be of one of some kinds of runs."""
        node = self.expr(form, None)
        if node[1].kind not in kinds and node[1] is not BOTTOM:
            self.fail(form[1], 'type-mismatch', 'expected %s, got %s' % (expected, node[1]))
        return node

    def at(self, form, items, want):
        self.count(form, items, 2, 2, '(at s i)')
        base = self.run(items[1], (SLICE, VIEW, ARRAY, TEXT), 'a Slice, View, Array or Text')
        index = self.need(items[2], I64)
        if base[1] is BOTTOM:
            return 'do', BOTTOM, form[1], [base]
        return 'at', U8 if base[1] is STRING else base[1].elem, form[1], base, index

    def slice(self, form, items, want):
        self.count(form, items, 3, 3, '(slice s from to)')
        base = self.run(items[1], (SLICE, VIEW, ARRAY), 'a Slice, View or Array')
        begin, end = self.need(items[2], I64), self.need(items[3], I64)
        if base[1] is BOTTOM:
            return base
        label = 'Slice' if base[1].kind == SLICE else 'View'
        if base[1].kind == ARRAY:
            label = self.array_home(base)
        return 'slice', wrap_of(label, base[1].elem), form[1], base, begin, end

    def view(self, form, items, want):
        self.count(form, items, 1, 1, '(view s)')
        base = self.run(items[1], (SLICE, VIEW, ARRAY), 'a Slice, View or Array')
        if base[1] is BOTTOM:
            return base
        if base[1].kind == ARRAY:
            self.array_home(base)
        return 'view', wrap_of('View', base[1].elem), form[1], base

    def array_home(self, base):
        """'Slice' or 'View', as what lies in the array's place may be written; a local is refused."""
        node = base
        while True:
            if node[0] == 'field' or node[0] == 'at' and node[3][1].kind == ARRAY:
                node = node[3]
            elif node[0] in ('get', 'global') or node[0] == 'at' and node[3][1].kind == SLICE:
                return 'Slice'
            elif node[0] in ('const', 'at'):
                return 'View'
            else:
                self.fail(base[2], 'no-address', 'an array in a local has no address')

    def length(self, form, items, want):
        self.count(form, items, 1, 1, '(len s)')
        return 'len', I64, form[1], self.run(items[1], (SLICE, VIEW, ARRAY, TEXT), 'a Slice, View, Array or Text')

    def bytes(self, form, items, want):
        self.count(form, items, 1, 1, '(bytes t)')
        return 'view', BYTES, form[1], self.need(items[1], STRING)

    def fill(self, form, items, want):
        self.count(form, items, 2, 2, '(fill n e)')
        size = self.need(items[1], I64)
        if want is not None and want.kind in (SLICE, VIEW):
            elem = want.elem
            node = self.need(items[2], elem)
        else:
            node = self.expr(items[2], None)
            elem = node[1]
        return 'fill', wrap_of('Slice', elem), form[1], size, node

    def place(self, form):
        """The node of a place that may be stored to."""
        node = self.expr(form, None)
        inner = node
        while True:
            operation = inner[0]
            if operation == 'field' or operation == 'at' and inner[3][1].kind == ARRAY:
                inner = inner[3]
                continue
            if operation in ('get', 'global') or operation == 'at' and inner[3][1].kind == SLICE:
                return node
            if operation == 'local' and inner[3].mutable:
                return node
            if operation in ('local', 'at', 'const', 'constview') or form[0] in (NAME, PATH) and operation in ('int', 'text', 'fnval'):
                self.fail(form[1], 'immutable', '%s cannot be set' % spelled(form))
            self.fail(form[1], 'not-a-place', 'this is not a place')

    def set(self, form, items, want):
        self.count(form, items, 2, 2, '(set! place e)')
        place = self.place(items[1])
        return 'set', NULL, form[1], place, self.need(items[2], place[1])

    def step(self, operation):
        def method(self, form, items, want):
            self.count(form, items, 1, 2, '(%s place) or (%s place e)' % (items[0][2], items[0][2]))
            place = self.place(items[1])
            if place[1].kind != INT:
                self.fail(items[1][1], 'not-a-number', 'expected an integer, got %s' % place[1])
            amount = self.need(items[2], place[1]) if len(items) == 3 else ('int', place[1], form[1], 1)
            return 'step', NULL, form[1], operation, place, amount
        return method

    # ---- operators

    def operands(self, forms, want):
        """The nodes of operands of one type: that of the first that is no literal, else `want`, else I64."""
        for index, form in enumerate(forms):
            if form[0] != NUMBER:
                first = self.expr(form, want)
                kind = want if first[1] is BOTTOM else first[1]
                return [first if at == index else self.expr(other, kind) for at, other in enumerate(forms)]
        return [self.expr(form, want) for form in forms]

    def integers(self, forms, want):
        """Nodes of integer operands of one type, and the type."""
        if want is not None and want.kind != INT:
            want = None
        nodes = self.operands(forms, want)
        kind = None
        for form, node in zip(forms, nodes):
            if node[1].kind != INT and node[1] is not BOTTOM:
                self.fail(form[1], 'not-a-number', 'expected an integer, got %s' % node[1])
            if form[0] != NUMBER and node[1] is not BOTTOM and kind is None:
                kind = node[1]
        if kind is None:
            kind = nodes[0][1] if nodes[0][1] is not BOTTOM else nodes[-1][1]
        for form, node in zip(forms, nodes):
            self.fit(form, node, kind)
        return nodes, kind

    def arithmetic(self, form, items, want):
        operation = items[0][2]
        if len(items) == 2 and operation == '-':
            nodes, kind = self.integers(items[1:], want)
            return 'negate', kind, form[1], nodes[0]
        if len(items) < 3:
            self.bad(form, 'two operands or more')
        nodes, kind = self.integers(items[1:], want)
        node = nodes[0]
        for other in nodes[1:]:
            node = 'arith', kind, form[1], operation, node, other
        return node

    def two_integers(self, form, items, want, expected):
        self.count(form, items, 2, 2, expected)
        return self.integers(items[1:], want)

    def division(self, form, items, want):
        nodes, kind = self.two_integers(form, items, want, 'two operands')
        return 'divide', kind, form[1], items[0][2], nodes[0], nodes[1]

    def extreme(self, form, items, want):
        nodes, kind = self.two_integers(form, items, want, 'two operands')
        return 'extreme', kind, form[1], items[0][2], nodes[0], nodes[1]

    def invert(self, form, items, want):
        self.count(form, items, 1, 1, '(~ x)')
        nodes, kind = self.integers(items[1:], want)
        return 'invert', kind, form[1], nodes[0]

    def shift(self, form, items, want):
        self.count(form, items, 2, 2, 'two operands')
        nodes, kind = self.integers(items[1:2], want)
        amounts, _ = self.integers(items[2:], None)
        return 'shift', kind, form[1], items[0][2], nodes[0], amounts[0]

    def compare(self, form, items, want):
        nodes, _ = self.two_integers(form, items, None, 'two operands')
        return 'compare', BOOLEAN, form[1], items[0][2], nodes[0], nodes[1]

    def equal(self, form, items, want):
        self.count(form, items, 2, 2, 'two operands')
        forms = items[1:]
        nodes = self.operands(forms, None)
        kind = nodes[0][1] if forms[0][0] != NUMBER and nodes[0][1] is not BOTTOM else nodes[1][1]
        if kind is BOTTOM:
            kind = nodes[0][1]
        if kind.kind not in (INT, BOOL, ARENA, REF, TEXT, NEVER) and not kind.is_enumeration():
            self.fail(form[1], 'no-equality', '%s cannot be compared' % kind)
        for other, node in zip(forms, nodes):
            self.fit(other, node, kind)
        operation = 'same-text' if kind is STRING else 'compare'
        return operation, BOOLEAN, form[1], items[0][2], nodes[0], nodes[1]

    def logic(self, form, items, want):
        if len(items) < 3:
            self.bad(form, 'two operands or more')
        return items[0][2], BOOLEAN, form[1], [self.need(item, BOOLEAN) for item in items[1:]]

    def negation(self, form, items, want):
        self.count(form, items, 1, 1, '(not e)')
        return 'not', BOOLEAN, form[1], self.need(items[1], BOOLEAN)

    def convert(self, form, items, want):
        self.count(form, items, 2, 2, '(%s T e)' % items[0][2])
        kind = self.type_of(items[1])
        if kind.kind != INT:
            self.fail(items[1][1], 'not-a-number', 'expected an integer type, got %s' % kind)
        if items[2][0] == NUMBER and items[2][2] > I64.high:
            node = self.expr(items[2], U64)
        else:
            node = self.expr(items[2], None)
        if node[1].kind not in (INT, BOOL, NEVER) and not node[1].is_enumeration():
            self.fail(items[2][1], 'not-a-number', 'expected an integer, got %s' % node[1])
        return items[0][2], kind, form[1], node

    # ---- control

    def body(self, forms, want, offset):
        """A body: its forms in order; `want` is its type or None. Bindings that it makes end with it."""
        if not forms:
            if want is not None and want is not NULL:
                self.mismatch(offset, want, NULL)
            return 'unit', NULL, offset
        hidden = []
        nodes = []
        kind = None
        last = len(forms) - 1
        for index, form in enumerate(forms):
            items = form[2]
            if form[0] == LIST and items and items[0][0] == NAME and items[0][2] in ('let', 'var') and (len(items) < 2 or items[1][0] != LIST):
                node = self.statement_binding(form, items, hidden)
                if index == last and want is not None and want is not NULL and kind is not BOTTOM:
                    self.mismatch(form[1], want, NULL)
            elif index < last:
                node = self.expr(form, None)
                if node[1] is not NULL and node[1] is not BOTTOM:
                    self.fail(form[1], 'unused-value', 'a value of type %s is not used' % node[1])
            else:
                node = self.expr(form, want) if want is None or kind is BOTTOM else self.need(form, want)
            nodes.append(node)
            if node[1] is BOTTOM:
                kind = BOTTOM
        self.unbind(hidden)
        if len(nodes) == 1:
            return nodes[0]
        return 'do', kind or nodes[-1][1], offset, nodes

    def loop_body(self, forms, offset):
        node = None
        if forms:
            node = self.body(forms, None, offset)
            if node[1] is not NULL and node[1] is not BOTTOM:
                self.fail(forms[-1][1], 'unused-value', 'a value of type %s is not used' % node[1])
        return node or ('unit', NULL, offset)

    def bind(self, form, kind, mutable, hidden):
        """A new local by the name that `form` is."""
        name = self.module.name_of(form, capital=False)
        local = Local(name, kind, mutable)
        if name != '_':
            hidden.append((name, self.scope.get(name)))
            self.scope[name] = local
        return local

    def unbind(self, hidden):
        for name, before in reversed(hidden):
            if before is None:
                del self.scope[name]
            else:
                self.scope[name] = before

    def binding(self, form, parts, mutable, hidden):
        """`x e` or `x T e`: the node that binds."""
        if len(parts) == 3:
            kind = self.type_of(parts[1])
            node = self.need(parts[2], kind)
        elif len(parts) == 2:
            node = self.expr(parts[1], None)
            kind = node[1]
        else:
            self.bad(form, 'a name, perhaps a type, and a value')
        return 'bind', BOTTOM if node[1] is BOTTOM else NULL, form[1], self.bind(parts[0], kind, mutable, hidden), node

    def statement_binding(self, form, items, hidden):
        return self.binding(form, items[1:], items[0][2] == 'var', hidden)

    def let(self, form, items, want):
        if len(items) < 2 or items[1][0] != LIST:
            self.bad(form, '(%s ((name e) ...) body...)' % ('≔' if items[0][2] == 'let' else 'var'))
        hidden, nodes = [], []
        for part in items[1][2]:
            if part[0] != LIST:
                self.bad(part, '(name e) or (name T e)')
            nodes.append(self.binding(part, part[2], items[0][2] == 'var', hidden))
        node = self.body(items[2:], want, form[1])
        self.unbind(hidden)
        if not nodes:
            return node
        never = any([bound[1] is BOTTOM for bound in nodes])
        return 'do', BOTTOM if never else node[1], form[1], nodes + [node]

    def do(self, form, items, want):
        return self.body(items[1:], want, form[1])

    def branches(self, want):
        """A function that notes the types of branches, and a function that gives the type of the whole."""
        kinds = []

        def note(node):
            kinds.append(node[1])
            return node

        def wanted():
            if want is not None:
                return want
            for kind in kinds:
                if kind is not BOTTOM:
                    return kind
            return None

        def whole():
            return BOTTOM if all([kind is BOTTOM for kind in kinds]) else wanted()
        return note, wanted, whole

    def choose(self, form, items, want):
        self.count(form, items, 2, 3, '(if c a b)')
        condition = self.need(items[1], BOOLEAN)
        if len(items) == 3:
            return 'cond', NULL, form[1], [(condition, self.need(items[2], NULL))], None
        note, wanted, whole = self.branches(want)
        first = note(self.expr_or_need(items[2], want))
        second = note(self.expr_or_need(items[3], wanted()))
        return 'cond', whole(), form[1], [(condition, first)], second

    def expr_or_need(self, form, want):
        return self.expr(form, None) if want is None else self.need(form, want)

    def cond(self, form, items, want):
        clauses, otherwise = [], None
        forms = items[1:]
        last = forms[-1] if forms else None
        has_else = last is not None and last[0] == LIST and last[2] and last[2][0][::2] == (NAME, 'else')
        note, wanted, whole = self.branches(want if has_else else NULL)
        for clause in forms:
            if clause[0] != LIST or not clause[2]:
                self.bad(clause, '(condition body...)')
            if clause is last and has_else:
                otherwise = note(self.body(clause[2][1:], wanted(), clause[1]))
            elif clause[2][0][::2] == (NAME, 'else') and 'else' not in self.scope:
                self.bad(clause, 'else last')
            else:
                condition = self.need(clause[2][0], BOOLEAN)
                clauses.append((condition, note(self.body(clause[2][1:], wanted(), clause[1]))))
        return 'cond', whole() if has_else else NULL, form[1], clauses, otherwise

    def loop_while(self, form, items, want):
        if len(items) < 2:
            self.bad(form, '(while c body...)')
        condition = self.need(items[1], BOOLEAN)
        self.loops += 1
        body = self.loop_body(items[2:], form[1])
        self.loops -= 1
        return 'while', NULL, form[1], condition, body

    def loop_head(self, form, items, parts, expected):
        if len(items) < 2 or items[1][0] != LIST or len(items[1][2]) != parts:
            self.bad(form, expected)
        return items[1][2]

    def loop_for(self, form, items, want):
        head = self.loop_head(form, items, 3, '(for (i from to) body...)')
        nodes, kind = self.integers(head[1:], None)
        hidden = []
        local = self.bind(head[0], kind, False, hidden)
        self.loops += 1
        body = self.loop_body(items[2:], form[1])
        self.loops -= 1
        self.unbind(hidden)
        return 'for', NULL, form[1], local, nodes[0], nodes[1], body

    def loop_each(self, form, items, want):
        head = self.loop_head(form, items, 2, '(for-each (x s) body...)')
        base = self.run(head[1], (SLICE, VIEW, ARRAY), 'a Slice, View or Array')
        hidden = []
        local = self.bind(head[0], BOTTOM if base[1] is BOTTOM else base[1].elem, False, hidden)
        self.loops += 1
        body = self.loop_body(items[2:], form[1])
        self.loops -= 1
        self.unbind(hidden)
        if base[1] is BOTTOM:
            return base
        return 'for-each', NULL, form[1], local, base, body

    def leave_loop(self, form, items, want):
        self.count(form, items, 0, 0, '(%s)' % items[0][2])
        if not self.loops:
            self.fail(form[1], 'outside-loop', '%s outside a loop' % items[0][2])
        return items[0][2], BOTTOM, form[1]

    def leave_function(self, form, items, want):
        self.count(form, items, 0, 1, '(return e)')
        if self.result is None:
            self.fail(form[1], 'not-constant', 'this is not a constant')
        if len(items) == 1:
            if self.result is not NULL:
                self.mismatch(form[1], self.result, NULL)
            return 'return', BOTTOM, form[1], ('unit', NULL, form[1])
        return 'return', BOTTOM, form[1], self.need(items[1], self.result)

    def discard(self, form, items, want):
        self.count(form, items, 1, 1, '(discard e)')
        return 'discard', NULL, form[1], self.expr(items[1], None)

    def panic(self, form, items, want):
        self.count(form, items, 1, 1, '(panic t)')
        return 'panic', BOTTOM, form[1], self.need(items[1], STRING)

    def check_assert(self, form, items, want):
        self.count(form, items, 1, 2, '(assert c) or (assert c t)')
        condition = self.need(items[1], BOOLEAN)
        return 'assert', NULL, form[1], condition, self.need(items[2], STRING) if len(items) == 3 else None

    # ---- match and try

    def match(self, form, items, want):
        if len(items) < 2:
            self.bad(form, '(match e (pattern body...) ...)')
        node = self.expr(items[1], None)
        note, wanted, whole = self.branches(want)
        arms = []
        for arm in items[2:]:
            if arm[0] != LIST or not arm[2]:
                self.bad(arm, '(pattern body...)')
            bound = {}
            pattern = self.pattern(arm[2][0], node[1], bound)
            hidden = [(name, self.scope.get(name)) for name in bound]
            self.scope.update(bound)
            arms.append((pattern, note(self.body(arm[2][1:], wanted(), arm[1]))))
            self.unbind(hidden)
        return 'match', whole() if arms else BOTTOM, form[1], node, arms

    def pattern(self, form, kind, bound):
        """A pattern as a tuple (what, ...); `bound` gathers the locals by name, or is None inside `or`."""
        what, offset, value = form
        if what == NUMBER:
            if kind.kind != INT:
                self.mismatch(offset, kind, 'an integer')
            if not kind.low <= value <= kind.high:
                self.fail(offset, 'literal-range', '%d does not fit %s' % (value, kind))
            return 'int', kind, value
        if what == TEXT_FORM:
            if kind is not STRING:
                self.mismatch(offset, kind, STRING)
            return 'text', kind, value
        if what == NAME:
            if value == '_':
                return 'any', kind
            if value in ('true', 'false'):
                if kind is not BOOLEAN:
                    self.mismatch(offset, kind, BOOLEAN)
                return 'int', kind, int(value == 'true')
            if value[0].isupper():
                return self.case_pattern(form, form, [], kind, bound)
            return self.name_pattern(form, kind, bound)
        if what != LIST or not value or value[0][0] != NAME:
            self.bad(form, 'a pattern')
        head = value[0]
        if head[2] == 'or':
            if len(value) < 2:
                self.bad(form, '(or pattern...)')
            return 'or', kind, [self.pattern(part, kind, None) for part in value[1:]]
        if not head[2][0].isupper():
            self.bad(form, 'a pattern')
        return self.case_pattern(form, head, value[1:], kind, bound)

    def name_pattern(self, form, kind, bound):
        name = self.module.name_of(form, capital=False)
        if name == 'else':
            self.bad(form, '_, which fits every value')
        if self.has_case(kind, name[0].upper() + name[1:]):
            self.fail(form[1], 'unknown-case', '%s has no case %s' % (kind, name))
        if bound is None:
            self.fail(form[1], 'binding-in-or', 'a pattern inside or cannot bind %s' % name)
        if name in bound:
            self.fail(form[1], 'duplicate-name', '%s is already defined' % name)
        bound[name] = Local(name, kind, False)
        return 'bind', kind, bound[name]

    def has_case(self, kind, name):
        return kind.kind == OPTION and name in ('None', 'Some') or kind.kind == VARIANT and name in kind.declaration.case_index

    def case_pattern(self, form, head, parts, kind, bound):
        name = head[2]
        if kind.kind == OPTION and name in ('None', 'Some'):
            kinds, index = ((kind.elem,), 1) if name == 'Some' else ((), 0)
        elif kind.kind == VARIANT and name in kind.declaration.case_index:
            index = kind.declaration.case_index[name]
            kinds = tuple([member for _, member in kind.declaration.members_of(kind)[index]])
        elif kind.kind == RECORD and name == kind.declaration.name:
            kinds, index = tuple([member for _, member in kind.declaration.members_of(kind)[0]]), 0
        else:
            self.fail(head[1], 'unknown-case', '%s has no case %s' % (kind, name))
        if len(parts) != len(kinds):
            self.fail(form[1], 'argument-count', '%s takes %s, got %d' % (name, many(len(kinds), 'argument'), len(parts)))
        return 'case', kind, index, [self.pattern(part, inner, bound) for part, inner in zip(parts, kinds)]

    def attempt(self, form, items, want):
        self.count(form, items, 1, 1, '(try e)')
        node = self.expr(items[1], None)
        kind, result = node[1], self.result
        if kind is BOTTOM:
            return node
        if kind.kind == OPTION:
            if result is None or result.kind != OPTION:
                self.fail(form[1], 'bad-try', 'try needs a function that returns an Option, this one returns %s' % result)
            return 'try', kind.elem, form[1], node, result
        outcome = self.program.prelude.exports.get('Result')
        if kind.declaration is None or kind.declaration is not outcome:
            self.fail(form[1], 'bad-try', 'try needs a Result or an Option, got %s' % kind)
        if result is None or result.declaration is not outcome or result.args[1] is not kind.args[1]:
            self.fail(form[1], 'bad-try', 'try needs a function that returns (Result T %s), this one returns %s' % (kind.args[1], result))
        return 'try', kind.args[0], form[1], node, result

    # ---- arenas

    def arena(self, form, items, want):
        head = self.loop_head(form, items, 1, '(arena (a) body...)')
        hidden = []
        local = self.bind(head[0], REGION, False, hidden)
        self.arenas += 1
        body = self.body(items[2:], want, form[1])
        self.arenas -= 1
        self.unbind(hidden)
        return 'arena', body[1], form[1], local, body

    def within(self, form, items, want):
        self.count(form, items, 2, 2, '(in a e)')
        handle = self.need(items[1], REGION)
        node = self.expr_or_need(items[2], want)
        return 'in', node[1], form[1], handle, node

    def promote(self, form, items, want):
        self.count(form, items, 1, 1, '(promote e)')
        if not self.arenas:
            self.fail(form[1], 'outside-arena', 'promote outside an arena form')
        node = self.expr_or_need(items[1], want)
        return 'promote', node[1], form[1], node

    def not_yet(self, form, items, want):
        self.fail(form[1], 'not-yet', '%s is reserved and not yet part of the language' % items[0][2])

    def not_here(self, form, items, want):
        self.bad(form, 'an expression')

    # ---- std:raw

    def raw_signature(*kinds):
        """The method for a raw operation that takes and gives values alone; the last type is the result."""
        def method(self, form, items, want):
            name = operation_name(items[0])
            return 'raw', kinds[-1], form[1], name, None, self.arguments(form, items, kinds[:-1], name)
        return method

    def raw_typed(result, *kinds):
        """The method for a raw operation whose first part is a type T; None among `kinds` stands for T."""
        def method(self, form, items, want):
            name = operation_name(items[0])
            if len(items) != len(kinds) + 2:
                self.fail(form[1], 'argument-count', '%s takes %s, got %d' % (name, many(len(kinds) + 1, 'argument'), len(items) - 1))
            kind = self.type_of(items[1])
            nodes = [self.need(item, kind if wanted is None else wanted) for item, wanted in zip(items[2:], kinds)]
            whole = result(kind)
            if name in ('size-of', 'align-of'):
                return 'int', whole, form[1], kind.size if name == 'size-of' else kind.align
            return 'raw', whole, form[1], name, kind, nodes
        return method

    def raw_address(self, form, items, want):
        self.count(form, items, 1, 1, '(raw.address x)')
        node = self.expr(items[1], None)
        if node[1].kind not in (REF, SLICE, VIEW, TEXT, ARENA, NEVER):
            self.fail(items[1][1], 'type-mismatch', 'expected a Ref, Slice, View, Text or Arena, got %s' % node[1])
        return 'raw', U64, form[1], 'address', None, [node]

    def raw_code(self, form, items, want):
        self.count(form, items, 1, 1, '(raw.code f)')
        node = self.expr(items[1], None)
        if node[1].kind != FN:
            self.fail(items[1][1], 'type-mismatch', 'expected a function, got %s' % node[1])
        return 'raw', U64, form[1], 'code', None, [node]

    def raw_syscall(self, form, items, want):
        self.count(form, items, 1, 7, '(raw.syscall n a b c d e f)')
        return 'raw', I64, form[1], 'syscall', None, [self.need(item, U64) for item in items[1:]]

    RAW_METHODS = {
        'load': raw_typed(lambda kind: kind, U64), 'store': raw_typed(lambda kind: NULL, U64, None),
        'copy': raw_signature(U64, U64, I64, NULL), 'fill': raw_signature(U64, U8, I64, NULL),
        'compare': raw_signature(U64, U64, I64, I64), 'address': raw_address,
        'ref': raw_typed(lambda kind: wrap_of('Ref', kind), U64), 'slice': raw_typed(lambda kind: wrap_of('Slice', kind), U64, I64),
        'view': raw_typed(lambda kind: wrap_of('View', kind), U64, I64), 'text': raw_signature(U64, I64, STRING),
        'arena': raw_signature(U64, REGION), 'size-of': raw_typed(lambda kind: I64), 'align-of': raw_typed(lambda kind: I64),
        'layout-of': raw_typed(lambda kind: U64), 'syscall': raw_syscall, 'code': raw_code, 'image': raw_signature(U64),
        'run-main': raw_signature(U64, wrap_of('View', BYTES), I64), 'current': raw_signature(U64),
        'set-current': raw_signature(U64, NULL), 'signal-entry': raw_signature(U64)}


def operation_name(head):
    return head[2] if head[0] == NAME else head[2][-1]


def is_array(form):
    return form[0] == LIST and form[2] and form[2][0][::2] == (NAME, 'array')


def spelled(form):
    return form[2] if form[0] == NAME else '.'.join(form[2]) if form[0] == PATH else 'this'


def constant_of(program, stored):
    """The value of a constant, or the first value of a global."""
    if stored.state != 'done':
        stored.state = 'busy'
        checker = Checker(program, stored.module, None, {}, {}, 0)
        node = checker.need(stored.value_form, stored.type)
        stored.value = constants.value_of(node, stored.module)
        stored.state = 'done'
    return stored.value


RAW = Checker.RAW_METHODS
FORMS = {
    '.': Checker.dot, 'make': Checker.make, 'the': Checker.the, 'array': Checker.array, 'new': Checker.new, 'get': Checker.get,
    'at': Checker.at, 'slice': Checker.slice, 'view': Checker.view, 'len': Checker.length, 'bytes': Checker.bytes, 'fill': Checker.fill,
    'set!': Checker.set, 'inc!': Checker.step(None, '+'), 'dec!': Checker.step(None, '-'), 'and': Checker.logic, 'or': Checker.logic,
    'not': Checker.negation, 'to': Checker.convert, 'wrap': Checker.convert, '~': Checker.invert, '<<': Checker.shift,
    '>>': Checker.shift, '=': Checker.equal, '!=': Checker.equal, 'min': Checker.extreme, 'max': Checker.extreme,
    'if': Checker.choose, 'cond': Checker.cond, 'while': Checker.loop_while, 'for': Checker.loop_for, 'for-each': Checker.loop_each,
    'break': Checker.leave_loop, 'continue': Checker.leave_loop, 'return': Checker.leave_function, 'do': Checker.do,
    'discard': Checker.discard, 'let': Checker.let, 'var': Checker.let, 'panic': Checker.panic, 'assert': Checker.check_assert,
    'match': Checker.match, 'try': Checker.attempt, 'arena': Checker.arena, 'in': Checker.within, 'promote': Checker.promote,
    'lambda': Checker.not_yet}
FORMS.update((name, Checker.arithmetic) for name in ('+', '-', '*', '&', '|', '^'))
FORMS.update((name, Checker.division) for name in ('/', '%'))
FORMS.update((name, Checker.compare) for name in ('<', '<=', '>', '>='))
FORMS.update((name, Checker.not_here) for name in sorted(HEADS) if name not in FORMS)
