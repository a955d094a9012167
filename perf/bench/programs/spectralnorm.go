// spectralnorm: the largest singular value of an infinite matrix's corner of n by n, by the power method (the well-known benchmark)
package main

import (
	"fmt"
	"math"
	"os"
	"strconv"
)

func element(i, j int) float64 { return 1 / float64((i+j)*(i+j+1)/2+i+1) }

func times(v, out []float64) {
	for i := range out {
		sum := 0.0
		for j, x := range v {
			sum += element(i, j) * x
		}
		out[i] = sum
	}
}

func timesTransposed(v, out []float64) {
	for i := range out {
		sum := 0.0
		for j, x := range v {
			sum += element(j, i) * x
		}
		out[i] = sum
	}
}

func main() {
	n := size(3000)
	u, v, between := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range u {
		u[i] = 1
	}
	for i := 0; i < 10; i++ {
		times(u, between)
		timesTransposed(between, v)
		times(v, between)
		timesTransposed(between, u)
	}
	var uv, vv float64
	for i, x := range v {
		uv += u[i] * x
		vv += x * x
	}
	fmt.Printf("%x\n", math.Float64bits(math.Sqrt(uv/vv)))
}

func size(otherwise int) int {
	if len(os.Args) < 2 {
		return otherwise
	}
	n, _ := strconv.Atoi(os.Args[1])
	return n
}
