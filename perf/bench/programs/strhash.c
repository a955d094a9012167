// strhash: how often each of 20,000 identifiers comes, in a hash table of strings
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct { uint32_t hash; int len; int value; char *key; } Entry;

static Entry *table;
static uint32_t capacity, used;
static char pool[8000000];
static int pool_top;

static uint32_t fnv(const char *s, int n) {
    uint32_t h = 2166136261u;
    for (int i = 0; i < n; i++) { h ^= (unsigned char)s[i]; h *= 16777619u; }
    return h;
}

static int same(const char *a, const char *b, int n) {
    for (int i = 0; i < n; i++)
        if (a[i] != b[i]) return 0;
    return 1;
}

static Entry *find(const char *s, int n) {
    uint32_t h = fnv(s, n);
    uint32_t i = h & (capacity - 1);
    while (1) {
        Entry *e = &table[i];
        if (e->key == 0) { e->hash = h; return e; }
        if (e->hash == h && e->len == n && same(e->key, s, n)) return e;
        i = (i + 1) & (capacity - 1);
    }
}

static void grow(void) {
    Entry *old = table;
    uint32_t before = capacity;
    capacity = capacity ? capacity * 2 : 16;
    table = calloc(capacity, sizeof(Entry));
    for (uint32_t i = 0; i < before; i++)
        if (old[i].key) {
            uint32_t j = old[i].hash & (capacity - 1);
            while (table[j].key) j = (j + 1) & (capacity - 1);
            table[j] = old[i];
        }
    free(old);
}

static int add(const char *s, int n) {
    if (used * 2 >= capacity) grow();
    Entry *e = find(s, n);
    if (e->key == 0) {
        char *k = pool + pool_top;
        for (int i = 0; i < n; i++) k[i] = s[i];
        pool_top += n; e->key = k; e->len = n; e->value = 0; used++;
    }
    return ++e->value;
}

static int decimal(uint32_t v, char *out) {
    char digits[16];
    int n = 0, m = 0;
    do { digits[n++] = '0' + v % 10; v /= 10; } while (v);
    while (n > 0) out[m++] = digits[--n];
    return m;
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 16000000;
    uint32_t s = 1;
    long sum = 0;
    char word[32] = "identifier_";
    for (int i = 0; i < rounds; i++) {
        s = s * 1664525u + 1013904223u;
        int n = 11 + decimal((s >> 8) % 20000u, word + 11);
        sum += add(word, n);
    }
    printf("%u %ld\n", used, sum);
    return 0;
}
