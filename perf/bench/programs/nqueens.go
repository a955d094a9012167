// nqueens: in how many ways n queens stand on a board of n by n, by trying column after column
package main

import (
	"fmt"
	"os"
	"strconv"
)

var columns [32]int32
var rising, falling [64]int32

func solve(row, n int) int {
	if row == n {
		return 1
	}
	count := 0
	for c := 0; c < n; c++ {
		if columns[c] == 0 && rising[row+c] == 0 && falling[row-c+n] == 0 {
			columns[c], rising[row+c], falling[row-c+n] = 1, 1, 1
			count += solve(row+1, n)
			columns[c], rising[row+c], falling[row-c+n] = 0, 0, 0
		}
	}
	return count
}

func main() {
	fmt.Println(solve(0, size(14)))
}

func size(otherwise int) int {
	if len(os.Args) < 2 {
		return otherwise
	}
	n, _ := strconv.Atoi(os.Args[1])
	return n
}
