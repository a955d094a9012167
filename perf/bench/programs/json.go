// json: a made-up document of n records parsed to a tree and summed up, eighty times over
package main

import (
	"fmt"
	"os"
	"strconv"
)

const (
	none = iota
	yes
	no
	number
	text
	list
	object
)

type value struct {
	kind    int
	number  int64
	text    []byte
	items   *item
	members *member
}

type item struct {
	value value
	next  *item
}

type member struct {
	name  []byte
	value value
	next  *member
}

type parser struct {
	text []byte
	at   int
}

func fail() { panic("no JSON") }

func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *parser) expect(c byte) {
	if p.peek() != c {
		fail()
	}
	p.at++
}

func (p *parser) word(w string) {
	for i := 0; i < len(w); i++ {
		p.expect(w[i])
	}
}

func (p *parser) skipSpace() {
	for {
		switch p.peek() {
		case ' ', '\n', '\t', '\r':
			p.at++
		default:
			return
		}
	}
}

func (p *parser) number() int64 {
	negative := p.peek() == '-'
	if negative {
		p.at++
	}
	digit := p.peek()
	if digit < '0' || digit > '9' {
		fail()
	}
	n := int64(0)
	for digit >= '0' && digit <= '9' {
		n = n*10 + int64(digit-'0')
		p.at++
		digit = p.peek()
	}
	if negative {
		return -n
	}
	return n
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'r':
		return '\r'
	case '"', '\\', '/':
		return c
	}
	fail()
	return 0
}

func unescaped(raw []byte, escapes int) []byte {
	out := make([]byte, len(raw)-escapes)
	from := 0
	for i := range out {
		c := raw[from]
		from++
		if c == '\\' {
			c = unescape(raw[from])
			from++
		}
		out[i] = c
	}
	return out
}

func (p *parser) string() []byte {
	p.expect('"')
	start, escapes := p.at, 0
	for {
		c := p.peek()
		if c < ' ' {
			fail()
		}
		if c == '"' {
			break
		}
		if c == '\\' {
			escapes++
			p.at++
		}
		p.at++
	}
	raw := p.text[start:p.at]
	p.at++
	if escapes == 0 {
		return raw
	}
	return unescaped(raw, escapes)
}

func (p *parser) items() *item {
	p.expect('[')
	p.skipSpace()
	if p.peek() == ']' {
		p.at++
		return nil
	}
	first := &item{value: p.value()}
	for last := first; p.peek() == ','; last = last.next {
		p.at++
		last.next = &item{value: p.value()}
	}
	p.expect(']')
	return first
}

func (p *parser) member() *member {
	p.skipSpace()
	name := p.string()
	p.skipSpace()
	p.expect(':')
	return &member{name: name, value: p.value()}
}

func (p *parser) members() *member {
	p.expect('{')
	p.skipSpace()
	if p.peek() == '}' {
		p.at++
		return nil
	}
	first := p.member()
	for last := first; p.peek() == ','; last = last.next {
		p.at++
		last.next = p.member()
	}
	p.expect('}')
	return first
}

func (p *parser) value() (v value) {
	p.skipSpace()
	switch p.peek() {
	case '{':
		v.kind, v.members = object, p.members()
	case '[':
		v.kind, v.items = list, p.items()
	case '"':
		v.kind, v.text = text, p.string()
	case 't':
		v.kind = yes
		p.word("true")
	case 'f':
		v.kind = no
		p.word("false")
	case 'n':
		p.word("null")
	default:
		v.kind, v.number = number, p.number()
	}
	p.skipSpace()
	return v
}

func sumText(t []byte) uint64 {
	h := uint64(len(t))
	for _, c := range t {
		h = h*31 + uint64(c)
	}
	return h
}

func (v *value) sum() uint64 {
	h := uint64(v.kind)
	switch v.kind {
	case number:
		return h*31 + uint64(v.number)
	case text:
		return h*31 + sumText(v.text)
	case list:
		for i := v.items; i != nil; i = i.next {
			h = h*31 + i.value.sum()
		}
	case object:
		for m := v.members; m != nil; m = m.next {
			h = (h*31+sumText(m.name))*31 + m.value.sum()
		}
	}
	return h
}

func document(n int) []byte {
	s, out := uint32(5), []byte{'['}
	for i := 0; i < n; i++ {
		s = s*1664525 + 1013904223
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, fmt.Sprintf("\n  {\"id\": %d, \"name\": \"record %d\", \"note\": \"a \\\"quoted\\\" word\\n\", \"sizes\": [%d, -%d, %d], "+
			"\"open\": %t, \"more\": {\"parent\": null, \"depth\": %d}}", i, s>>12, s>>20, s>>24, s>>8, s>>16&1 != 0, s>>28)...)
	}
	return append(out, "\n]"...)
}

func size(otherwise int) int {
	if len(os.Args) < 2 {
		return otherwise
	}
	n, _ := strconv.Atoi(os.Args[1])
	return n
}

func main() {
	text, h := document(size(20000)), uint64(0)
	for r := 0; r < 80; r++ {
		p := &parser{text, 0}
		v := p.value()
		if p.at != len(text) {
			fail()
		}
		h = h*31 + v.sum()
	}
	fmt.Printf("%d %x\n", len(text), h)
}
