// quicksort: n random 32-bit integers, by Hoare's partition about the median of three, insertion below 16
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static void swap(int32_t *a, long i, long j) { int32_t t = a[i]; a[i] = a[j]; a[j] = t; }

static void insert(int32_t *a, long n) {
    for (long i = 1; i < n; i++) {
        int32_t x = a[i];
        long j = i;
        while (j > 0 && a[j - 1] > x) { a[j] = a[j - 1]; j--; }
        a[j] = x;
    }
}

static void sort(int32_t *a, long n) {
    while (n > 16) {
        long middle = n / 2;
        if (a[middle] < a[0]) swap(a, middle, 0);
        if (a[n - 1] < a[0]) swap(a, n - 1, 0);
        if (a[n - 1] < a[middle]) swap(a, n - 1, middle);
        int32_t pivot = a[middle];
        long i = 0, j = n - 1;
        while (i <= j) {
            while (a[i] < pivot) i++;
            while (a[j] > pivot) j--;
            if (i <= j) { swap(a, i, j); i++; j--; }
        }
        sort(a, j + 1);
        a += i;
        n -= i;
    }
    insert(a, n);
}

int main(int argc, char **argv) {
    long n = argc > 1 ? atol(argv[1]) : 6000000;
    int32_t *a = malloc(n * sizeof(int32_t));
    uint32_t s = 42;
    for (long i = 0; i < n; i++) {
        s = s * 1664525u + 1013904223u;
        a[i] = (int32_t)s;
    }
    sort(a, n);
    uint64_t h = 0;
    for (long i = 0; i < n; i++) {
        if (i > 0 && a[i - 1] > a[i]) { printf("not sorted\n"); return 1; }
        h = h * 31 + (uint64_t)(int64_t)a[i];
    }
    printf("%llx\n", (unsigned long long)h);
    return 0;
}
