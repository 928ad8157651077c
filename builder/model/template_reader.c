/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include <yaml.h>

#include "base/own.h"
#include "model/template_reader.h"

/* Keys of one mapping are compared with one another: their number is bounded. */
enum { MAPPING_KEYS_MAX = 1000 };

struct reader {
        yaml_parser_t parser;
        const char *bytes, *file;
        size_t size_bytes, node_count;
        struct complaint_list *complaints;
        struct ingot_error *err;
};

static struct mark mark_of(const struct reader *reader, yaml_mark_t mark)
{
        return (struct mark){ reader->file, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1 };
}

/* Adds the one complaint after which nothing more can be read. */
static enum ingot_code stop(const struct reader *reader, const struct mark *mark, const char *text)
{
        complain(reader->complaints, mark, NULL, "%s", text);
        return mark_fail(reader->err, INGOT_E_TEMPLATE, mark, "%s", text);
}

static enum ingot_code out_of_memory(const struct reader *reader)
{
        return ingot_fail_memory(reader->err, sizeof(struct node));
}

/* libyaml reports a bad byte by its offset alone. */
static struct mark mark_of_offset(const struct reader *reader, size_t offset_bytes)
{
        struct mark mark = { reader->file, 1, 1 };

        for (size_t i = 0; i < offset_bytes && i < reader->size_bytes; i++) {
                if (reader->bytes[i] == '\n') {
                        mark.line++;
                        mark.column = 1;
                } else if (((unsigned char)reader->bytes[i] & 0xc0) != 0x80) {
                        mark.column++;
                }
        }
        return mark;
}

/* Whether white space before the problem, on its line, has a tab in it; ret_column is where. */
static bool find_tab(const struct reader *reader, const struct mark *mark, uint32_t *ret_column)
{
        const char *at = reader->bytes, *end = reader->bytes + reader->size_bytes;
        uint32_t column = 1;

        for (uint32_t line = 1; at && line < mark->line; line++) {
                at = memchr(at, '\n', (size_t)(end - at));
                at = at ? at + 1 : NULL;
        }
        for (; at && at < end && (*at == ' ' || *at == '\t'); at++, column++) {
                if (*at == '\t') {
                        *ret_column = column;
                        return true;
                }
        }
        return false;
}

static enum ingot_code stop_at_syntax(const struct reader *reader)
{
        const yaml_parser_t *parser = &reader->parser;
        const char *problem = parser->problem ? parser->problem : "unreadable";
        struct mark mark = mark_of(reader, parser->problem_mark);
        char text[256];

        if (parser->error == YAML_MEMORY_ERROR)
                return out_of_memory(reader);
        if (parser->error == YAML_READER_ERROR) {
                mark = mark_of_offset(reader, parser->problem_offset);
                (void)snprintf(text, sizeof(text), "byte %zu is not UTF-8 text: %s", parser->problem_offset,
                               problem);
                return stop(reader, &mark, text);
        }
        if (find_tab(reader, &mark, &mark.column))
                return stop(reader, &mark, "a tab in the indentation; YAML is indented with spaces");
        if (parser->context)
                (void)snprintf(text, sizeof(text), "not YAML: %s, %s that starts at line %zu", problem,
                               parser->context, parser->context_mark.line + 1);
        else
                (void)snprintf(text, sizeof(text), "not YAML: %s", problem);
        return stop(reader, &mark, text);
}

static enum ingot_code next_event(struct reader *reader, yaml_event_t *ret_event)
{
        if (!yaml_parser_parse(&reader->parser, ret_event))
                return stop_at_syntax(reader);
        return INGOT_OK;
}

/* Refuses what rule 3 leaves out, and counts. */
static enum ingot_code check_event(struct reader *reader, const yaml_event_t *event, unsigned depth)
{
        const yaml_char_t *anchor = NULL, *tag = NULL;
        struct mark mark = mark_of(reader, event->start_mark);

        if (event->type == YAML_ALIAS_EVENT)
                return stop(reader, &mark, "aliases are not used here; write the value out");
        if (event->type == YAML_SCALAR_EVENT) {
                anchor = event->data.scalar.anchor;
                tag = event->data.scalar.tag;
                if (memchr(event->data.scalar.value, '\0', event->data.scalar.length))
                        return stop(reader, &mark, "a text cannot hold a NUL");
        } else if (event->type == YAML_SEQUENCE_START_EVENT) {
                anchor = event->data.sequence_start.anchor;
                tag = event->data.sequence_start.tag;
        } else if (event->type == YAML_MAPPING_START_EVENT) {
                anchor = event->data.mapping_start.anchor;
                tag = event->data.mapping_start.tag;
        }
        if (anchor)
                return stop(reader, &mark, "anchors are not used here; write the value out where it is used");
        if (tag)
                return stop(reader, &mark, "tags are not used here; write the value alone");
        if (depth > NODE_DEPTH_MAX)
                return stop(reader, &mark, "lists and mappings are nested more than 32 deep");
        if (++reader->node_count > NODE_COUNT_MAX)
                return stop(reader, &mark, "more than 50000 values");
        return INGOT_OK;
}

static enum ingot_code read_value(struct reader *reader, const yaml_event_t *event, unsigned depth,
                                  struct node **ret_node);

