/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <string.h>

#include "base/own.h"
#include "image/grub_modules.h"

/* A walk is as deep as the longest chain of needs: 9 in GRUB 2.06. */
enum { DEPTH_MAX = 64 };

struct resolver {
        const char *moddep;
        size_t moddep_bytes;
        struct grub_module_list list;
};

static bool is_name_char(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
               c == '-';
}

static bool is_name(const char *name, size_t name_bytes)
{
        if (name_bytes == 0 || name_bytes > GRUB_MODULE_NAME_CHARS)
                return false;
        for (size_t i = 0; i < name_bytes; i++)
                if (!is_name_char(name[i]))
                        return false;
        return true;
}

static bool list_has(const struct grub_module_list *list, const char *name, size_t name_bytes)
{
        for (size_t i = 0; i < list->count; i++)
                if (strlen(list->modules[i].name) == name_bytes &&
                    memcmp(list->modules[i].name, name, name_bytes) == 0)
                        return true;
        return false;
}

/* Finds what stands behind "name:" in its last line; nothing when there is no such line. */
static void find_needs(const struct resolver *resolver, const char *name, size_t name_bytes,
                       const char **ret_start, const char **ret_end)
{
        const char *at = resolver->moddep, *end = at + resolver->moddep_bytes;

        *ret_start = *ret_end = end;
        while (at < end) {
                const char *newline = memchr(at, '\n', (size_t)(end - at));
                const char *line_end = newline ? newline : end;

                if ((size_t)(line_end - at) > name_bytes && at[name_bytes] == ':' &&
                    memcmp(at, name, name_bytes) == 0) {
                        *ret_start = at + name_bytes + 1;
                        *ret_end = line_end;
                }
                at = newline ? newline + 1 : end;
        }
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r';
}

static enum ingot_code add_module(struct resolver *resolver, const char *name, size_t name_bytes,
                                  unsigned depth, struct ingot_error *err)
{
        const char *start, *end;

        if (!is_name(name, name_bytes))
                return ingot_fail(err, INGOT_E_FORMAT, "'%.*s' in moddep.lst is not a module's name",
                                  name_bytes > 100 ? 100 : (int)name_bytes, name);
        if (list_has(&resolver->list, name, name_bytes))
                return INGOT_OK;
        if (depth > DEPTH_MAX)
                return ingot_fail(err, INGOT_E_FORMAT, "in moddep.lst module '%.*s' needs itself",
                                  (int)name_bytes, name);
        find_needs(resolver, name, name_bytes, &start, &end);
        while (start < end) {
                const char *need_end, *need;
                enum ingot_code r;

                while (end > start && is_blank(end[-1]))
                        end--;
                need_end = need = end;
                while (need > start && !is_blank(need[-1]))
                        need--;
                if (need == need_end)
                        break;
                r = add_module(resolver, need, (size_t)(need_end - need), depth + 1, err);
                if (r)
                        return r;
                end = need;
        }
        /* Something below may have needed this one too: then it is a circle, and it is listed already. */
        if (list_has(&resolver->list, name, name_bytes))
                return ingot_fail(err, INGOT_E_FORMAT, "in moddep.lst module '%.*s' needs itself",
                                  (int)name_bytes, name);
        if (resolver->list.count == GRUB_MODULES_MAX)
                return ingot_fail(err, INGOT_E_FORMAT, "more than %d modules are needed", GRUB_MODULES_MAX);
        memcpy(resolver->list.modules[resolver->list.count].name, name, name_bytes);
        resolver->list.modules[resolver->list.count++].name[name_bytes] = '\0';
        return INGOT_OK;
}

enum ingot_code grub_modules_resolve(const char *moddep, size_t moddep_bytes, const char *const *wanted,
                                     size_t wanted_count, struct grub_module_list *ret_list,
                                     struct ingot_error *err)
{
        struct resolver resolver = { .moddep = moddep, .moddep_bytes = moddep_bytes };
        OWNED(heap_drop) struct grub_module *modules = calloc(GRUB_MODULES_MAX, sizeof(*modules));

        if (!modules)
                return ingot_fail_memory(err, GRUB_MODULES_MAX * sizeof(*modules));
        resolver.list.modules = modules;
        for (size_t i = 0; i < wanted_count; i++) {
                enum ingot_code r;

                if (!is_name(wanted[i], strlen(wanted[i])))
                        return ingot_fail(err, INGOT_E_USAGE, "'%s' is not a GRUB module's name", wanted[i]);
                r = add_module(&resolver, wanted[i], strlen(wanted[i]), 0, err);
                if (r)
                        return ingot_while(err, r, "finding what GRUB's module '%s' needs", wanted[i]);
        }
        *ret_list = (struct grub_module_list){ .modules = TAKE(modules), .count = resolver.list.count };
        return INGOT_OK;
}

void grub_module_list_release(struct grub_module_list *list)
{
        free(list->modules);
        *list = (struct grub_module_list){ .modules = NULL };
}
