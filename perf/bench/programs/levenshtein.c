// levenshtein: the distance of two strings of n letters, row by row (Wagner & Fischer 1974), in one row
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int32_t distance(const unsigned char *a, long n, const unsigned char *b, long m, int32_t *row) {
    for (long j = 0; j <= m; j++) row[j] = (int32_t)j;
    for (long i = 0; i < n; i++) {
        int32_t corner = row[0];
        row[0] = (int32_t)(i + 1);
        for (long j = 0; j < m; j++) {
            int32_t best = corner + (a[i] != b[j]);
            corner = row[j + 1];
            if (corner + 1 < best) best = corner + 1;
            if (row[j] + 1 < best) best = row[j] + 1;
            row[j + 1] = best;
        }
    }
    return row[m];
}

int main(int argc, char **argv) {
    long n = argc > 1 ? atol(argv[1]) : 24000;
    unsigned char *a = malloc(n), *b = malloc(n);
    int32_t *row = malloc((n + 1) * sizeof(int32_t));
    uint32_t s = 7;
    for (long i = 0; i < n; i++) {
        s = s * 1664525u + 1013904223u;
        a[i] = (unsigned char)('a' + (s >> 24) % 4);
        s = s * 1664525u + 1013904223u;
        b[i] = (unsigned char)('a' + (s >> 24) % 4);
    }
    printf("%d\n", distance(a, n, b, n, row));
    return 0;
}
