/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODEL_MARK_HOME 1
#include "base/utf16.h"
#include "model/mark.h"

void complaint_list_release(struct complaint_list *list)
{
        for (size_t i = 0; i < list->count; i++) {
                free(list->complaints[i].key_path);
                free(list->complaints[i].text);
        }
        free(list->complaints);
        *list = (struct complaint_list){ 0 };
}

/* Makes room for one more; false when the list is at its ceiling or memory ran out. */
static bool list_reserve(struct complaint_list *list)
{
        size_t capacity = list->capacity ? 2 * list->capacity : 8;
        struct complaint *grown;

        if (list->count < list->capacity)
                return true;
        if (list->count >= COMPLAINTS_MAX)
                return false;
        if (capacity > COMPLAINTS_MAX)
                capacity = COMPLAINTS_MAX;
        grown = realloc(list->complaints, capacity * sizeof(*grown));
        if (!grown)
                return false;
        list->complaints = grown;
        list->capacity = capacity;
        return true;
}

/* Rule 3; text is changed in place. */
static void tidy_text(char *text)
{
        size_t size_bytes = strlen(text);
        bool is_text;

        if (size_bytes > COMPLAINT_MAX_BYTES) {
                size_bytes = COMPLAINT_MAX_BYTES;
                while (size_bytes && ((unsigned char)text[size_bytes] & 0xc0) == 0x80)
                        size_bytes--;
                text[size_bytes] = '\0';
        }
        is_text = utf8_is_valid(text, strlen(text));
        for (; *text; text++) {
                if ((unsigned char)*text < 0x20 || *text == 0x7f ||
                    ((unsigned char)*text >= 0x80 && !is_text))
                        *text = '?';
        }
}

void vcomplain(struct complaint_list *list, const struct mark *mark, const char *key_path, const char *format,
               va_list args)
{
        struct complaint made = { .mark = *mark };

        if (!list_reserve(list)) {
                list->left_out++;
                return;
        }
        if (vasprintf(&made.text, format, args) < 0)
                made.text = NULL;
        if (key_path)
                made.key_path = strdup(key_path);
        if (!made.text || (key_path && !made.key_path)) {
                free(made.text);
                free(made.key_path);
                list->left_out++;
                return;
        }
        tidy_text(made.text);
        if (made.key_path)
                tidy_text(made.key_path);
        list->complaints[list->count++] = made;
}

void complain(struct complaint_list *list, const struct mark *mark, const char *key_path, const char *format,
              ...)
{
        va_list args;

        va_start(args, format);
        vcomplain(list, mark, key_path, format, args);
        va_end(args);
}

static int compare_u32(uint32_t a, uint32_t b)
{
        return (a > b) - (a < b);
}

/* A total order, so that the list is the same whatever the order of the checks and of qsort. */
static int compare_complaints(const void *left, const void *right)
{
        const struct complaint *a = left, *b = right;
        int order = strcmp(a->mark.file ? a->mark.file : "", b->mark.file ? b->mark.file : "");

        if (!order)
                order = compare_u32(a->mark.line, b->mark.line);
        if (!order)
                order = compare_u32(a->mark.column, b->mark.column);
        return order ? order : strcmp(a->text, b->text);
}

void complaint_list_sort(struct complaint_list *list)
{
        if (list->count > 1)
                qsort(list->complaints, list->count, sizeof(*list->complaints), compare_complaints);
}

void complaint_list_rename(struct complaint_list *list, const char *from, const char *to)
{
        for (size_t i = 0; i < list->count; i++) {
                if (list->complaints[i].mark.file == from)
                        list->complaints[i].mark.file = to;
        }
}

void mark_print(const struct mark *mark, struct buffer *out)
{
        buffer_append_text(out, mark->file ? mark->file : "");
        if (mark->line)
                buffer_appendf(out, ":%u:%u", (unsigned)mark->line, (unsigned)mark->column);
}

void complaint_print(const struct complaint *complaint, struct buffer *out)
{
        mark_print(&complaint->mark, out);
        buffer_append_text(out, ": ");
        if (complaint->key_path && *complaint->key_path)
                buffer_appendf(out, "[%s] ", complaint->key_path);
        buffer_append_text(out, complaint->text);
}

enum ingot_code mark_fail(struct ingot_error *err, enum ingot_code code, const struct mark *mark,
                          const char *format, ...)
{
        char text[INGOT_ERROR_TEXT_BYTES];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        if (!mark->line)
                return ingot_fail(err, code, "%s: %s", mark->file ? mark->file : "", text);
        return ingot_fail(err, code, "%s:%u:%u: %s", mark->file ? mark->file : "", (unsigned)mark->line,
                          (unsigned)mark->column, text);
}

enum ingot_code complaint_list_fail(const struct complaint_list *list, const char *what,
                                    struct ingot_error *err)
{
        size_t total = list->count + list->left_out;
        struct buffer text = BUFFER_INIT(INGOT_ERROR_TEXT_BYTES);

        if (!total)
                return INGOT_OK;
        if (!list->count)
                return ingot_fail(err, INGOT_E_MEMORY,
                                  "%s has %zu mistakes, but no memory is left to name them", what, total);
        complaint_print(&list->complaints[0], &text);
        if (total > 1)
                (void)ingot_fail(err, INGOT_E_TEMPLATE, "%s (and %zu more)", text.bytes, total - 1);
        else
                (void)ingot_fail(err, INGOT_E_TEMPLATE, "%s", text.bytes);
        buffer_release(&text);
        return INGOT_E_TEMPLATE;
}
