// sieve: primes up to a million by Eratosthenes, so many rounds
#include <stdio.h>
#include <stdlib.h>

static unsigned char flags[1000001];

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 500;
    int n = 1000000;
    long total = 0;
    for (int r = 0; r < rounds; r++) {
        for (int i = 0; i <= n; i++) flags[i] = 1;
        for (int i = 2; i * i <= n; i++)
            if (flags[i])
                for (int j = i * i; j <= n; j += i) flags[j] = 0;
        int count = 0;
        for (int i = 2; i <= n; i++)
            if (flags[i]) count++;
        total += count + r;
    }
    printf("%ld\n", total);
    return 0;
}
