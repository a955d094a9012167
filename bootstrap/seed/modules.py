"""modules: files to modules, and what each top-level name means (clauses 3, 4.1, 6.1 and 13.1).

A file is loaded after the files that it imports, so that a module's names are complete when the next one asks for them.
Types and signatures are resolved on the first question, since names are known in the whole file in any order.
"""

import os

import layout
from fault import Trouble, many
from layout import (ATOMS, MAKERS, PARAM, PREDECLARED, RECORD, VARIANT, TooDeep, TooLarge, Type, array_of, function_of, subst, wrap_of)
from read import LIST, NAME, NO_FLOATS, NUMBER, PATH, TEXT, Source, read

HEADS = frozenset('''module import export fn : -> let type forall lambda doc const var cap make the array get at set! inc! dec! fill slice
    view len bytes new . + - * / % & | ^ ~ << >> < <= > >= = != min max and or not to wrap if cond else while for for-each break
    continue return do discard panic assert match try arena in promote'''.split())
NAME_STARTS = frozenset('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_+-*/%&|^~<>=!?$@#:')
RAW_NAMES = frozenset('''load store copy fill compare address ref slice view text arena size-of align-of layout-of syscall code image
    run-main current set-current signal-entry'''.split())


class Function:
    __slots__ = ('name', 'module', 'offset', 'name_offset', 'tparams', 'signature', 'parameters', 'list_offset', 'body', 'types', 'result',
                 'requirements', 'environment', 'instances', 'checked')

    def __init__(self, name, module, offset, name_offset):
        self.name, self.module, self.offset, self.name_offset = name, module, offset, name_offset
        self.tparams = ()          # of a generic function: (PARAM type, [(name, type form), ...]) each
        self.types = None          # of the parameters, once resolved
        self.requirements = ()     # (name, type) in the order of the text, once resolved
        self.environment = {}      # type parameters by name
        self.instances = {}
        self.checked = None

    def resolve(self):
        """Resolves the signature, once."""
        if self.types is None:
            module, scope = self.module, self.environment
            wanted = []
            for parameter, requirements in self.tparams:
                for name, form in requirements:
                    wanted.append((name, resolve_type(form, module, scope)))
            kind = resolve_type(self.signature, module, scope)
            if len(kind.args) - 1 != len(self.parameters):
                module.fail(self.list_offset, 'parameter-count', 'the signature has %s, the function %d'
                            % (many(len(kind.args) - 1, 'parameter'), len(self.parameters)))
            self.requirements, self.result, self.types = tuple(wanted), kind.args[-1], kind.args[:-1]
        return self

    @property
    def type(self):
        self.resolve()
        return function_of(self.types + (self.result,))


class Declaration:
    """A declared type: a record (one case without a name) or a variant. `cases` are (name, [(field, type form)], offset)."""

    def __init__(self, name, module, offset, kind, params):
        self.name, self.module, self.offset, self.kind, self.params = name, module, offset, kind, params
        self.environment = {param.label: param for param in params}
        self.cases, self.case_index = [], {}
        self.plain = False
        self.instances = {}
        self.resolved = None

    def apply(self, args):
        made = self.instances.get(args)
        if made is None:
            made = self.instances[args] = Type(self.kind, args, declaration=self, label=self.name)
            if made.depth > layout.DEEPEST:
                raise TooDeep(made)
        return made

    def members_of(self, made):
        """For each case the list of (field name, type)."""
        if self.resolved is None:
            self.resolved = [[(name, resolve_type(form, self.module, self.environment)) for name, form in fields]
                             for _, fields, _ in self.cases]
        found = dict(zip(self.params, made.args))
        return [[(name, subst(kind, found)) for name, kind in fields] for fields in self.resolved]


class Case:
    __slots__ = ('declaration', 'index', 'name')

    def __init__(self, declaration, index, name):
        self.declaration, self.index, self.name = declaration, index, name


class Stored:
    """A constant or a global: a name, a type and the constant it starts with."""

    def __init__(self, name, module, offset, type_form, value_form):
        self.name, self.module, self.offset, self.type_form, self.value_form = name, module, offset, type_form, value_form
        self._type = None
        self.state = self.value = self.address = None

    @property
    def type(self):
        if self._type is None:
            self._type = resolve_type(self.type_form, self.module, {})
        return self._type


class Constant(Stored):
    pass


class Global(Stored):
    pass


class Alias:
    """An import's alias. The module of std:raw is None."""

    def __init__(self, module):
        self.module = module


