// spectralnorm: the largest singular value of an infinite matrix's corner of n by n, by the power method (the well-known benchmark)
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double element(int i, int j) { return 1.0 / (double)((i + j) * (i + j + 1) / 2 + i + 1); }

static void times(const double *v, double *out, int n) {
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 0; j < n; j++) sum += element(i, j) * v[j];
        out[i] = sum;
    }
}

static void times_transposed(const double *v, double *out, int n) {
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 0; j < n; j++) sum += element(j, i) * v[j];
        out[i] = sum;
    }
}

static void times_both(const double *v, double *out, double *between, int n) {
    times(v, between, n);
    times_transposed(between, out, n);
}

static unsigned long bits(double x) { unsigned long b; memcpy(&b, &x, 8); return b; }

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 3000;
    double *u = malloc(n * sizeof(double)), *v = malloc(n * sizeof(double)), *between = malloc(n * sizeof(double));
    for (int i = 0; i < n; i++) u[i] = 1;
    for (int i = 0; i < 10; i++) {
        times_both(u, v, between, n);
        times_both(v, u, between, n);
    }
    double uv = 0, vv = 0;
    for (int i = 0; i < n; i++) {
        uv += u[i] * v[i];
        vv += v[i] * v[i];
    }
    printf("%lx\n", bits(sqrt(uv / vv)));
    return 0;
}
