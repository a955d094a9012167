// bintrees: binary trees of many depths, made in an arena, counted, and given up at once
#include <stdio.h>
#include <stdlib.h>

typedef struct Node Node;
struct Node { Node *left, *right; };

static char *arena, *top, *limit;

static Node *new_node(Node *left, Node *right) {
    char *p = top;
    if (p + sizeof(Node) > limit) { printf("out of memory\n"); exit(1); }
    top = p + sizeof(Node);
    Node *n = (Node *)p;
    n->left = left; n->right = right;
    return n;
}

static Node *make(int depth) {
    if (depth == 0) return new_node(0, 0);
    Node *left = make(depth - 1);
    Node *right = make(depth - 1);
    return new_node(left, right);
}

static int check(Node *n) {
    if (n->left == 0) return 1;
    return 1 + check(n->left) + check(n->right);
}

int main(int argc, char **argv) {
    int deepest = argc > 1 ? atoi(argv[1]) : 20;
    size_t size = (size_t)64 << 20;
    arena = malloc(size); limit = arena + size;
    long total = 0;
    for (int depth = 4; depth <= deepest; depth += 2) {
        int trees = 1 << (deepest - depth + 4);
        long nodes = 0;
        for (int i = 0; i < trees; i++) {
            top = arena;
            nodes += check(make(depth));
        }
        total += nodes;
    }
    printf("%ld\n", total);
    return 0;
}
