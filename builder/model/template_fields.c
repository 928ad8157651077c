/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/spelling.h"
#include "model/template_fields.h"

/* A longer key is cut in the path: that way NODE_DEPTH_MAX of them always fit. */
enum { FIELDS_MAX = 32, PATH_KEY_MAX_BYTES = 200 };

void checker_complain(struct checker *checker, const struct mark *mark, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        vcomplain(checker->complaints, mark, checker->path.size_bytes ? checker->path.bytes : NULL, format,
                  args);
        va_end(args);
}

size_t checker_enter_key(struct checker *checker, const char *key)
{
        size_t outer_bytes = checker->path.size_bytes;

        buffer_appendf(&checker->path, "%s%.*s", outer_bytes ? "." : "", PATH_KEY_MAX_BYTES, key);
        return outer_bytes;
}

size_t checker_enter_index(struct checker *checker, size_t index)
{
        size_t outer_bytes = checker->path.size_bytes;

        buffer_appendf(&checker->path, "[%zu]", index);
        return outer_bytes;
}

void checker_leave(struct checker *checker, size_t outer_bytes)
{
        if (checker->path.size_bytes > outer_bytes) {
                checker->path.size_bytes = outer_bytes;
                checker->path.bytes[outer_bytes] = '\0';
        }
}

void checker_complain_at(struct checker *checker, const char *key, const struct mark *mark,
                         const char *format, ...)
{
        size_t outer = checker_enter_key(checker, key);
        va_list args;

        va_start(args, format);
        vcomplain(checker->complaints, mark, checker->path.bytes, format, args);
        va_end(args);
        checker_leave(checker, outer);
}

enum ingot_code checker_finish(struct checker *checker, struct ingot_error *err)
{
        bool out_of_memory = checker->out_of_memory || checker->path.failed;

        buffer_release(&checker->path);
        return out_of_memory ? ingot_fail_memory(err, 1) : INGOT_OK;
}

void *checker_allocate(struct checker *checker, size_t count, size_t item_bytes)
{
        void *made = calloc(count ? count : 1, item_bytes);

        if (!made)
                checker->out_of_memory = true;
        return made;
}

/* As the language at hand calls it. */
static const char *kind_name(const struct checker *checker, enum node_kind kind)
{
        if (kind == NODE_SCALAR)
                return "a single value";
        if (kind == NODE_SEQUENCE)
                return checker->strict_types ? "an array" : "a list";
        return checker->strict_types ? "an object" : "a mapping";
}

bool checker_need(struct checker *checker, const struct node *node, enum node_kind kind)
{
        if (node->kind == kind)
                return true;
        if (node->kind == NODE_SCALAR && !node->quoted && !*node->text)
                checker_complain(checker, &node->mark, "has no value; it must be %s",
                                 kind_name(checker, kind));
        else
                checker_complain(checker, &node->mark, "must be %s, not %s", kind_name(checker, kind),
                                 kind_name(checker, node->kind));
        return false;
}

/* Returns the key that was probably meant; NULL when none is near. */
static const char *complain_unknown(struct checker *checker, const struct node_child *child,
                                    const struct field *fields, size_t field_count)
{
        const char *keys[FIELDS_MAX], *nearest;

        for (size_t i = 0; i < field_count; i++)
                keys[i] = fields[i].key;
        nearest = spelling_nearest(child->key, keys, field_count);
        if (nearest)
                checker_complain(checker, &child->key_mark, "unknown key '%s'; did you mean '%s'?",
                                 child->key, nearest);
        else
                checker_complain(checker, &child->key_mark, "unknown key '%s'", child->key);
        checker->unknown_count++;
        return nearest;
}

static size_t find_field(const struct field *fields, size_t field_count, const char *key)
{
        size_t i = 0;

        while (i < field_count && strcmp(fields[i].key, key) != 0)
                i++;
        return i;
}

bool checker_take_fields(struct checker *checker, const struct node *node, const struct field *fields,
                         size_t field_count, void *out)
{
        bool seen[FIELDS_MAX] = { false };

        if (!checker_need(checker, node, NODE_MAPPING))
                return false;
        for (size_t i = 0; i < node->count; i++) {
                const struct node_child *child = &node->children[i];
                size_t at = find_field(fields, field_count, child->key);
                size_t outer = checker_enter_key(checker, child->key);

                if (at < field_count) {
                        seen[at] = true;
                        fields[at].take(checker, child->value, &fields[at], (char *)out + fields[at].offset);
                } else {
                        const char *meant = complain_unknown(checker, child, fields, field_count);

                        if (meant)
                                seen[find_field(fields, field_count, meant)] = true;
                }
                checker_leave(checker, outer);
        }
        for (size_t i = 0; i < field_count; i++) {
                if (fields[i].required && !seen[i])
                        checker_complain(checker, &node->mark, "key '%s' is missing", fields[i].key);
        }
        return true;
}

size_t count_characters(const char *text)
{
        size_t count = 0;

        for (; *text; text++)
                count += ((unsigned char)*text & 0xc0) != 0x80;
        return count;
}