class RawName:
    def __init__(self, name):
        self.name = name


class Module:
    def __init__(self, source):
        self.source, self.fail, self.path = source, source.fail, source.path
        self.name = None
        self.offset = 0      # of its module form
        self.names, self.exports = {}, {}
        self.heads = []  # forms of names that are reserved, for functions and constants that are not exported
        self.borrowing = False  # from here on names are imported without alias
        self.functions, self.types, self.stored = [], [], []
        self.prelude = None
        self.sound = False  # whether its types have been measured

    def find(self, name):
        """What a name means in this module, or None."""
        found = self.names.get(name)
        if found is None and self.prelude:
            found = self.prelude.exports.get(name)
        return found

    def member(self, alias, name, offset):
        """What alias.name means."""
        if alias.module is None:
            if name not in RAW_NAMES:
                self.fail(offset, 'unbound-name', '%s is not defined' % name)
            return RawName(name)
        found = alias.module.exports.get(name)
        if found is None:
            if name in alias.module.names and getattr(alias.module.names[name], 'module', alias.module) is alias.module:
                self.fail(offset, 'not-exported', '%s is not exported by %s' % (name, alias.module.name))
            self.fail(offset, 'unbound-name', '%s is not defined' % name)
        return found

    def bad(self, form, expected):
        self.fail(form[1], 'bad-form', 'expected %s' % expected)

    def name_of(self, form, capital=None):
        """The name that a form is, beginning with a capital letter or not as asked."""
        if form[0] != NAME or form[2][0] not in NAME_STARTS:
            self.bad(form, 'a name')
        name = form[2]
        if capital is True and not name[0].isupper():
            self.fail(form[1], 'name-case', '%s must begin with a capital letter' % name)
        if capital is False and name[0].isupper():
            self.fail(form[1], 'name-case', '%s must not begin with a capital letter' % name)
        return name

    def define(self, form, name, thing, reserved=False):
        if name in PREDECLARED or self.borrowing and name in HEADS:
            self.fail(form[1], 'reserved-name', '%s is reserved' % name)
        if reserved and name in HEADS:
            self.heads.append(form)
        if name in self.names:
            self.fail(form[1], 'duplicate-name', '%s is already defined' % name)
        self.names[name] = thing


