// strhash: how often each of 20,000 identifiers comes, in a hash table of strings
package main

import (
	"fmt"
	"os"
	"strconv"
)

type entry struct {
	hash  uint32
	value int32
	key   []byte // none: free
}

var table = make([]entry, 16)
var used int

func fnv(s []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range s {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}

func same(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i, c := range a {
		if c != b[i] {
			return false
		}
	}
	return true
}

func find(s []byte) *entry {
	h := fnv(s)
	mask := len(table) - 1
	for i := int(h) & mask; ; i = (i + 1) & mask {
		e := &table[i]
		if e.key == nil {
			e.hash = h
			return e
		}
		if e.hash == h && same(e.key, s) {
			return e
		}
	}
}

func grow() {
	old := table
	table = make([]entry, 2*len(old))
	mask := len(table) - 1
	for _, e := range old {
		if e.key != nil {
			j := int(e.hash) & mask
			for table[j].key != nil {
				j = (j + 1) & mask
			}
			table[j] = e
		}
	}
}

func add(s []byte) int32 {
	if used*2 >= len(table) {
		grow()
	}
	e := find(s)
	if e.key == nil {
		e.key = append([]byte(nil), s...)
		e.value = 0
		used++
	}
	e.value++
	return e.value
}

func decimal(v uint32, out []byte) int {
	var digits [16]byte
	n := 0
	for {
		digits[n] = byte('0' + v%10)
		n++
		v /= 10
		if v == 0 {
			break
		}
	}
	for i := 0; i < n; i++ {
		out[i] = digits[n-1-i]
	}
	return n
}

func main() {
	word := make([]byte, 32)
	copy(word, "identifier_")
	s, sum := uint32(1), 0
	for i, rounds := 0, size(16000000); i < rounds; i++ {
		s = s*1664525 + 1013904223
		n := 11 + decimal((s>>8)%20000, word[11:])
		sum += int(add(word[:n]))
	}
	fmt.Println(used, sum)
}

func size(otherwise int) int {
	if len(os.Args) < 2 {
		return otherwise
	}
	n, _ := strconv.Atoi(os.Args[1])
	return n
}
