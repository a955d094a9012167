// matmul: the product of two matrices of n by n 64-bit integers
package main

import (
	"fmt"
	"os"
	"strconv"
)

func main() {
	n := size(1100)
	a, b, c := make([]int64, n*n), make([]int64, n*n), make([]int64, n*n)
	s := uint64(12345)
	for i := range a {
		s = s*6364136223846793005 + 1442695040888963407
		a[i] = int64(s >> 40)
		s = s*6364136223846793005 + 1442695040888963407
		b[i] = int64(s >> 40)
	}
	for i := 0; i < n; i++ {
		row := c[i*n : (i+1)*n]
		for k := 0; k < n; k++ {
			x := a[i*n+k]
			other := b[k*n : (k+1)*n]
			for j := range row {
				row[j] += x * other[j]
			}
		}
	}
	h := uint64(0)
	for _, x := range c {
		h = h*31 + uint64(x)
	}
	fmt.Printf("%x\n", h)
}

func size(otherwise int) int {
	if len(os.Args) < 2 {
		return otherwise
	}
	n, _ := strconv.Atoi(os.Args[1])
	return n
}