class Program:
    """All modules of a program, loaded from the root file on."""

    def __init__(self, root_path, library_path, allocator):
        self.root_folder = os.path.dirname(os.path.abspath(root_path))
        self.library = os.path.abspath(library_path)
        self.allocator_path = os.path.join(self.library, 'std', 'alloc-%s.0x0' % allocator)
        self.loaded, self.by_name, self.modules = {}, {}, []
        self.prelude = None
        try:
            with open(os.path.join(self.library, 'std', 'raw-users'), encoding='utf-8') as table:
                self.raw_users = frozenset(os.path.join(self.library, line.strip()) for line in table)
        except (OSError, UnicodeDecodeError) as error:
            raise Trouble('cannot read the library\'s table std/raw-users: %s' % error)
        self.prelude = self.library_module('prelude')
        self.alloc = self.library_module('alloc')
        self.runtime = self.library_module('runtime')
        self.root = self.load(os.path.abspath(root_path))

    def library_path_of(self, name):
        return self.allocator_path if name == 'alloc' else os.path.normpath(os.path.join(self.library, 'std', name + '.0x0'))

    def library_module(self, name):
        return self.load(self.library_path_of(name))

    def display(self, path):
        folder = os.path.join(self.library, 'std') + os.sep
        if path == self.allocator_path:
            return 'std:alloc'
        if path.startswith(folder) and path.endswith('.0x0'):
            return 'std:' + path[len(folder):-4].replace(os.sep, '/')
        return os.path.relpath(path, self.root_folder).replace(os.sep, '/')

    def load(self, path, source=None):
        """The module of a file, loaded with all that it imports when it is new."""
        if path in self.loaded:
            return self.loaded[path]
        source = source or Source(path, self.display(path))
        module = Module(source)
        self.loaded[path] = None  # until it is complete: an import that meets this closes a circle
        forms = read(source)
        module.prelude = self.prelude
        first = forms[0] if forms else (LIST, 0, [])
        if first[0] != LIST or not first[2] or first[2][0][::2] != (NAME, 'module'):
            module.fail(first[1], 'missing-module', 'a file begins with its module form, (⊙ name)')
        module.offset = first[1]
        if len(first[2]) != 2 or first[2][1][0] not in (NAME, PATH):
            module.bad(first, '(⊙ name)')
        module.name = '.'.join(first[2][1][2]) if first[2][1][0] == PATH else module.name_of(first[2][1])
        if module.name in self.by_name:
            module.fail(first[2][1][1], 'duplicate-module', 'module %s is also defined in %s' % (module.name, self.by_name[module.name]))
        self.by_name[module.name] = source.display
        exported, borrowed = [], []
        for form in forms[1:]:
            head = form[2][0] if form[0] == LIST and form[2] else (None, None, None)
            if head[0] != NAME or head[2] not in DEFINERS:
                module.fail(form[1], 'bad-top-level', 'expected a top-level form')
            if head[2] == 'import':
                self.define_import(module, form, borrowed)
            elif head[2] == 'export':
                exported.extend(form[2][1:])
            else:
                DEFINERS[head[2]](module, form)
        module.borrowing = True
        for name_form, alias in borrowed:
            name = module.name_of(name_form)
            module.define(name_form, name, module.member(alias, name, name_form[1]))
        define_exports(module, exported)
        for form in module.heads:
            if form[2] not in module.exports:
                module.fail(form[1], 'reserved-name', '%s is reserved' % form[2])
        self.loaded[path] = module
        self.modules.append(module)
        return module

    def define_import(self, module, form, borrowed):
        items = form[2]
        if not 3 <= len(items) <= 4 or items[1][0] != TEXT or items[2][0] != NAME or len(items) == 4 and items[3][0] != LIST:
            module.bad(form, '(↥ "path" alias) or (↥ "path" alias (name ...))')
        name = module.name_of(items[2])
        text = items[1][2].decode('utf-8')
        if text == 'std:raw':
            if module.path not in self.raw_users:
                module.fail(form[1], 'raw-import', 'std:raw may not be imported here')
            target = None
        else:
            if text.startswith('std:'):
                path = self.library_path_of(text[4:])
            else:
                path = os.path.normpath(os.path.join(os.path.dirname(module.path), text))
            if path in self.loaded:
                target = self.loaded[path]
                if target is None:
                    module.fail(form[1], 'import-circle', 'this import leads back to %s' % self.display(path))
            else:
                if not text or '\0' in text or not os.path.isfile(path):
                    module.fail(items[1][1], 'import-not-found', 'cannot read %s: no such file' % text)
                if not os.access(path, os.R_OK):
                    module.fail(items[1][1], 'import-not-found', 'cannot read %s: permission denied' % text)
                target = self.load(path)
        alias = Alias(target)
        module.define(items[2], name, alias)
        if len(items) == 4:
            borrowed.extend((part, alias) for part in items[3][2])


def define_exports(module, forms):
    for form in forms:
        name = module.name_of(form)
        thing = module.names.get(name)
        if thing is None or isinstance(thing, (Alias, RawName)) or owner(thing) is not module:
            module.fail(form[1], 'unbound-export', '%s is exported but not defined' % name)
        if name in module.exports:
            module.fail(form[1], 'duplicate-name', '%s is already defined' % name)
        module.exports[name] = thing
        if isinstance(thing, Declaration) and thing.kind == VARIANT:
            for case, _, _ in thing.cases:
                module.exports[case] = module.names[case]


def owner(thing):
    return thing.declaration.module if isinstance(thing, Case) else thing.module


def define_doc(module, form):
    if len(form[2]) != 2 or form[2][1][0] != TEXT:
        module.bad(form, '(doc "text")')


def define_stored(made):
    def define(module, form):
        items = form[2]
        if len(items) != 4:
            module.bad(form, '(%s name type value)' % items[0][2])
        name = module.name_of(items[1], capital=False)
        thing = made(name, module, items[1][1], items[2], items[3])
        module.define(items[1], name, thing, reserved=True)
        module.stored.append(thing)
    return define


