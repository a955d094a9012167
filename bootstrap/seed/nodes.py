"""nodes: what can be told of a typed tree before it is written: which operands an instruction holds, and what calls nothing."""

from layout import WORD


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
QUIET_RAW = frozenset(['load', 'address', 'ref', 'slice', 'view', 'text', 'arena', 'code', 'current', 'image', 'layout-of'])  # of std:raw


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
