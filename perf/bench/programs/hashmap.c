// hashmap: numbers to numbers, open addressing with linear probing; adds, finds and removes (by shifting back)
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct { uint64_t key, value; } Slot;  // key 0: free
typedef struct { Slot *slots; uint64_t mask, count; } Map;

static uint64_t hash(uint64_t x) {
    x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15u;
    return x ^ (x >> 32);
}

static uint64_t place(const Map *m, uint64_t key) {
    uint64_t i = hash(key) & m->mask;
    while (m->slots[i].key != 0 && m->slots[i].key != key) i = (i + 1) & m->mask;
    return i;
}

static void grow(Map *m) {
    Map bigger = {calloc(2 * (m->mask + 1), sizeof(Slot)), 2 * m->mask + 1, m->count};
    for (uint64_t i = 0; i <= m->mask; i++)
        if (m->slots[i].key != 0) bigger.slots[place(&bigger, m->slots[i].key)] = m->slots[i];
    free(m->slots);
    *m = bigger;
}

static void add(Map *m, uint64_t key, uint64_t value) {
    if (2 * m->count > m->mask) grow(m);
    uint64_t i = place(m, key);
    if (m->slots[i].key == 0) { m->slots[i].key = key; m->slots[i].value = 0; m->count++; }
    m->slots[i].value += value;
}

static uint64_t find(const Map *m, uint64_t key) {
    uint64_t i = place(m, key);
    return m->slots[i].key == 0 ? 0 : m->slots[i].value;
}

static int drop(Map *m, uint64_t key) {
    uint64_t i = place(m, key);
    if (m->slots[i].key == 0) return 0;
    m->count--;
    uint64_t j = i;
    while (1) {
        j = (j + 1) & m->mask;
        if (m->slots[j].key == 0) break;
        uint64_t home = hash(m->slots[j].key) & m->mask;
        if (((j - home) & m->mask) >= ((j - i) & m->mask)) { m->slots[i] = m->slots[j]; i = j; }
    }
    m->slots[i].key = 0;
    return 1;
}

int main(int argc, char **argv) {
    long rounds = argc > 1 ? atol(argv[1]) : 30000000;
    Map m = {calloc(16, sizeof(Slot)), 15, 0};
    uint64_t s = 88172645463325252u, sum = 0;
    for (long r = 0; r < rounds; r++) {
        s ^= s << 13; s ^= s >> 7; s ^= s << 17;
        uint64_t key = 1 + (s >> 20) % 20000;
        switch (s & 3) {
            case 0: add(&m, key, s >> 40); break;
            case 1: sum += drop(&m, key); break;
            default: sum += find(&m, key);
        }
    }
    printf("%llu %llu\n", (unsigned long long)m.count, (unsigned long long)sum);
    return 0;
}
