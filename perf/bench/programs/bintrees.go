// bintrees: binary trees of many depths, made, counted and given up at once; here for the collector
package main

import (
	"fmt"
	"os"
	"strconv"
)

type node struct{ left, right *node }

func makeTree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{makeTree(depth - 1), makeTree(depth - 1)}
}

func (n *node) check() int {
	if n.left == nil {
		return 1
	}
	return 1 + n.left.check() + n.right.check()
}

func main() {
	deepest, total := size(20), 0
	for depth := 4; depth <= deepest; depth += 2 {
		for i, trees := 0, 1<<(deepest-depth+4); i < trees; i++ {
			total += makeTree(depth).check()
		}
	}
	fmt.Println(total)
}

func size(otherwise int) int {
	if len(os.Args) < 2 {
		return otherwise
	}
	n, _ := strconv.Atoi(os.Args[1])
	return n
}
