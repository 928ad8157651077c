/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/own.h"
#include "model/json_marks.h"

struct walk {
        const char *at, *end;
        struct mark mark; /* of at */
        size_t node_count;
        struct complaint_list *complaints;
        struct ingot_error *err;
};

static enum ingot_code stop(const struct walk *walk, const struct mark *mark, const char *text)
{
        complain(walk->complaints, mark, NULL, "%s", text);
        return mark_fail(walk->err, INGOT_E_TEMPLATE, mark, "%s", text);
}

/* jansson found these bytes to be JSON and this walk did not. */
static enum ingot_code disagree(const struct walk *walk)
{
        return stop(walk, &walk->mark, "not JSON");
}

static char peek(const struct walk *walk)
{
        if (walk->at == walk->end)
                return '\0';
        return *walk->at;
}

static void step(struct walk *walk)
{
        if (walk->at == walk->end)
                return;
        if (*walk->at == '\n') {
                walk->mark.line++;
                walk->mark.column = 1;
        } else if (((unsigned char)*walk->at & 0xc0) != 0x80) {
                walk->mark.column++;
        }
        walk->at++;
}

static void skip_space(struct walk *walk)
{
        while (peek(walk) == ' ' || peek(walk) == '\t' || peek(walk) == '\n' || peek(walk) == '\r')
                step(walk);
}

static bool take(struct walk *walk, char c)
{
        if (peek(walk) != c)
                return false;
        step(walk);
        return true;
}

static bool take_hex(struct walk *walk, uint32_t *ret_unit)
{
        uint32_t unit = 0;

        for (int i = 0; i < 4; i++) {
                char c = peek(walk);

                if (c >= '0' && c <= '9')
                        unit = unit * 16 + (uint32_t)(c - '0');
                else if (c >= 'a' && c <= 'f')
                        unit = unit * 16 + (uint32_t)(c - 'a') + 10;
                else if (c >= 'A' && c <= 'F')
                        unit = unit * 16 + (uint32_t)(c - 'A') + 10;
                else
                        return false;
                step(walk);
        }
        *ret_unit = unit;
        return true;
}

static void append_utf8(struct buffer *out, uint32_t point)
{
        if (point < 0x80) {
                buffer_append_char(out, (char)point);
        } else if (point < 0x800) {
                buffer_append_char(out, (char)(0xc0 | point >> 6));
                buffer_append_char(out, (char)(0x80 | (point & 0x3f)));
        } else if (point < 0x10000) {
                buffer_append_char(out, (char)(0xe0 | point >> 12));
                buffer_append_char(out, (char)(0x80 | (point >> 6 & 0x3f)));
                buffer_append_char(out, (char)(0x80 | (point & 0x3f)));
        } else {
                buffer_append_char(out, (char)(0xf0 | point >> 18));
                buffer_append_char(out, (char)(0x80 | (point >> 12 & 0x3f)));
                buffer_append_char(out, (char)(0x80 | (point >> 6 & 0x3f)));
                buffer_append_char(out, (char)(0x80 | (point & 0x3f)));
        }
}

/* What follows a backslash. */
static bool take_escape(struct walk *walk, struct buffer *out)
{
        static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
        const char *letter;
        uint32_t point, low;

        if (take(walk, 'u')) {
                if (!take_hex(walk, &point) || !point)
                        return false;
                if (point >= 0xd800 && point < 0xdc00) {
                        if (!take(walk, '\\') || !take(walk, 'u') || !take_hex(walk, &low) || low < 0xdc00 ||
                            low > 0xdfff)
                                return false;
                        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
                }
                append_utf8(out, point);
                return true;
        }
        letter = peek(walk) ? strchr(letters, peek(walk)) : NULL;
        if (!letter)
                return false;
        buffer_append_char(out, meant[letter - letters]);
        step(walk);
        return true;
}

