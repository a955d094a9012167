// hashmap: numbers to numbers, open addressing with linear probing; adds, finds and removes (by shifting back)
package main

import (
	"fmt"
	"os"
	"strconv"
)

type slot struct{ key, value uint64 } // key 0: free

type table struct {
	slots []slot
	mask  uint64
	count int
}

func hash(x uint64) uint64 {
	x = (x ^ (x >> 31)) * 0x9e3779b97f4a7c15
	return x ^ (x >> 32)
}

func (m *table) place(key uint64) uint64 {
	i := hash(key) & m.mask
	for m.slots[i].key != 0 && m.slots[i].key != key {
		i = (i + 1) & m.mask
	}
	return i
}

func (m *table) grow() {
	old := m.slots
	m.slots = make([]slot, 2*len(old))
	m.mask = uint64(len(m.slots) - 1)
	for _, s := range old {
		if s.key != 0 {
			m.slots[m.place(s.key)] = s
		}
	}
}

func (m *table) add(key, value uint64) {
	if uint64(2*m.count) > m.mask {
		m.grow()
	}
	s := &m.slots[m.place(key)]
	if s.key == 0 {
		*s = slot{key, 0}
		m.count++
	}
	s.value += value
}

func (m *table) find(key uint64) uint64 {
	s := &m.slots[m.place(key)]
	if s.key == 0 {
		return 0
	}
	return s.value
}

func (m *table) drop(key uint64) uint64 {
	i := m.place(key)
	if m.slots[i].key == 0 {
		return 0
	}
	m.count--
	for j := (i + 1) & m.mask; m.slots[j].key != 0; j = (j + 1) & m.mask {
		home := hash(m.slots[j].key) & m.mask
		if (j-home)&m.mask >= (j-i)&m.mask {
			m.slots[i] = m.slots[j]
			i = j
		}
	}
	m.slots[i].key = 0
	return 1
}

func main() {
	m := &table{make([]slot, 16), 15, 0}
	s, sum := uint64(88172645463325252), uint64(0)
	for r, rounds := 0, size(30000000); r < rounds; r++ {
		s ^= s << 13
		s ^= s >> 7
		s ^= s << 17
		key := 1 + (s>>20)%20000
		switch s & 3 {
		case 0:
			m.add(key, s>>40)
		case 1:
			sum += m.drop(key)
		default:
			sum += m.find(key)
		}
	}
	fmt.Println(m.count, sum)
}

func size(otherwise int) int {
	if len(os.Args) < 2 {
		return otherwise
	}
	n, _ := strconv.Atoi(os.Args[1])
	return n
}
