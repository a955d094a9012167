"""zero_seed: compiles a 0x0 program to a static x86-64 Linux executable.

    python3 bootstrap/seed [--lib DIR] [--allocator=NAME] [--max-heap=N] [--time] IN OUT

The whole compile is `compile_program`: read and load (`read`, `modules`), check (`check`, `layout`, `constants`), emit (`emit`
and the layers that it names), and lay out the file (`image`). The same input gives the same bytes under every Python from 3.8 on.
The exit status is 0, or 1 when the input is refused with a diagnostic, or 2 when a file or the command line is at fault.
"""

import gc
import os
import re
import sys
import tempfile
import threading
import time

from check import check_opaque, constant_of
from emit import Emitter
from fault import Fault, Trouble
from image import Image
from layout import FUNCTIONS, Infinite, TooDeep, TooLarge
from modules import Program

USAGE = 'usage: python3 bootstrap/seed [--lib DIR] [--allocator=NAME] [--max-heap=N] [--time] IN OUT'
STACK_BYTES = 256 << 20
RECURSION_LIMIT = 100000
HEAP_LIMIT = re.compile('[0-9]{1,18}[KMG]?\\Z')
FAILED = 3  # a fault of the seed itself, after Python's traceback
UNITS = {'K': 10, 'M': 20, 'G': 30}


class Clock:
    """Notes how long each phase took."""

    def __init__(self):
        self.last, self.phases = time.perf_counter(), []

    def note(self, phase):
        now = time.perf_counter()
        self.phases.append((phase, now - self.last))
        self.last = now

    def report(self, lines):
        for phase, seconds in self.phases:
            print('%-8s %7.3f s' % (phase, seconds), file=sys.stderr)
        whole = sum(seconds for _, seconds in self.phases)
        print('%-8s %7.3f s, %d lines, %d lines/s' % ('all', whole, lines, lines / whole), file=sys.stderr)


def compile_program(options, clock):
    """The executable's bytes, and the number of source lines."""
    FUNCTIONS.clear()  # of the program before, when there was one: they hold its records
    program = Program(options['in'], options['lib'], options['allocator'])
    clock.note('read')
    for module in program.modules:  # grows when a requirement needs another module of the library
        check_module(program, module)
    clock.note('check')
    image = Image(options['max-heap'])
    Emitter(program, image).program_code()
    clock.note('emit')
    data = image.finish()
    clock.note('image')
    return data, sum(len(module.source.lines) for module in program.modules)


def check_module(program, module):
    """Refuses a module whose types, constants or functions are wrong."""
    for declaration in module.types:
        try:
            declaration.apply(tuple(declaration.params)).measure()
        except TooLarge as error:
            module.fail(declaration.offset, 'type-too-large', 'type %s is larger than 2147483647 bytes' % error.args[0])
        except (Infinite, TooDeep):
            module.fail(declaration.offset, 'infinite-type', 'type %s contains itself' % declaration.name)
    module.sound = True
    for stored in module.stored:
        constant_of(program, stored)
    for function in module.functions:
        function.checked = check_opaque(program, function)


def parse_arguments(arguments):
    here = os.path.dirname(os.path.abspath(__file__))
    options = {'lib': os.path.join(here, '..', '..', 'lib'), 'allocator': 'bump', 'max-heap': 0, 'time': False}
    paths = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        name, equals, value = argument.partition('=')
        if argument == '--time':
            options['time'] = True
        elif argument == '--lib' and rest:
            options['lib'] = rest.pop(0)
        elif name in ('--lib', '--allocator') and value:
            options[name[2:]] = value
        elif name == '--max-heap' and HEAP_LIMIT.match(value):
            options['max-heap'] = min(int(value.rstrip('KMG')) << UNITS.get(value[-1], 0), (1 << 63) - 1)
        elif argument.startswith('-'):
            raise Trouble('unknown option %s\n%s' % (argument, USAGE))
        else:
            paths.append(argument)
    if len(paths) != 2:
        raise Trouble(USAGE)
    options['in'], options['out'] = paths
    return options


def write_executable(path, data):
    """Writes a file of mode 755 under another name, then gives it its own. A device or a pipe stays what it is, and is written to."""
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            with open(path, 'wb') as file:
                file.write(data)
            return
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)), prefix='.seed-')
        try:
            with os.fdopen(handle, 'wb') as file:
                file.write(data)
            os.chmod(temporary, 0o755)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise Trouble('cannot write %s: %s' % (path, error.strerror))


def run(arguments):
    """Compiles as the command line says; gives the exit status."""
    try:
        options = parse_arguments(arguments)
        clock = Clock()
        data, lines = compile_program(options, clock)
        write_executable(options['out'], data)
        clock.note('write')
        if options['time']:
            clock.report(lines)
        return 0
    except Fault as fault:
        print(fault, file=sys.stderr)
        return 1
    except Trouble as trouble:
        print('seed: %s' % trouble, file=sys.stderr)
        return 2


def main(arguments):
    """Compiles in a thread of its own, whose stack is large enough for lists nested as deeply as the language allows.

    Forms and trees hold no garbage while they are made, so Python is spared looking for it.
    """
    collecting = gc.isenabled()
    gc.disable()
    limit = sys.getrecursionlimit()
    size = threading.stack_size(STACK_BYTES)
    sys.setrecursionlimit(RECURSION_LIMIT)
    status = []
    try:
        thread = threading.Thread(target=lambda: status.append(run(arguments)))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(limit)
        if collecting:
            gc.enable()
    return status[0] if status else FAILED
