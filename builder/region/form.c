/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "region/exchange.h"
#include "region/form.h"

static int compare_pairs(const void *left, const void *right)
{
        const struct uri_pair *a = left, *b = right;

        return strcmp(a->name, b->name);
}

enum ingot_code form_parse(const char *text, size_t size_bytes, enum uri_kind kind, struct form *ret_form,
                           struct ingot_error *err)
{
        OWNED(form_release) struct form form = { 0 };
        size_t chars;
        enum ingot_code r = uri_query_parse(text, size_bytes, kind, &form.query, err);

        if (r)
                return r;
        if (form.query.count > 0)
                qsort(form.query.pairs, form.query.count, sizeof(*form.query.pairs), compare_pairs);
        for (size_t i = 0; i < form.query.count; i++) {
                const struct uri_pair *pair = &form.query.pairs[i];

                if (!is_plain_text(pair->name, &chars) || !is_plain_text(pair->value, &chars))
                        return ingot_fail(err, INGOT_E_FORMAT,
                                          "A parameter is not UTF-8 or holds control characters");
                if (i > 0 && strcmp(pair[-1].name, pair->name) == 0)
                        return ingot_fail(err, INGOT_E_FORMAT, "The parameter %.80s is given twice",
                                          pair->name);
        }
        form.is_asked = calloc(form.query.count + 1, sizeof(*form.is_asked));
        if (!form.is_asked)
                return ingot_fail_memory(err, form.query.count);
        *ret_form = form;
        form = (struct form){ 0 };
        return INGOT_OK;
}

void form_release(struct form *form)
{
        uri_query_release(&form->query);
        free(form->is_asked);
        *form = (struct form){ 0 };
}

/* The number of the first pair whose name is not below name. */
static size_t lower_bound(const struct form *form, const char *name)
{
        size_t low = 0, high = form->query.count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (strcmp(form->query.pairs[middle].name, name) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

const char *form_find(struct form *form, const char *format, ...)
{
        char name[FORM_NAME_CHARS + 1];
        va_list args;
        size_t at;

        va_start(args, format);
        (void)vsnprintf(name, sizeof(name), format, args);
        va_end(args);
        at = lower_bound(form, name);
        if (at == form->query.count || strcmp(form->query.pairs[at].name, name) != 0)
                return NULL;
        form->is_asked[at] = true;
        return form->query.pairs[at].value;
}

bool form_has(const struct form *form, const char *format, ...)
{
        char name[FORM_NAME_CHARS + 1];
        size_t chars, at;
        va_list args;

        va_start(args, format);
        (void)vsnprintf(name, sizeof(name) - 1, format, args);
        va_end(args);
        at = lower_bound(form, name);
        if (at < form->query.count && strcmp(form->query.pairs[at].name, name) == 0)
                return true;
        chars = strlen(name);
        (void)snprintf(name + chars, sizeof(name) - chars, ".");
        at = lower_bound(form, name);
        return at < form->query.count && strncmp(form->query.pairs[at].name, name, chars + 1) == 0;
}

const char *form_unasked(const struct form *form)
{
        for (size_t i = 0; i < form->query.count; i++) {
                /* A presigned request carries its signature among its parameters. */
                if (!form->is_asked[i] && strncmp(form->query.pairs[i].name, "X-Amz-", 6) != 0)
                        return form->query.pairs[i].name;
        }
        return NULL;
}

bool form_says(const char *text, size_t size_bytes, const char *name, const char *value)
{
        size_t name_bytes = strlen(name), value_bytes = strlen(value);

        for (size_t at = 0; at < size_bytes;) {
                const char *end = memchr(text + at, '&', size_bytes - at);
                size_t pair_bytes = end ? (size_t)(end - text) - at : size_bytes - at;

                if (pair_bytes == name_bytes + 1 + value_bytes && memcmp(text + at, name, name_bytes) == 0 &&
                    text[at + name_bytes] == '=' &&
                    memcmp(text + at + name_bytes + 1, value, value_bytes) == 0)
                        return true;
                at += pair_bytes + 1;
        }
        return false;
}