def define_function(module, form):
    items = form[2]
    if len(items) < 3:
        module.bad(form, '(ƒ name annotation... (parameter ...) body...)')
    name = module.name_of(items[1], capital=False)
    function = Function(name, module, form[1], items[1][1])
    seen = set()
    at = 2
    while at < len(items):
        annotation = items[at]
        inner = annotation[2]
        if annotation[0] != LIST or not inner or inner[0][0] != NAME or inner[0][2] not in ANNOTATIONS:
            break
        kind = inner[0][2]
        if kind in seen:
            module.bad(annotation, 'the %s annotation once' % kind)
        seen.add(kind)
        if kind == 'doc':
            define_doc(module, annotation)
        elif kind == ':':
            if len(inner) != 2 or inner[1][0] != LIST or not inner[1][2] or inner[1][2][0][::2] != (NAME, '->'):
                module.bad(annotation, '(∷ (→ type... result))')
            function.signature = inner[1]
        elif kind == 'cap':
            for part in inner[1:]:
                module.name_of(part)
        else:
            define_tparams(module, function, inner[1:])
        at += 1
    if at == len(items) or items[at][0] != LIST:
        module.bad(items[at] if at < len(items) else form, 'a list of parameters')
    if ':' not in seen:
        module.fail(form[1], 'missing-signature', 'function %s has no signature' % name)
    function.parameters, function.list_offset = [], items[at][1]
    for parameter in items[at][2]:
        label = module.name_of(parameter, capital=False)
        if label in function.parameters and label != '_':
            module.fail(parameter[1], 'duplicate-name', '%s is already defined' % label)
        function.parameters.append(label)
    function.body = items[at + 1:]
    module.define(items[1], name, function, reserved=True)
    module.functions.append(function)


def define_tparams(module, function, forms):
    tparams = []
    requirement_names = set()
    if not forms:
        module.fail(function.offset, 'bad-form', 'expected type parameters')
    for form in forms:
        parts = form[2] if form[0] == LIST else [form]
        if not parts:
            module.bad(form, '(T requirement...)')
        param = define_tparam(module, parts[0], function.environment)
        requirements = []
        for requirement in parts[1:]:
            inner = requirement[2]
            if requirement[0] != LIST or len(inner) != 2 or inner[1][0] != LIST or not inner[1][2] or inner[1][2][0][::2] != (NAME, '->'):
                module.bad(requirement, '(name (→ type... result))')
            label = module.name_of(inner[0], capital=False)
            if label in requirement_names:
                module.fail(inner[0][1], 'duplicate-name', '%s is already defined' % label)
            requirement_names.add(label)
            requirements.append((label, inner[1]))
        tparams.append((param, requirements))
    function.tparams = tuple(tparams)


def define_tparam(module, form, environment):
    name = module.name_of(form, capital=True)
    if name in PREDECLARED:
        module.fail(form[1], 'reserved-name', '%s is reserved' % name)
    if name in environment:
        module.fail(form[1], 'duplicate-name', '%s is already defined' % name)
    param = environment[name] = Type(PARAM, label=name)
    return param


def define_type(module, form):
    items = form[2]
    if len(items) < 2:
        module.bad(form, '(τ Name member...)')
    header = items[1]
    params = []
    if header[0] == LIST:
        if len(header[2]) < 2:
            module.bad(header, '(Name T...)')
        environment = {}
        params = [define_tparam(module, part, environment) for part in header[2][1:]]
        header = header[2][0]
    name = module.name_of(header, capital=True)
    members = []
    for member in items[2:]:
        if member[0] == LIST and member[2] and member[2][0][::2] == (NAME, 'doc') and len(member[2]) == 2 and member[2][1][0] == TEXT:
            continue
        if member[0] == LIST and not member[2]:
            module.bad(member, 'a member')
        label_form = member[2][0] if member[0] == LIST else member
        members.append((member, label_form, module.name_of(label_form)[0].isupper()))
    capitals = [capital for _, _, capital in members]
    if not members or any(capitals) and not all(capitals):
        module.fail(form[1], 'mixed-members', 'a type has either fields or cases')
    made = Declaration(name, module, header[1], VARIANT if capitals[0] else RECORD, params)
    module.define(header, name, made)
    module.types.append(made)
    if not capitals[0]:
        made.cases.append((None, field_list(module, [member for member, _, _ in members]), form[1]))
        return
    for index, (member, label_form, _) in enumerate(members):
        label = label_form[2]
        made.cases.append((label, field_list(module, member[2][1:]) if member[0] == LIST else [], label_form[1]))
        made.case_index[label] = index
        module.define(label_form, label, Case(made, index, label))
    made.plain = not any(fields for _, fields, _ in made.cases)


def field_list(module, forms):
    fields, seen = [], set()
    for form in forms:
        if form[0] != LIST or len(form[2]) != 2:
            module.bad(form, '(field Type)')
        label = module.name_of(form[2][0], capital=False)
        if label in seen:
            module.fail(form[2][0][1], 'duplicate-name', '%s is already defined' % label)
        seen.add(label)
        fields.append((label, form[2][1]))
    return fields


