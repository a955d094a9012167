// json: a made-up document of n records parsed to a tree in an arena and summed up, eighty times over
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Value Value;
typedef struct Item Item;
typedef struct Member Member;
typedef struct { const unsigned char *bytes; long size; } Text;

enum { NONE, TRUE, FALSE, NUMBER, TEXT, LIST, OBJECT };
struct Value { int kind; union { int64_t number; Text text; Item *items; Member *members; }; };
struct Item { Value value; Item *next; };
struct Member { Text name; Value value; Member *next; };

static char *arena, *top, *limit;

static void *take(size_t size) {
    char *p = top;
    size = (size + 7) & ~(size_t)7;
    if (size > (size_t)(limit - p)) { printf("out of memory\n"); exit(1); }
    top = p + size;
    return p;
}

typedef struct { const unsigned char *at, *end; } Parser;

static void fail(void) { printf("no JSON\n"); exit(1); }

static void skip_space(Parser *p) {
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' || *p->at == '\t' || *p->at == '\r')) p->at++;
}

static unsigned char peek(Parser *p) { return p->at < p->end ? *p->at : 0; }

static void expect(Parser *p, unsigned char c) {
    if (peek(p) != c) fail();
    p->at++;
}

static void word(Parser *p, const char *w) {
    for (; *w; w++) expect(p, (unsigned char)*w);
}

static int64_t number(Parser *p) {
    int negative = peek(p) == '-';
    if (negative) p->at++;
    int64_t n = 0;
    if (peek(p) < '0' || peek(p) > '9') fail();
    while (peek(p) >= '0' && peek(p) <= '9') n = n * 10 + (*p->at++ - '0');
    return negative ? -n : n;
}

static unsigned char unescape(unsigned char c) {
    switch (c) {
        case 'n': return '\n';
        case 't': return '\t';
        case 'r': return '\r';
        case '"': case '\\': case '/': return c;
        default: fail(); return 0;
    }
}

// What stands between the quotes; a copy when there are escapes.
static Text text(Parser *p) {
    expect(p, '"');
    const unsigned char *start = p->at;
    long escapes = 0;
    while (1) {
        unsigned char c = peek(p);
        if (c < ' ') fail();
        if (c == '"') break;
        if (c == '\\') { escapes++; p->at++; }
        p->at++;
    }
    Text t = {start, p->at - start - escapes};
    p->at++;
    if (escapes > 0) {
        unsigned char *copy = take(t.size);
        for (long i = 0; i < t.size; i++) {
            unsigned char c = *start++;
            copy[i] = c == '\\' ? unescape(*start++) : c;
        }
        t.bytes = copy;
    }
    return t;
}

static Value value(Parser *p);

static Item *items(Parser *p) {
    Item *first = 0, **last = &first;
    expect(p, '[');
    skip_space(p);
    if (peek(p) == ']') { p->at++; return 0; }
    while (1) {
        Item *item = take(sizeof(Item));
        item->value = value(p);
        item->next = 0;
        *last = item;
        last = &item->next;
        if (peek(p) != ',') break;
        p->at++;
    }
    expect(p, ']');
    return first;
}

static Member *members(Parser *p) {
    Member *first = 0, **last = &first;
    expect(p, '{');
    skip_space(p);
    if (peek(p) == '}') { p->at++; return 0; }
    while (1) {
        Member *member = take(sizeof(Member));
        skip_space(p);
        member->name = text(p);
        skip_space(p);
        expect(p, ':');
        member->value = value(p);
        member->next = 0;
        *last = member;
        last = &member->next;
        if (peek(p) != ',') break;
        p->at++;
    }
    expect(p, '}');
    return first;
}

// A value with the space around it.
static Value value(Parser *p) {
    Value v = {NONE, {0}};
    skip_space(p);
    switch (peek(p)) {
        case '{': v.kind = OBJECT; v.members = members(p); break;
        case '[': v.kind = LIST; v.items = items(p); break;
        case '"': v.kind = TEXT; v.text = text(p); break;
        case 't': v.kind = TRUE; word(p, "true"); break;
        case 'f': v.kind = FALSE; word(p, "false"); break;
        case 'n': word(p, "null"); break;
        default: v.kind = NUMBER; v.number = number(p);
    }
    skip_space(p);
    return v;
}

static uint64_t sum_text(Text t) {
    uint64_t h = (uint64_t)t.size;
    for (long i = 0; i < t.size; i++) h = h * 31 + t.bytes[i];
    return h;
}

static uint64_t sum(const Value *v) {
    uint64_t h = (uint64_t)v->kind;
    switch (v->kind) {
        case NUMBER: return h * 31 + (uint64_t)v->number;
        case TEXT: return h * 31 + sum_text(v->text);
        case LIST:
            for (const Item *i = v->items; i; i = i->next) h = h * 31 + sum(&i->value);
            return h;
        case OBJECT:
            for (const Member *m = v->members; m; m = m->next) h = (h * 31 + sum_text(m->name)) * 31 + sum(&m->value);
            return h;
        default: return h;
    }
}

static long write_records(char *out, long n) {
    uint32_t s = 5;
    char *o = out;
    *o++ = '[';
    for (long i = 0; i < n; i++) {
        s = s * 1664525u + 1013904223u;
        if (i > 0) *o++ = ',';
        o += sprintf(o, "\n  {\"id\": %ld, \"name\": \"record %u\", \"note\": \"a \\\"quoted\\\" word\\n\", \"sizes\": [%u, -%u, %u], \"open\": %s, \"more\": {\"parent\": null, \"depth\": %u}}",
                     i, s >> 12, s >> 20, s >> 24, s >> 8, (s >> 16 & 1) ? "true" : "false", s >> 28);
    }
    *o++ = '\n';
    *o++ = ']';
    return o - out;
}

int main(int argc, char **argv) {
    long n = argc > 1 ? atol(argv[1]) : 20000;
    char *document = malloc(n * 200 + 16);
    long size = write_records(document, n);
    arena = malloc(n * 1000 + 1000);
    limit = arena + n * 1000 + 1000;
    uint64_t h = 0;
    for (int r = 0; r < 80; r++) {
        Parser p = {(unsigned char *)document, (unsigned char *)document + size};
        top = arena;
        Value v = value(&p);
        if (p.at != p.end) fail();
        h = h * 31 + sum(&v);
    }
    printf("%ld %llx\n", size, (unsigned long long)h);
    return 0;
}