/* ret_text: owned by the caller. */
static enum ingot_code take_string(struct walk *walk, char **ret_text)
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(JSON_MARKS_MAX_BYTES);
        char *text;

        if (!take(walk, '"'))
                return disagree(walk);
        while (peek(walk) != '"') {
                char c = peek(walk);

                if (!c)
                        return disagree(walk);
                step(walk);
                if (c != '\\')
                        buffer_append_char(&out, c);
                else if (!take_escape(walk, &out))
                        return disagree(walk);
        }
        step(walk);
        text = buffer_take(&out);
        if (!text)
                return ingot_fail_memory(walk->err, 1);
        *ret_text = text;
        return INGOT_OK;
}

static enum ingot_code read_value(struct walk *walk, unsigned depth, struct node **ret_node);

static enum ingot_code read_members(struct walk *walk, unsigned depth, struct node *node, char close)
{
        enum ingot_code r;

        step(walk);
        skip_space(walk);
        if (take(walk, close))
                return INGOT_OK;
        for (;;) {
                OWNED(heap_drop) char *key = NULL;
                struct node *value = NULL;
                struct mark mark;

                skip_space(walk);
                mark = walk->mark;
                if (node->kind == NODE_MAPPING) {
                        r = take_string(walk, &key);
                        if (r)
                                return r;
                        skip_space(walk);
                        if (!take(walk, ':'))
                                return disagree(walk);
                }
                r = read_value(walk, depth + 1, &value);
                if (r)
                        return r;
                if (!node_add(node, TAKE(key), &mark, value))
                        return ingot_fail_memory(walk->err, sizeof(*node));
                skip_space(walk);
                if (take(walk, close))
                        return INGOT_OK;
                if (!take(walk, ','))
                        return disagree(walk);
        }
}

/* A number, true, false or null: as it was written. */
static enum ingot_code read_plain(struct walk *walk, struct node *node)
{
        const char *start = walk->at;

        while (peek(walk) && !strchr(",]} \t\r\n", peek(walk)))
                step(walk);
        if (walk->at == start)
                return disagree(walk);
        node->text = strndup(start, (size_t)(walk->at - start));
        return node->text ? INGOT_OK : ingot_fail_memory(walk->err, 1);
}

static enum ingot_code read_value(struct walk *walk, unsigned depth, struct node **ret_node)
{
        OWNED(node_drop) struct node *node = NULL;
        enum ingot_code r;
        char first;

        skip_space(walk);
        first = peek(walk);
        if (depth > NODE_DEPTH_MAX)
                return stop(walk, &walk->mark, "arrays and objects are nested more than 32 deep");
        if (++walk->node_count > NODE_COUNT_MAX)
                return stop(walk, &walk->mark, "more than 50000 values");
        node = node_new(first == '{'   ? NODE_MAPPING
                        : first == '[' ? NODE_SEQUENCE
                                       : NODE_SCALAR,
                        &walk->mark);
        if (!node)
                return ingot_fail_memory(walk->err, sizeof(*node));
        node->quoted = first == '"';
        if (node->kind != NODE_SCALAR)
                r = read_members(walk, depth, node, first == '{' ? '}' : ']');
        else if (node->quoted)
                r = take_string(walk, &node->text);
        else
                r = read_plain(walk, node);
        if (!r)
                *ret_node = TAKE(node);
        return r;
}

enum ingot_code json_marks_read(const char *bytes, size_t size_bytes, const char *file,
                                struct complaint_list *complaints, struct node **ret_root,
                                struct ingot_error *err)
{
        OWNED(json_value_drop) struct json_value *json = NULL;
        struct walk walk = { .at = bytes,
                             .end = bytes + size_bytes,
                             .mark = { file, 1, 1 },
                             .complaints = complaints,
                             .err = err };
        struct json_fault fault;

        if (size_bytes > JSON_MARKS_MAX_BYTES)
                return stop(&walk, &(struct mark){ file, 0, 0 }, "larger than 1MiB");
        if (json_value_parse_or_fault(bytes, size_bytes, &json, &fault)) {
                struct mark mark = { file, fault.line, fault.column };

                complain(complaints, &mark, NULL, "not JSON: %s", fault.text);
                return mark_fail(err, INGOT_E_TEMPLATE, &mark, "not JSON: %s", fault.text);
        }
        return read_value(&walk, 1, ret_root);
}