/* Reads the event after the one in hand, and the value that starts with it; NULL at the end of a list. */
static enum ingot_code read_next(struct reader *reader, unsigned depth, struct node **ret_node)
{
        yaml_event_t event;
        enum ingot_code r = next_event(reader, &event);

        if (r)
                return r;
        if (event.type != YAML_SEQUENCE_END_EVENT && event.type != YAML_MAPPING_END_EVENT)
                r = read_value(reader, &event, depth, ret_node);
        yaml_event_delete(&event);
        return r;
}

static enum ingot_code add_member(struct reader *reader, struct node *mapping, struct node *key,
                                  struct node *value)
{
        const struct node_child *first = node_find(mapping, key->text);
        struct mark key_mark = key->mark;
        char *key_text;

        if (first) {
                complain(reader->complaints, &key->mark, NULL,
                         "key '%s' is given twice; the first is at %" PRIu32 ":%" PRIu32, key->text,
                         first->key_mark.line, first->key_mark.column);
                node_free(key);
                node_free(value);
                return INGOT_OK;
        }
        key_text = TAKE(key->text);
        node_free(key);
        return node_add(mapping, key_text, &key_mark, value) ? INGOT_OK : out_of_memory(reader);
}

static enum ingot_code read_mapping(struct reader *reader, unsigned depth, struct node *mapping)
{
        for (;;) {
                OWNED(node_drop) struct node *key = NULL, *value = NULL;
                enum ingot_code r = read_next(reader, depth + 1, &key);

                if (r || !key)
                        return r;
                if (key->kind != NODE_SCALAR)
                        return stop(reader, &key->mark, "a key must be a text");
                if (mapping->count >= MAPPING_KEYS_MAX)
                        return stop(reader, &key->mark, "more than 1000 keys in one mapping");
                r = read_next(reader, depth + 1, &value);
                if (!r)
                        r = add_member(reader, mapping, TAKE(key), TAKE(value));
                if (r)
                        return r;
        }
}

static enum ingot_code read_sequence(struct reader *reader, unsigned depth, struct node *sequence)
{
        for (;;) {
                struct node *value = NULL;
                enum ingot_code r = read_next(reader, depth + 1, &value);

                if (r || !value)
                        return r;
                if (!node_add(sequence, NULL, &value->mark, value))
                        return out_of_memory(reader);
        }
}

static enum ingot_code read_value(struct reader *reader, const yaml_event_t *event, unsigned depth,
                                  struct node **ret_node)
{
        OWNED(node_drop) struct node *node = NULL;
        struct mark mark = mark_of(reader, event->start_mark);
        enum ingot_code r = check_event(reader, event, depth);

        if (r)
                return r;
        node = node_new(event->type == YAML_SCALAR_EVENT           ? NODE_SCALAR
                        : event->type == YAML_SEQUENCE_START_EVENT ? NODE_SEQUENCE
                                                                   : NODE_MAPPING,
                        &mark);
        if (!node)
                return out_of_memory(reader);
        if (node->kind == NODE_SCALAR) {
                node->text = strdup((const char *)event->data.scalar.value);
                node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
                if (!node->text)
                        return out_of_memory(reader);
        } else if (node->kind == NODE_SEQUENCE) {
                r = read_sequence(reader, depth, node);
        } else {
                r = read_mapping(reader, depth, node);
        }
        if (!r)
                *ret_node = TAKE(node);
        return r;
}

/* Reads the stream's start, its one document and its end. */
static enum ingot_code read_stream(struct reader *reader, struct node **ret_root)
{
        static const struct mark none = { 0 };
        OWNED(node_drop) struct node *root = NULL;

        for (;;) {
                yaml_event_t event;
                enum ingot_code r = next_event(reader, &event);
                struct mark mark = r ? none : mark_of(reader, event.start_mark);
                bool end;

                if (r)
                        return r;
                end = event.type == YAML_STREAM_END_EVENT;
                if (event.type == YAML_DOCUMENT_START_EVENT && root)
                        r = stop(reader, &mark, "a second document; a template is one");
                else if (event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_START_EVENT &&
                         event.type != YAML_DOCUMENT_END_EVENT && !end)
                        r = read_value(reader, &event, 1, &root);
                yaml_event_delete(&event);
                if (r)
                        return r;
                if (end)
                        break;
        }
        if (!root)
                return stop(reader, &(struct mark){ reader->file, 0, 0 }, "there is nothing in it");
        *ret_root = TAKE(root);
        return INGOT_OK;
}

enum ingot_code template_read(const char *bytes, size_t size_bytes, const char *file,
                              struct complaint_list *complaints, struct node **ret_root,
                              struct ingot_error *err)
{
        struct reader reader = {
                .bytes = bytes, .file = file, .size_bytes = size_bytes, .complaints = complaints, .err = err
        };
        enum ingot_code r;

        if (size_bytes > TEMPLATE_MAX_BYTES)
                return stop(&reader, &(struct mark){ file, 0, 0 }, "larger than 1MiB: not a template");
        if (!yaml_parser_initialize(&reader.parser))
                return out_of_memory(&reader);
        yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&reader.parser, (const unsigned char *)bytes, size_bytes);
        r = read_stream(&reader, ret_root);
        yaml_parser_delete(&reader.parser);
        return r;
}
