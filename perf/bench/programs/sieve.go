// sieve: primes up to a million by Eratosthenes, so many rounds
package main

import (
	"fmt"
	"os"
	"strconv"
)

const n = 1000000

func countPrimes(flags []uint8) int {
	for i := 0; i <= n; i++ {
		flags[i] = 1
	}
	for i := 2; i*i <= n; i++ {
		if flags[i] != 0 {
			for j := i * i; j <= n; j += i {
				flags[j] = 0
			}
		}
	}
	count := 0
	for i := 2; i <= n; i++ {
		if flags[i] != 0 {
			count++
		}
	}
	return count
}

func size(otherwise int) int {
	if len(os.Args) < 2 {
		return otherwise
	}
	n, _ := strconv.Atoi(os.Args[1])
	return n
}

func main() {
	flags := make([]uint8, n+1)
	total := 0
	for r, rounds := 0, size(500); r < rounds; r++ {
		total += countPrimes(flags) + r
	}
	fmt.Println(total)
}
