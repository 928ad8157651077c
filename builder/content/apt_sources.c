/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/fd.h"
#include "base/own.h"
#include "content/apt_sources.h"

enum { SOURCES_FILE_BYTES = 256 * 1024, FIELD_CHARS = 1024, PATH_CHARS = 4096 };

/* What an entry of either format says; each a list of words with one space between. */
struct entry {
        char types[FIELD_CHARS], uris[FIELD_CHARS], suites[FIELD_CHARS], components[FIELD_CHARS],
                signed_by[FIELD_CHARS], enabled[FIELD_CHARS];
        bool truncated; /* a field did not fit, or Signed-By is a key itself: not an entry of Debian's */
};

static bool is_space(char c)
{
        return c == ' ' || c == '\t' || c == '\r';
}

/* Takes the next word of *at; false when there is none. */
static bool word_next(const char **at, const char *end, const char **ret_word, size_t *ret_chars)
{
        while (*at < end && is_space(**at))
                (*at)++;
        *ret_word = *at;
        while (*at < end && !is_space(**at))
                (*at)++;
        *ret_chars = (size_t)(*at - *ret_word);
        return *ret_chars > 0;
}

static void field_add(struct entry *entry, char field[FIELD_CHARS], const char *word, size_t chars)
{
        size_t used = strlen(field);

        if (used + chars + 2 > FIELD_CHARS) {
                entry->truncated = true;
                return;
        }
        if (used)
                field[used++] = ' ';
        memcpy(field + used, word, chars);
        field[used + chars] = '\0';
}

static void field_add_words(struct entry *entry, char field[FIELD_CHARS], const char *at, const char *end)
{
        const char *word;
        size_t chars;

        while (word_next(&at, end, &word, &chars))
                field_add(entry, field, word, chars);
}

static bool field_has(const char *field, const char *wanted)
{
        const char *at = field, *end = field + strlen(field), *word;
        size_t chars;

        while (word_next(&at, end, &word, &chars)) {
                if (chars == strlen(wanted) && memcmp(word, wanted, chars) == 0)
                        return true;
        }
        return false;
}

/* Every key ring named is one of Debian's. */
static bool signed_by_debian(const char *signed_by)
{
        static const char ring[] = "debian-archive-";
        const char *at = signed_by, *end = at + strlen(at), *word;
        size_t chars;

        while (word_next(&at, end, &word, &chars)) {
                const char *name = word;

                for (const char *c = word; c < word + chars; c++) {
                        if (*c == '/')
                                name = c + 1;
                }
                if ((size_t)(word + chars - name) < sizeof(ring) - 1 ||
                    memcmp(name, ring, sizeof(ring) - 1) != 0)
                        return false;
        }
        return true;
}

/* Returns what follows the machine's release in a suite's name ("", "-updates"); NULL: not that release. */
static const char *suite_tail(const char *word, size_t chars, const struct apt_wish *wish)
{
        static const char *const tails[] = { "", "-updates", "-security" };
        const char *const names[] = { wish->machine_suite, "stable", "oldstable", "testing" };

        for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
                size_t name_chars = strlen(names[n]);

                if (chars < name_chars || memcmp(word, names[n], name_chars) != 0)
                        continue;
                for (size_t t = 0; t < sizeof(tails) / sizeof(tails[0]); t++) {
                        if (chars - name_chars == strlen(tails[t]) &&
                            memcmp(word + name_chars, tails[t], chars - name_chars) == 0)
                                return tails[t];
                }
        }
        return NULL;
}

/* Prints the entry as a stanza when it counts (rules 1 to 4). */
static void entry_print(const struct entry *entry, const struct apt_wish *wish, struct buffer *out)
{
        OWNED(buffer_release) struct buffer stanza = BUFFER_INIT(16 * FIELD_CHARS);
        bool rolling = strcmp(wish->suite, "sid") == 0 || strcmp(wish->suite, "unstable") == 0;
        const char *at = entry->suites, *end = at + strlen(at), *word;
        unsigned suites = 0;
        size_t chars;

        if (entry->truncated || !field_has(entry->types, "deb") || !field_has(entry->components, "main") ||
            strcasecmp(entry->enabled, "no") == 0 || !signed_by_debian(entry->signed_by))
                return;
        buffer_appendf(&stanza, "Types: deb\nURIs: %s\nSuites:", entry->uris);
        while (word_next(&at, end, &word, &chars)) {
                const char *tail = suite_tail(word, chars, wish);

                if (!tail || (rolling && *tail))
                        continue;
                buffer_appendf(&stanza, " %s%s", wish->suite, tail);
                suites++;
        }
        buffer_appendf(&stanza, "\nComponents: %s\n", wish->components);
        if (*entry->signed_by)
                buffer_appendf(&stanza, "Signed-By: %s\n", entry->signed_by);
        if (stanza.failed)
                out->failed = stanza.failed;
        if (!suites || strstr(out->bytes, stanza.bytes))
                return;
        buffer_append_text(out, out->size_bytes ? "\n" : "");
        buffer_append_text(out, stanza.bytes);
}

