/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/environment.h"

static const char *get(const char *const *environment, const char *name, size_t chars)
{
        for (size_t i = 0; environment && environment[i]; i++) {
                const char *entry = environment[i];

                if (strncmp(entry, name, chars) == 0 && entry[chars] == '=')
                        return entry[chars + 1] ? entry + chars + 1 : NULL;
        }
        return NULL;
}

const char *environment_get(const char *const *environment, const char *name)
{
        return get(environment, name, strlen(name));
}

/* Appends what "$..." at text stands for and returns its length; 0 when it is no variable, or not set. */
static size_t expand_variable(const char *const *environment, const char *text, struct buffer *out)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
        size_t braces = text[1] == '{' ? 1 : 0;
        const char *name = text + 1 + braces, *value;
        size_t chars = braces ? strcspn(name, "}") : strspn(name, letters);

        if (!chars || (braces && name[chars] != '}'))
                return 0;
        value = get(environment, name, chars);
        if (!value)
                return 0;
        buffer_append_text(out, value);
        return 1 + chars + 2 * braces;
}

void environment_expand_path(const char *const *environment, const char *path, struct buffer *out)
{
        const char *home = environment_get(environment, "HOME");

        if (*path == '~' && (path[1] == '/' || !path[1]) && home) {
                buffer_append_text(out, strcmp(home, "/") == 0 && path[1] ? "" : home);
                path++;
        }
        while (*path) {
                size_t chars = *path == '$' ? expand_variable(environment, path, out) : 0;

                if (!chars)
                        buffer_append_char(out, *path);
                path += chars ? chars : 1;
        }
}