ANNOTATIONS = frozenset([':', 'forall', 'cap', 'doc'])
DEFINERS = {'doc': define_doc, 'import': None, 'export': None, 'type': define_type, 'const': define_stored(Constant),
            'var': define_stored(Global), 'fn': define_function}


def resolve_type(form, module, environment):
    """The type that a form names, its parameters given by `environment`."""
    kind, offset, value = form
    if kind == NAME:
        return resolve_name(form, value, module, environment)
    if kind == PATH:
        return applied(form, declared(form, module), (), module)
    if kind != LIST or not value or value[0][0] not in (NAME, PATH):
        module.fail(offset, 'bad-type', 'expected a type')
    head = value[0][2]
    if head == '->':
        return resolve_function(form, value, module, environment)
    if head == 'Array' and value[0][0] == NAME:
        return resolve_array(form, value, module, environment)
    args = tuple([resolve_type(part, module, environment) for part in value[1:]])
    if head in MAKERS:
        if len(args) != 1:
            module.fail(offset, 'type-argument-count', '%s takes 1 type argument, got %d' % (head, len(args)))
        return checked_size(wrap_of(head, args[0]), form, module)
    if head in ATOMS or head in environment:
        module.fail(offset, 'type-argument-count', '%s takes 0 type arguments, got %d' % (head, len(args)))
    return applied(form, declared(value[0], module), args, module)


def resolve_name(form, name, module, environment):
    found = ATOMS.get(name) or environment.get(name)
    if found:
        return found
    if name in ('F32', 'F64'):
        module.fail(form[1], 'no-floats', NO_FLOATS)
    if name in MAKERS or name == 'Array':
        module.fail(form[1], 'type-argument-count', '%s takes %s, got 0' % (name, many(2 if name == 'Array' else 1, 'type argument')))
    if name[0] not in NAME_STARTS:
        module.fail(form[1], 'bad-type', 'expected a type')
    return applied(form, declared(form, module), (), module)


def resolve_function(form, value, module, environment):
    parts = value[1:]
    if parts and parts[0][0] == LIST and parts[0][2] and parts[0][2][0][::2] == (NAME, 'cap'):
        for part in parts[0][2][1:]:
            module.name_of(part)
        parts = parts[1:]
    if not parts:
        module.bad(form, '(→ type... result)')
    return function_of(tuple([resolve_type(part, module, environment) for part in parts]))


def resolve_array(form, value, module, environment):
    if len(value) != 3:
        module.fail(form[1], 'type-argument-count', 'Array takes 2 type arguments, got %d' % (len(value) - 1))
    elem = resolve_type(value[1], module, environment)
    if value[2][0] != NUMBER or not 0 <= value[2][2] <= layout.LARGEST:
        module.fail(value[2][1], 'bad-type', 'expected a length from 0 to %d' % layout.LARGEST)
    return checked_size(array_of(elem, value[2][2]), form, module)


def checked_size(kind, form, module):
    """Refuses a type that is too large, once the declarations are known to be sound."""
    if module.sound and not kind.generic:
        try:
            kind.size
        except TooLarge:
            module.fail(form[1], 'type-too-large', 'type %s is larger than %d bytes' % (kind, layout.LARGEST))
    return kind


def declared(form, module):
    """The declaration that a name or a path of two parts names."""
    if form[0] == NAME:
        found, name = module.find(form[2]), form[2]
    else:
        alias, name = module.find(form[2][0]), '.'.join(form[2])
        if not isinstance(alias, Alias) or alias.module is None or len(form[2]) != 2:
            module.fail(form[1], 'unbound-type', 'type %s is not defined' % name)
        found = alias.module.exports.get(form[2][1])
        if found is None and isinstance(alias.module.names.get(form[2][1]), Declaration):
            module.fail(form[1], 'not-exported', '%s is not exported by %s' % (form[2][1], alias.module.name))
    if not isinstance(found, Declaration):
        module.fail(form[1], 'unbound-type', 'type %s is not defined' % name)
    return found


def applied(form, declaration, args, module):
    if len(args) != len(declaration.params):
        module.fail(form[1], 'type-argument-count', '%s takes %s, got %d'
                    % (declaration.name, many(len(declaration.params), 'type argument'), len(args)))
    try:
        return checked_size(declaration.apply(args), form, module)
    except TooDeep:
        module.fail(form[1], 'instance-depth', 'instances of %s are nested deeper than %d' % (declaration.name, layout.DEEPEST))
