/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "model/node.h"

struct node *node_new(enum node_kind kind, const struct mark *mark)
{
        struct node *node = calloc(1, sizeof(*node));

        if (node) {
                node->kind = kind;
                node->mark = *mark;
        }
        return node;
}

/* Recursion is bounded by rule 3. */
void node_free(struct node *node)
{
        if (!node)
                return;
        for (size_t i = 0; i < node->count; i++) {
                free(node->children[i].key);
                node_free(node->children[i].value);
        }
        free(node->children);
        free(node->text);
        free(node);
}

void node_drop(struct node **node)
{
        node_free(*node);
        *node = NULL;
}

bool node_add(struct node *parent, char *key, const struct mark *key_mark, struct node *value)
{
        if (parent->count == parent->capacity) {
                size_t capacity = parent->capacity ? 2 * parent->capacity : 4;
                struct node_child *grown = realloc(parent->children, capacity * sizeof(*grown));

                if (!grown) {
                        free(key);
                        node_free(value);
                        return false;
                }
                parent->children = grown;
                parent->capacity = capacity;
        }
        parent->children[parent->count++] =
                (struct node_child){ .key = key, .key_mark = *key_mark, .value = value };
        return true;
}

struct node_child *node_find(const struct node *node, const char *key)
{
        if (node->kind != NODE_MAPPING)
                return NULL;
        for (size_t i = 0; i < node->count; i++) {
                if (strcmp(node->children[i].key, key) == 0)
                        return &node->children[i];
        }
        return NULL;
}
