// fannkuch: flips of every permutation of n numbers (Anderson & Rettig 1994), four times over
#include <stdio.h>
#include <stdlib.h>

static int checksum;

static int fannkuch(int n) {
    int permutation[16], first[16], count[16];
    int most = 0, index = 0, r = n;
    for (int i = 0; i < n; i++) first[i] = i;
    while (1) {
        while (r != 1) { count[r - 1] = r; r--; }
        for (int i = 0; i < n; i++) permutation[i] = first[i];
        int flips = 0, k;
        while ((k = permutation[0]) != 0) {
            int half = (k + 1) >> 1;
            for (int i = 0; i < half; i++) {
                int t = permutation[i]; permutation[i] = permutation[k - i]; permutation[k - i] = t;
            }
            flips++;
        }
        if (flips > most) most = flips;
        if (index % 2 == 0) checksum += flips; else checksum -= flips;
        while (1) {
            if (r == n) return most;
            int moved = first[0];
            for (int i = 0; i < r; i++) first[i] = first[i + 1];
            first[r] = moved;
            count[r] = count[r] - 1;
            if (count[r] > 0) break;
            r++;
        }
        index++;
    }
}

int main(int argc, char **argv) {
    int n = argc > 1 ? atoi(argv[1]) : 10;
    int most = 0;
    for (int i = 0; i < 4; i++) most += fannkuch(n);
    printf("%d %d\n", checksum, most);
    return 0;
}
