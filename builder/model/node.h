/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_NODE_H
#define MODEL_NODE_H

/* builder/model/node.h
 * node: what a YAML or JSON text says, every value with the place where it stood.
 *
 * Rules    (1) A scalar is text.  Whether 'no' or '8GiB' means something is for the field to say.
 *          (2) A node owns its children, in the order of the text; a mapping has no key twice.
 *          (3) At most NODE_DEPTH_MAX deep and NODE_COUNT_MAX in all: readers see to it.
 * Tests    tests/unit/model/test_template_reader.c
 */
#include <stdbool.h>

#include "model/mark.h"

enum { NODE_DEPTH_MAX = 32, NODE_COUNT_MAX = 50000 };

enum node_kind { NODE_SCALAR, NODE_SEQUENCE, NODE_MAPPING };

struct node;

struct node_child {
        char *key; /* owned; NULL in a sequence */
        struct mark key_mark;
        struct node *value; /* owned */
};

struct node {
        enum node_kind kind;
        struct mark mark;
        char *text;  /* of a scalar; owned */
        bool quoted; /* a scalar that stood in quotes or as a block */
        struct node_child *children;
        size_t count, capacity;
};

/* NULL: out of memory. */
struct node *node_new(enum node_kind kind, const struct mark *mark);
void node_free(struct node *node);
void node_drop(struct node **node);

/* Both are taken, also on failure; key is NULL in a sequence.  False: out of memory. */
bool node_add(struct node *parent, char *key, const struct mark *key_mark, struct node *value);

/* The child of a mapping under key; NULL when there is none. */
struct node_child *node_find(const struct node *node, const char *key);

#endif
