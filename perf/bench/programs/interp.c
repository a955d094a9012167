// interp: a byte-code interpreter's loop; its program counts primes by a sieve and steps of Collatz's sequences
// an instruction is a word: operation, a, b, c, a byte each; registers are 64-bit; a jump's distance is b and c, signed
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { HALT, SET, MOVE, ADD, SUB, MUL, AND, SHIFT, ADDI, LOAD, STORE, JUMP, JLESS, JZERO, PRINT };

static uint32_t code[64];
static int size;
static uint8_t memory[1 << 16];
static int64_t out[8];

static void emit(int operation, int a, int b, int c) {
    code[size++] = (uint32_t)operation | (uint32_t)a << 8 | (uint32_t)(b & 255) << 16 | (uint32_t)(c & 255) << 24;
}

static void emit_wide(int operation, int a, int value) { emit(operation, a, value, value >> 8); }

// The number of printed values.
static int interpret(int64_t rounds) {
    int64_t r[256] = {0};
    int printed = 0;
    r[0] = rounds;
    for (long pc = 0;;) {
        uint32_t x = code[pc++];
        uint32_t a = x >> 8 & 255, b = x >> 16 & 255, c = x >> 24;
        switch (x & 255) {
            case HALT: return printed;
            case SET: r[a] = (int32_t)x >> 16; break;
            case MOVE: r[a] = r[b]; break;
            case ADD: r[a] = r[b] + r[c]; break;
            case SUB: r[a] = r[b] - r[c]; break;
            case MUL: r[a] = r[b] * r[c]; break;
            case AND: r[a] = r[b] & r[c]; break;
            case SHIFT: r[a] = r[b] >> c; break;
            case ADDI: r[a] = r[b] + (int8_t)c; break;
            case LOAD: r[a] = memory[r[b]]; break;
            case STORE: memory[r[b]] = (uint8_t)r[a]; break;
            case JUMP: pc += (int32_t)x >> 16; break;
            case JLESS: if (r[a] < r[b]) pc += (int8_t)c; break;
            case JZERO: if (r[a] == 0) pc += (int32_t)x >> 16; break;
            case PRINT: out[printed++] = r[a]; break;
        }
    }
}

// r0 rounds, r1 limit, r2 index, r3 step, r4 one, r5 count, r6 flag, r7 three, r8 sequence's value, r9 steps, r10 zero
static void assemble(void) {
    emit_wide(SET, 1, 30000);
    emit_wide(SET, 4, 1);
    emit_wide(SET, 7, 3);
    emit_wide(SET, 2, 2);                   // all are taken for primes
    emit(STORE, 4, 2, 0);
    emit(ADDI, 2, 2, 1);
    emit(JLESS, 2, 1, -3);
    emit_wide(SET, 2, 2);                   // strike out the multiples of each prime
    emit(LOAD, 6, 2, 0);
    emit_wide(JZERO, 6, 5);
    emit(ADDI, 5, 5, 1);
    emit(ADD, 3, 2, 2);
    emit_wide(JUMP, 0, 2);
    emit(STORE, 10, 3, 0);
    emit(ADD, 3, 3, 2);
    emit(JLESS, 3, 1, -3);
    emit(ADDI, 2, 2, 1);
    emit(JLESS, 2, 1, -10);
    emit_wide(SET, 2, 1);                   // the steps from each number below an eighth to 1
    emit(MOVE, 8, 2, 0);
    emit(SUB, 6, 8, 4);
    emit_wide(JZERO, 6, 8);
    emit(ADDI, 9, 9, 1);
    emit(AND, 6, 8, 4);
    emit_wide(JZERO, 6, 3);
    emit(MUL, 8, 8, 7);
    emit(ADDI, 8, 8, 1);
    emit_wide(JUMP, 0, -8);
    emit(SHIFT, 8, 8, 1);
    emit_wide(JUMP, 0, -10);
    emit(ADDI, 2, 2, 1);
    emit(SHIFT, 6, 1, 3);
    emit(JLESS, 2, 6, -14);
    emit(ADDI, 0, 0, -1);
    emit_wide(JZERO, 0, 1);
    emit_wide(JUMP, 0, -33);
    emit(PRINT, 5, 0, 0);
    emit(PRINT, 9, 0, 0);
    emit(HALT, 0, 0, 0);
}

int main(int argc, char **argv) {
    assemble();
    int printed = interpret(argc > 1 ? atoi(argv[1]) : 150);
    for (int i = 0; i < printed; i++) printf("%ld%c", (long)out[i], i + 1 < printed ? ' ' : '\n');
    return 0;
}
