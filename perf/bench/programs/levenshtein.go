// levenshtein: the distance of two strings of n letters, row by row (Wagner & Fischer 1974), in one row
package main

import (
	"fmt"
	"os"
	"strconv"
)

func distance(a, b []byte) int32 {
	row := make([]int32, len(b)+1)
	for j := range row {
		row[j] = int32(j)
	}
	for i, letter := range a {
		corner := row[0]
		row[0] = int32(i + 1)
		for j := range b {
			best := corner
			if letter != b[j] {
				best++
			}
			corner = row[j+1]
			if corner+1 < best {
				best = corner + 1
			}
			if row[j]+1 < best {
				best = row[j] + 1
			}
			row[j+1] = best
		}
	}
	return row[len(b)]
}

func main() {
	n := size(24000)
	a, b := make([]byte, n), make([]byte, n)
	s := uint32(7)
	for i := range a {
		s = s*1664525 + 1013904223
		a[i] = byte('a' + (s>>24)%4)
		s = s*1664525 + 1013904223
		b[i] = byte('a' + (s>>24)%4)
	}
	fmt.Println(distance(a, b))
}

func size(otherwise int) int {
	if len(os.Args) < 2 {
		return otherwise
	}
	n, _ := strconv.Atoi(os.Args[1])
	return n
}