static void check_choice(struct checker *checker, const struct node *value, const struct field *field,
                         bool *ret_good)
{
        struct buffer all = BUFFER_INIT(1024);
        const char *nearest;
        size_t count = 0;

        for (; field->choices[count]; count++) {
                if (strcmp(field->choices[count], value->text) == 0)
                        return;
        }
        for (size_t i = 0; i < count; i++)
                buffer_appendf(&all, "%s%s", i == 0 ? "" : i + 1 == count ? " or " : ", ", field->choices[i]);
        nearest = spelling_nearest(value->text, field->choices, count);
        if (nearest)
                checker_complain(checker, &value->mark, "'%s' is not %s; did you mean '%s'?", value->text,
                                 all.bytes, nearest);
        else
                checker_complain(checker, &value->mark, "'%s' is not %s", value->text, all.bytes);
        buffer_release(&all);
        *ret_good = false;
}

/* Whether value is a text that field allows, but for its rule. */
static bool text_is_good(struct checker *checker, const struct node *value, const struct field *field)
{
        bool good = true;
        size_t characters;

        if (!checker_need(checker, value, NODE_SCALAR))
                return false;
        if (checker->strict_types && !value->quoted) {
                checker_complain(checker, &value->mark, "must be a text in quotes, not %s", value->text);
                return false;
        }
        if (!checker->strict_types && !value->quoted && !*value->text) {
                checker_complain(checker, &value->mark, "has no value; write \"\" for an empty text");
                return false;
        }
        if (field->choices)
                check_choice(checker, value, field, &good);
        characters = count_characters(value->text);
        if (field->max && (characters < field->min || characters > field->max)) {
                checker_complain(checker, &value->mark,
                                 "has %zu characters; from %" PRIu64 " to %" PRIu64 " are allowed",
                                 characters, field->min, field->max);
                good = false;
        }
        return good;
}

static bool keep_text(struct checker *checker, const struct node *value, struct text_value *kept)
{
        kept->text = strdup(value->text);
        kept->mark = value->mark;
        if (!kept->text)
                checker->out_of_memory = true;
        return kept->text != NULL;
}

void take_text(struct checker *checker, const struct node *value, const struct field *field, void *member)
{
        struct text_value *kept = member;

        if (kept->text) { /* two keys that mean the same */
                checker_complain(checker, &value->mark, "is given already, as '%s'", kept->text);
                return;
        }
        if (text_is_good(checker, value, field) && keep_text(checker, value, kept) && field->rule)
                field->rule(checker, kept);
}

void take_texts(struct checker *checker, const struct node *value, const struct field *field, void *member)
{
        struct text_list *kept = member;

        if (!checker_need(checker, value, NODE_SEQUENCE))
                return;
        kept->items = checker_allocate(checker, value->count, sizeof(*kept->items));
        for (size_t i = 0; kept->items && i < value->count; i++) {
                const struct node *item = value->children[i].value;
                size_t outer = checker_enter_index(checker, i);

                if (text_is_good(checker, item, field) &&
                    keep_text(checker, item, &kept->items[kept->count])) {
                        if (field->rule)
                                field->rule(checker, &kept->items[kept->count]);
                        kept->count++;
                }
                checker_leave(checker, outer);
        }
}

static bool parse_number(const char *text, uint64_t *ret_value)
{
        uint64_t value = 0;

        if (!*text)
                return false;
        for (; *text; text++) {
                if (*text < '0' || *text > '9' || value > (UINT64_MAX - 9) / 10)
                        return false;
                value = value * 10 + (uint64_t)(*text - '0');
        }
        *ret_value = value;
        return true;
}

void take_number(struct checker *checker, const struct node *value, const struct field *field, void *member)
{
        struct number_value *kept = member;
        uint64_t number;

        if (!checker_need(checker, value, NODE_SCALAR))
                return;
        if ((checker->strict_types && value->quoted) || !parse_number(value->text, &number)) {
                checker_complain(checker, &value->mark, "must be a whole number, not %s%s%s",
                                 value->quoted ? "\"" : "", value->text, value->quoted ? "\"" : "");
                return;
        }
        if (number < field->min || number > field->max) {
                checker_complain(checker, &value->mark, "%" PRIu64 " is not within %" PRIu64 " to %" PRIu64,
                                 number, field->min, field->max);
                return;
        }
        *kept = (struct number_value){ .value = number, .given = true, .mark = value->mark };
}

void take_bool(struct checker *checker, const struct node *value, const struct field *field, void *member)
{
        (void)field;
        if (!checker_need(checker, value, NODE_SCALAR))
                return;
        if (!(checker->strict_types && value->quoted)) {
                if (strcmp(value->text, "true") == 0) {
                        *(bool *)member = true;
                        return;
                }
                if (strcmp(value->text, "false") == 0) {
                        *(bool *)member = false;
                        return;
                }
        }
        checker_complain(checker, &value->mark, "must be true or false, not %s%s%s",
                         value->quoted ? "\"" : "", value->text, value->quoted ? "\"" : "");
}

void take_tri(struct checker *checker, const struct node *value, const struct field *field, void *member)
{
        size_t before = checker->complaints->count + checker->complaints->left_out;
        bool yes = false;

        take_bool(checker, value, field, &yes);
        if (checker->complaints->count + checker->complaints->left_out == before)
                *(enum tri_state *)member = yes ? TRI_YES : TRI_NO;
}