/* deb [signed-by=... arch=...] URI SUITE COMPONENT... */
static void list_line_read(const char *at, const char *end, struct entry *entry)
{
        static const char signed_by[] = "signed-by=";
        const char *word;
        size_t chars;

        if (!word_next(&at, end, &word, &chars))
                return;
        field_add(entry, entry->types, word, chars);
        while (at < end && is_space(*at))
                at++;
        if (at < end && *at == '[') {
                const char *close = memchr(at, ']', (size_t)(end - at));

                if (!close) {
                        entry->truncated = true;
                        return;
                }
                for (at++; word_next(&at, close, &word, &chars);) {
                        if (chars < sizeof(signed_by) ||
                            strncasecmp(word, signed_by, sizeof(signed_by) - 1) != 0)
                                continue;
                        for (const char *c = word + sizeof(signed_by) - 1, *stop; c < word + chars;
                             c = stop + 1) {
                                for (stop = c; stop < word + chars && *stop != ',';)
                                        stop++;
                                field_add(entry, entry->signed_by, c, (size_t)(stop - c));
                        }
                }
                at = close + 1;
        }
        if (word_next(&at, end, &word, &chars))
                field_add(entry, entry->uris, word, chars);
        if (word_next(&at, end, &word, &chars))
                field_add(entry, entry->suites, word, chars);
        field_add_words(entry, entry->components, at, end);
}

/* One line of a stanza; *field is where a continuation line goes. */
static void stanza_line_read(const char *at, const char *end, struct entry *entry, char **field)
{
        const struct {
                const char *key;
                char *field;
        } fields[] = {
                { "types", entry->types },         { "uris", entry->uris },
                { "suites", entry->suites },       { "components", entry->components },
                { "signed-by", entry->signed_by }, { "enabled", entry->enabled },
        };
        const char *colon;

        if (is_space(*at)) {
                if (*field)
                        field_add_words(entry, *field, at, end);
                if (*field == entry->signed_by)
                        entry->truncated = true;
                return;
        }
        *field = NULL;
        colon = memchr(at, ':', (size_t)(end - at));
        if (!colon)
                return;
        for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
                if ((size_t)(colon - at) != strlen(fields[i].key) ||
                    strncasecmp(at, fields[i].key, strlen(fields[i].key)) != 0)
                        continue;
                *field = fields[i].field;
                field_add_words(entry, *field, colon + 1, end);
        }
}

static bool line_is_blank(const char *at, const char *end)
{
        while (at < end && is_space(*at))
                at++;
        return at == end;
}

enum ingot_code apt_sources_select(const char *text, bool is_list, const struct apt_wish *wish,
                                   struct buffer *out, struct ingot_error *err)
{
        OWNED(heap_drop) struct entry *entry = calloc(1, sizeof(*entry));
        char *field = NULL;

        if (!entry)
                return ingot_fail_memory(err, sizeof(*entry));
        for (const char *at = text, *end; *at; at = *end ? end + 1 : end) {
                end = at + strcspn(at, "\n");
                if (*at == '#')
                        continue;
                if (is_list) {
                        const char *comment = memchr(at, '#', (size_t)(end - at));

                        list_line_read(at, comment ? comment : end, entry);
                } else if (!line_is_blank(at, end)) {
                        stanza_line_read(at, end, entry, &field);
                        continue;
                }
                entry_print(entry, wish, out);
                memset(entry, 0, sizeof(*entry));
                field = NULL;
        }
        if (!is_list)
                entry_print(entry, wish, out);
        return buffer_check(out, err);
}

