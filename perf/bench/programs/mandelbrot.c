// mandelbrot: how many of n by n points stay within 2 for fifty steps, and a hash of the picture (the well-known benchmark)
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int inside(double cr, double ci) {
    double zr = 0, zi = 0, rr = 0, ii = 0;
    for (int i = 0; i < 50 && rr + ii <= 4.0; i++) {
        zi = 2.0 * zr * zi + ci;
        zr = rr - ii + cr;
        rr = zr * zr;
        ii = zi * zi;
    }
    return rr + ii <= 4.0;
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 2800;
    uint64_t h = 0;
    long count = 0;
    for (int y = 0; y < n; y++) {
        double ci = 2.0 * y / n - 1.0;
        unsigned byte = 0;
        for (int x = 0; x < n; x++) {
            int in = inside(2.0 * x / n - 1.5, ci);
            count += in;
            byte = byte << 1 | (unsigned)in;
            if (x % 8 == 7) { h = h * 31 + byte; byte = 0; }
        }
    }
    printf("%ld %llx\n", count, (unsigned long long)h);
    return 0;
}
