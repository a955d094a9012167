// interp: a byte-code interpreter's loop; its program counts primes by a sieve and steps of Collatz's sequences
package main

import (
	"fmt"
	"os"
	"strconv"
)

const (
	halt = iota
	set
	move
	add
	sub
	mul
	and
	shift
	addI
	load
	store
	jump
	jLess
	jZero
	show
)

type instruction struct{ operation, a, b, c uint8 }

func (x instruction) wide() int64 { return int64(int16(uint16(x.b) | uint16(x.c)<<8)) }

func interpret(code []instruction, rounds int) (out []int64) {
	var r [256]int64
	memory := make([]uint8, 65536)
	r[0] = int64(rounds)
	for pc := 0; ; {
		x := code[pc]
		pc++
		switch x.operation {
		case halt:
			return
		case set:
			r[x.a] = x.wide()
		case move:
			r[x.a] = r[x.b]
		case add:
			r[x.a] = r[x.b] + r[x.c]
		case sub:
			r[x.a] = r[x.b] - r[x.c]
		case mul:
			r[x.a] = r[x.b] * r[x.c]
		case and:
			r[x.a] = r[x.b] & r[x.c]
		case shift:
			r[x.a] = r[x.b] >> (x.c & 63)
		case addI:
			r[x.a] = r[x.b] + int64(int8(x.c))
		case load:
			r[x.a] = int64(memory[r[x.b]])
		case store:
			memory[r[x.b]] = uint8(r[x.a])
		case jump:
			pc += int(x.wide())
		case jLess:
			if r[x.a] < r[x.b] {
				pc += int(int8(x.c))
			}
		case jZero:
			if r[x.a] == 0 {
				pc += int(x.wide())
			}
		case show:
			out = append(out, r[x.a])
		}
	}
}

var program = []instruction{
	{set, 1, 48, 117},
	{set, 4, 1, 0},
	{set, 7, 3, 0},
	{set, 2, 2, 0},
	{store, 4, 2, 0},
	{addI, 2, 2, 1},
	{jLess, 2, 1, 253},
	{set, 2, 2, 0},
	{load, 6, 2, 0},
	{jZero, 6, 5, 0},
	{addI, 5, 5, 1},
	{add, 3, 2, 2},
	{jump, 0, 2, 0},
	{store, 10, 3, 0},
	{add, 3, 3, 2},
	{jLess, 3, 1, 253},
	{addI, 2, 2, 1},
	{jLess, 2, 1, 246},
	{set, 2, 1, 0},
	{move, 8, 2, 0},
	{sub, 6, 8, 4},
	{jZero, 6, 8, 0},
	{addI, 9, 9, 1},
	{and, 6, 8, 4},
	{jZero, 6, 3, 0},
	{mul, 8, 8, 7},
	{addI, 8, 8, 1},
	{jump, 0, 248, 255},
	{shift, 8, 8, 1},
	{jump, 0, 246, 255},
	{addI, 2, 2, 1},
	{shift, 6, 1, 3},
	{jLess, 2, 6, 242},
	{addI, 0, 0, 255},
	{jZero, 0, 1, 0},
	{jump, 0, 223, 255},
	{show, 5, 0, 0},
	{show, 9, 0, 0},
	{halt, 0, 0, 0},
}

func main() {
	for i, x := range interpret(program, size(150)) {
		if i > 0 {
			fmt.Print(" ")
		}
		fmt.Print(x)
	}
	fmt.Println()
}

func size(otherwise int) int {
	if len(os.Args) < 2 {
		return otherwise
	}
	n, _ := strconv.Atoi(os.Args[1])
	return n
}