/* Appends what one file holds; one that is not there holds nothing. */
static enum ingot_code file_select(const char *path, const struct apt_wish *wish, struct buffer *out,
                                   struct ingot_error *err)
{
        OWNED(heap_drop) char *text = NULL;
        size_t size_bytes, chars = strlen(path);
        enum ingot_code r = fd_read_file(path, SOURCES_FILE_BYTES, &text, &size_bytes, err);

        if (r == INGOT_E_NOT_FOUND)
                return INGOT_OK;
        if (r)
                return r;
        return apt_sources_select(text, chars > 5 && strcmp(path + chars - 5, ".list") == 0, wish, out, err);
}

static int keep_sources(const struct dirent *entry)
{
        const char *dot = strrchr(entry->d_name, '.');

        return entry->d_name[0] != '.' && dot && (strcmp(dot, ".list") == 0 || strcmp(dot, ".sources") == 0);
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
        return strcmp((*a)->d_name, (*b)->d_name);
}

static enum ingot_code folder_select(const char *folder, const struct apt_wish *wish, struct buffer *out,
                                     struct ingot_error *err)
{
        struct dirent **names = NULL;
        enum ingot_code r = INGOT_OK;
        int count = scandir(folder, &names, keep_sources, by_bytes);

        if (count < 0 && errno != ENOENT)
                return ingot_fail_errno(err, "reading folder '%s'", folder);
        for (int i = 0; i < count; i++) {
                OWNED(buffer_release) struct buffer path = BUFFER_INIT(PATH_CHARS);

                buffer_appendf(&path, "%s/%s", folder, names[i]->d_name);
                free(names[i]);
                if (r == INGOT_OK)
                        r = buffer_check(&path, err);
                if (r == INGOT_OK)
                        r = file_select(path.bytes, wish, out, err);
        }
        free(names);
        return r;
}

/* Copies the value of KEY=value or KEY="value". */
static void release_value(const char *text, const char *key, char *out, size_t out_bytes)
{
        size_t key_chars = strlen(key), chars;

        out[0] = '\0';
        for (const char *at = text; *at; at += strcspn(at, "\n"), at += *at == '\n') {
                if (strncmp(at, key, key_chars) != 0 || at[key_chars] != '=')
                        continue;
                at += key_chars + 1;
                at += *at == '"';
                chars = strcspn(at, "\"\n");
                if (chars < out_bytes) {
                        memcpy(out, at, chars);
                        out[chars] = '\0';
                }
        }
}

static enum ingot_code machine_suite_find(const char *root, char *out, size_t out_bytes,
                                          struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(PATH_CHARS);
        OWNED(heap_drop) char *text = NULL;
        char id[64];
        size_t size_bytes;
        enum ingot_code r;

        buffer_appendf(&path, "%s/etc/os-release", root);
        r = buffer_check(&path, err);
        if (r)
                return r;
        r = fd_read_file(path.bytes, SOURCES_FILE_BYTES, &text, &size_bytes, err);
        if (r)
                return r;
        release_value(text, "ID", id, sizeof(id));
        release_value(text, "VERSION_CODENAME", out, out_bytes);
        if (strcmp(id, "debian") != 0 || !*out)
                return ingot_fail(
                        err, INGOT_E_NOT_FOUND,
                        "this machine is '%s', not a Debian release, so it has no apt sources to go by; "
                        "give the bootstrap a mirror",
                        id);
        return INGOT_OK;
}

enum ingot_code apt_sources_of_machine(const char *root, const char *suite, const char *components,
                                       struct buffer *out, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(PATH_CHARS);
        char machine_suite[64];
        struct apt_wish wish = { .suite = suite, .machine_suite = machine_suite, .components = components };
        size_t before_bytes = out->size_bytes;
        enum ingot_code r;

        r = machine_suite_find(root, machine_suite, sizeof(machine_suite), err);
        if (r)
                return r;
        buffer_appendf(&path, "%s/etc/apt/sources.list", root);
        r = buffer_check(&path, err);
        if (r)
                return r;
        r = file_select(path.bytes, &wish, out, err);
        if (r)
                return r;
        buffer_append_text(&path, ".d");
        r = buffer_check(&path, err);
        if (r)
                return r;
        r = folder_select(path.bytes, &wish, out, err);
        if (r)
                return r;
        if (out->size_bytes == before_bytes)
                return ingot_fail(
                        err, INGOT_E_NOT_FOUND,
                        "none of this machine's apt sources in '%s/etc/apt' is Debian's for '%s'; give the "
                        "bootstrap a mirror",
                        root, machine_suite);
        return INGOT_OK;
}
