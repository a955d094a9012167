// lz: n megabytes of made-up text packed by LZ77 and unpacked again
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
)

const (
	window    = 65535
	shortest  = 4
	longest   = 259
	tableSize = 16384
)

func matchLength(input []byte, a, b int) int {
	limit, k := len(input)-b, 0
	if limit > longest {
		limit = longest
	}
	for k < limit && input[a+k] == input[b+k] {
		k++
	}
	return k
}

func pack(input, out []byte) int {
	last := make([]int32, tableSize)
	for i := range last {
		last[i] = -1
	}
	i, o, flags, items := 0, 0, 0, 8
	for i < len(input) {
		if items == 8 {
			flags = o
			out[o] = 0
			o++
			items = 0
		}
		length, from := 0, 0
		if i+shortest <= len(input) {
			four := binary.LittleEndian.Uint32(input[i:])
			slot := four * 2654435761 >> 18
			from = int(last[slot])
			last[slot] = int32(i)
			if from >= 0 && i-from <= window {
				length = matchLength(input, from, i)
			}
		}
		if length >= shortest {
			out[flags] |= 1 << items
			out[o] = byte(i - from)
			out[o+1] = byte((i - from) >> 8)
			out[o+2] = byte(length - shortest)
			o += 3
			i += length
		} else {
			out[o] = input[i]
			o++
			i++
		}
		items++
	}
	return o
}

func unpack(input, out []byte) {
	i, o := 0, 0
	for o < len(out) {
		flags := input[i]
		i++
		for item := 0; item < 8 && o < len(out); item++ {
			if flags&1 == 0 {
				out[o] = input[i]
				o++
				i++
			} else {
				distance := int(input[i]) | int(input[i+1])<<8
				count := shortest + int(input[i+2])
				i += 3
				for k := 0; k < count; k++ {
					out[o] = out[o-distance]
					o++
				}
			}
			flags >>= 1
		}
	}
}

func writeText(text []byte) {
	s, i := uint32(99), 0
	for i < len(text) {
		s = s*1664525 + 1013904223
		a := (s >> 8) % 2000
		s = s*1664525 + 1013904223
		b := (s >> 8) % 2000
		if b < a {
			a = b
		}
		w := a * 2654435761
		for k := 3 + w%7; k > 0 && i < len(text); k-- {
			text[i] = byte('a' + (w>>24)%26)
			w = w*1664525 + 1013904223
			i++
		}
		if i < len(text) {
			text[i] = ' '
			i++
		}
	}
}

func main() {
	n := size(60) << 20
	text, packed, again := make([]byte, n), make([]byte, n+n/8+16), make([]byte, n)
	writeText(text)
	count := pack(text, packed)
	unpack(packed[:count], again)
	for i := range text {
		if text[i] != again[i] {
			panic("not the same")
		}
	}
	h := uint64(0)
	for _, b := range packed[:count] {
		h = h*31 + uint64(b)
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
