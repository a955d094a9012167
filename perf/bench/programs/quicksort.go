// quicksort: n random 32-bit integers, by Hoare's partition about the median of three, insertion below 16
package main

import (
	"fmt"
	"os"
	"strconv"
)

func insert(a []int32) {
	for i := 1; i < len(a); i++ {
		x, j := a[i], i
		for j > 0 && a[j-1] > x {
			a[j] = a[j-1]
			j--
		}
		a[j] = x
	}
}

func quicksort(a []int32) {
	for len(a) > 16 {
		middle, last := len(a)/2, len(a)-1
		if a[middle] < a[0] {
			a[middle], a[0] = a[0], a[middle]
		}
		if a[last] < a[0] {
			a[last], a[0] = a[0], a[last]
		}
		if a[last] < a[middle] {
			a[last], a[middle] = a[middle], a[last]
		}
		pivot := a[middle]
		i, j := 0, last
		for i <= j {
			for a[i] < pivot {
				i++
			}
			for a[j] > pivot {
				j--
			}
			if i <= j {
				a[i], a[j] = a[j], a[i]
				i++
				j--
			}
		}
		quicksort(a[:j+1])
		a = a[i:]
	}
	insert(a)
}

func main() {
	a := make([]int32, size(6000000))
	s := uint32(42)
	for i := range a {
		s = s*1664525 + 1013904223
		a[i] = int32(s)
	}
	quicksort(a)
	h := uint64(0)
	for i, x := range a {
		if i > 0 && a[i-1] > x {
			panic("not sorted")
		}
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
