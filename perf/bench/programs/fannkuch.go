// fannkuch: flips of every permutation of n numbers (Anderson & Rettig 1994), four times over
package main

import (
	"fmt"
	"os"
	"strconv"
)

var checksum int

func fannkuch(n int) int {
	var permutation, first, count [16]int32
	most, index, r := 0, 0, n
	for i := 0; i < n; i++ {
		first[i] = int32(i)
	}
	for {
		for r != 1 {
			count[r-1] = int32(r)
			r--
		}
		for i := 0; i < n; i++ {
			permutation[i] = first[i]
		}
		flips := 0
		for k := int(permutation[0]); k != 0; k = int(permutation[0]) {
			half := (k + 1) >> 1
			for i := 0; i < half; i++ {
				permutation[i], permutation[k-i] = permutation[k-i], permutation[i]
			}
			flips++
		}
		if flips > most {
			most = flips
		}
		if index%2 == 0 {
			checksum += flips
		} else {
			checksum -= flips
		}
		for {
			if r == n {
				return most
			}
			moved := first[0]
			for i := 0; i < r; i++ {
				first[i] = first[i+1]
			}
			first[r] = moved
			count[r]--
			if count[r] > 0 {
				break
			}
			r++
		}
		index++
	}
}

func main() {
	n, most := size(10), 0
	for i := 0; i < 4; i++ {
		most += fannkuch(n)
	}
	fmt.Println(checksum, most)
}

func size(otherwise int) int {
	if len(os.Args) < 2 {
		return otherwise
	}
	n, _ := strconv.Atoi(os.Args[1])
	return n
}
