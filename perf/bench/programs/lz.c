// lz: n megabytes of made-up text packed by LZ77 and unpacked again
// groups of eight items behind a byte of flags, lowest bit first: 0 a literal byte; 1 a match: distance in two bytes, length minus 4 in one
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 65535, SHORTEST = 4, LONGEST = 259, TABLE = 16384 };

static uint32_t four(const unsigned char *p) { uint32_t x; memcpy(&x, p, 4); return x; }

static long match_length(const unsigned char *input, long a, long b, long n) {
    long limit = n - b < LONGEST ? n - b : LONGEST, k = 0;
    while (k < limit && input[a + k] == input[b + k]) k++;
    return k;
}

static long pack(const unsigned char *input, long n, unsigned char *out, int32_t *last) {
    long i = 0, o = 0, flags = 0, items = 8;
    for (long k = 0; k < TABLE; k++) last[k] = -1;
    while (i < n) {
        if (items == 8) { flags = o; out[o++] = 0; items = 0; }
        long length = 0, from = 0;
        if (i + SHORTEST <= n) {
            uint32_t slot = four(input + i) * 2654435761u >> 18;
            from = last[slot];
            last[slot] = (int32_t)i;
            if (from >= 0 && i - from <= WINDOW) length = match_length(input, from, i, n);
        }
        if (length >= SHORTEST) {
            out[flags] |= (unsigned char)(1 << items);
            out[o] = (unsigned char)(i - from);
            out[o + 1] = (unsigned char)((i - from) >> 8);
            out[o + 2] = (unsigned char)(length - SHORTEST);
            o += 3;
            i += length;
        } else {
            out[o++] = input[i++];
        }
        items++;
    }
    return o;
}

static void unpack(const unsigned char *input, unsigned char *out, long n) {
    long i = 0, o = 0;
    while (o < n) {
        unsigned flags = input[i++];
        for (int item = 0; item < 8 && o < n; item++, flags >>= 1) {
            if ((flags & 1) == 0) {
                out[o++] = input[i++];
            } else {
                long distance = input[i] | (long)input[i + 1] << 8, count = SHORTEST + input[i + 2];
                i += 3;
                for (long k = 0; k < count; k++, o++) out[o] = out[o - distance];
            }
        }
    }
}

// Words of three to nine letters out of 2,000, the frequent ones more often.
static void write_text(unsigned char *text, long n) {
    uint32_t s = 99;
    long i = 0;
    while (i < n) {
        s = s * 1664525u + 1013904223u;
        uint32_t a = (s >> 8) % 2000;
        s = s * 1664525u + 1013904223u;
        uint32_t b = (s >> 8) % 2000;
        uint32_t w = (a < b ? a : b) * 2654435761u;
        for (uint32_t k = 3 + w % 7; k > 0 && i < n; k--) {
            text[i++] = (unsigned char)('a' + (w >> 24) % 26);
            w = w * 1664525u + 1013904223u;
        }
        if (i < n) text[i++] = ' ';
    }
}

int main(int argc, char **argv) {
    long n = (argc > 1 ? atol(argv[1]) : 60) << 20;
    unsigned char *text = malloc(n), *packed = malloc(n + n / 8 + 16), *again = malloc(n);
    int32_t *last = malloc(TABLE * sizeof(int32_t));
    write_text(text, n);
    long size = pack(text, n, packed, last);
    unpack(packed, again, n);
    for (long i = 0; i < n; i++)
        if (text[i] != again[i]) { printf("not the same\n"); return 1; }
    uint64_t h = 0;
    for (long i = 0; i < size; i++) h = h * 31 + packed[i];
    printf("%ld %llx\n", size, (unsigned long long)h);
    return 0;
}
