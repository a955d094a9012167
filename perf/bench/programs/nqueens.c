// nqueens: in how many ways n queens stand on a board of n by n, by trying column after column
#include <stdio.h>
#include <stdlib.h>

static int columns[32], rising[64], falling[64];

static long solve(int row, int n) {
    if (row == n) return 1;
    long count = 0;
    for (int c = 0; c < n; c++) {
        if (columns[c] == 0 && rising[row + c] == 0 && falling[row - c + n] == 0) {
            columns[c] = 1; rising[row + c] = 1; falling[row - c + n] = 1;
            count += solve(row + 1, n);
            columns[c] = 0; rising[row + c] = 0; falling[row - c + n] = 0;
        }
    }
    return count;
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 14;
    printf("%ld\n", solve(0, n));
    return 0;
}
