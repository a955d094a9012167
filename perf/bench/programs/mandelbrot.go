// mandelbrot: how many of n by n points stay within 2 for fifty steps, and a hash of the picture (the well-known benchmark)
package main

import (
	"fmt"
	"os"
	"strconv"
)

func inside(cr, ci float64) bool {
	var zr, zi, rr, ii float64
	for i := 0; i < 50 && rr+ii <= 4; i++ {
		zi = 2*zr*zi + ci
		zr = rr - ii + cr
		rr = zr * zr
		ii = zi * zi
	}
	return rr+ii <= 4
}

func main() {
	n, count, h := size(2800), 0, uint64(0)
	for y := 0; y < n; y++ {
		ci := 2*float64(y)/float64(n) - 1
		line := uint64(0)
		for x := 0; x < n; x++ {
			line <<= 1
			if inside(2*float64(x)/float64(n)-1.5, ci) {
				count++
				line |= 1
			}
			if x%8 == 7 {
				h = h*31 + line
				line = 0
			}
		}
	}
	fmt.Printf("%d %x\n", count, h)
}

func size(otherwise int) int {
	if len(os.Args) < 2 {
		return otherwise
	}
	n, _ := strconv.Atoi(os.Args[1])
	return n
}
