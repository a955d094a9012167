"""instructions: the encodings of x86-64 that the seed writes. All are here but those that one place alone needs.

rax makes words, rax and rdx pairs; rcx, rsi, rdi, r8 to r11 and xmm0 are scratch.
"""

import struct

RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI = range(8)

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
