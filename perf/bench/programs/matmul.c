// matmul: the product of two matrices of n by n 64-bit integers
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 1100;
    int64_t *a = malloc(sizeof(int64_t) * n * n);
    int64_t *b = malloc(sizeof(int64_t) * n * n);
    int64_t *c = malloc(sizeof(int64_t) * n * n);
    uint64_t s = 12345;
    for (int i = 0; i < n * n; i++) {
        s = s * 6364136223846793005u + 1442695040888963407u;
        a[i] = (int64_t)(s >> 40);
        s = s * 6364136223846793005u + 1442695040888963407u;
        b[i] = (int64_t)(s >> 40);
        c[i] = 0;
    }
    for (int i = 0; i < n; i++)
        for (int k = 0; k < n; k++) {
            int64_t x = a[i * n + k];
            for (int j = 0; j < n; j++) c[i * n + j] += x * b[k * n + j];
        }
    uint64_t h = 0;
    for (int i = 0; i < n * n; i++) h = h * 31 + (uint64_t)c[i];
    printf("%llx\n", (unsigned long long)h);
    return 0;
}
