/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/own.h"
#include "publish/ini_file.h"
#include "publish/shell_words.h"

static const char defaults_name[] = "DEFAULT";

/* Text between two places, without the white space around it. */
struct span {
        const char *start, *end;
};

static bool is_space(char c)
{
        return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct span trim(const char *start, const char *end)
{
        while (start < end && is_space(*start))
                start++;
        while (end > start && is_space(end[-1]))
                end--;
        return (struct span){ start, end };
}

static void wipe(char *text, size_t size_bytes)
{
        if (text)
                explicit_bzero(text, size_bytes);
        free(text);
}

void ini_file_release(struct ini_file *file)
{
        for (size_t i = 0; i < file->section_count; i++) {
                struct ini_section *section = &file->sections[i];

                for (size_t j = 0; j < section->entry_count; j++) {
                        free(section->entries[j].name);
                        wipe(section->entries[j].value, strlen(section->entries[j].value));
                }
                free(section->entries);
                free(section->name);
        }
        free(file->sections);
        *file = (struct ini_file){ .sections = NULL };
}

const struct ini_section *ini_file_section(const struct ini_file *file, const char *name)
{
        for (size_t i = 0; i < file->section_count; i++) {
                if (strcmp(file->sections[i].name, name) == 0)
                        return &file->sections[i];
        }
        return NULL;
}

static const char *find_entry(const struct ini_section *section, const char *name)
{
        for (size_t i = 0; section && i < section->entry_count; i++) {
                if (strcmp(section->entries[i].name, name) == 0)
                        return section->entries[i].value;
        }
        return NULL;
}

const char *ini_file_value(const struct ini_file *file, const struct ini_section *section, const char *name)
{
        const char *value = find_entry(section, name);

        return value || !section ? value : find_entry(ini_file_section(file, defaults_name), name);
}

const char *ini_nested_value(const char *value, const char *name, size_t *ret_chars)
{
        size_t name_chars = strlen(name);

        for (const char *line = value, *end; *line; line = *end ? end + 1 : end) {
                const char *equals;
                struct span key, text;

                end = line + strcspn(line, "\n");
                equals = memchr(line, '=', (size_t)(end - line));
                if (!equals)
                        continue;
                key = trim(line, equals);
                text = trim(equals + 1, end);
                if ((size_t)(key.end - key.start) != name_chars || memcmp(key.start, name, name_chars) != 0)
                        continue;
                *ret_chars = (size_t)(text.end - text.start);
                return text.start;
        }
        return NULL;
}

/* ---- reading ---- */

struct reader {
        struct ini_file *file;
        const char *name; /* of the file */
        unsigned line;
        size_t depth;        /* of the line that began what a deeper one goes on with */
        struct buffer value; /* being put together, while has_value */
        bool has_value;      /* the last entry's value is still open */
        struct ingot_error *err;
};

static struct ini_section *last_section(const struct reader *reader)
{
        return reader->file->section_count ? &reader->file->sections[reader->file->section_count - 1] : NULL;
}

/* Puts a finished value into the entry that began it. */
static enum ingot_code close_value(struct reader *reader)
{
        struct ini_section *section = last_section(reader);
        struct ini_entry *entry;
        struct span kept;
        char *text;

        if (!reader->has_value)
                return INGOT_OK;
        reader->has_value = false;
        if (buffer_check(&reader->value, reader->err))
                return INGOT_E_MEMORY;
        kept = (struct span){ reader->value.bytes, reader->value.bytes + reader->value.size_bytes };
        while (kept.end > kept.start && is_space(kept.end[-1]))
                kept.end--;
        text = strndup(kept.start, (size_t)(kept.end - kept.start));
        if (!text)
                return ingot_fail_memory(reader->err, reader->value.size_bytes);
        entry = &section->entries[section->entry_count - 1];
        free(entry->value);
        entry->value = text;
        if (reader->value.size_bytes)
                explicit_bzero(reader->value.bytes, reader->value.size_bytes);
        buffer_clear(&reader->value);
        return INGOT_OK;
}

/* Makes room for one more item in an array that has count of them. */
static void *grow(void *items, size_t count, size_t item_bytes)
{
        return count & (count - 1) ? items : reallocarray(items, count ? count * 2 : 1, item_bytes);
}

static enum ingot_code begin_section(struct reader *reader, const char *start, const char *end)
{
        struct ini_file *file = reader->file;
        OWNED(heap_drop) char *name = strndup(start, (size_t)(end - start));
        struct ini_section *longer;

        if (!name)
                return ingot_fail_memory(reader->err, (uint64_t)(end - start));
        if (ini_file_section(file, name))
                return ingot_fail(reader->err, INGOT_E_FORMAT, "%s:%u: section [%.80s] is there already",
                                  reader->name, reader->line, name);
        longer = grow(file->sections, file->section_count, sizeof(*longer));
        if (!longer)
                return ingot_fail_memory(reader->err, file->section_count * sizeof(*longer));
        file->sections = longer;
        file->sections[file->section_count++] = (struct ini_section){ .name = TAKE(name) };
        return INGOT_OK;
}

static enum ingot_code begin_entry(struct reader *reader, struct span key, struct span value)
{
        struct ini_section *section = last_section(reader);
        OWNED(heap_drop) char *name = strndup(key.start, (size_t)(key.end - key.start));
        OWNED(heap_drop) char *empty = strdup("");
        struct ini_entry *longer;

        if (!name || !empty)
                return ingot_fail_memory(reader->err, (uint64_t)(key.end - key.start));
        for (char *c = name; *c; c++) {
                if (*c >= 'A' && *c <= 'Z')
                        *c = (char)(*c - 'A' + 'a');
        }
        if (find_entry(section, name))
                return ingot_fail(reader->err, INGOT_E_FORMAT, "%s:%u: '%.80s' is given twice in [%.80s]",
                                  reader->name, reader->line, name, section->name);
        longer = grow(section->entries, section->entry_count, sizeof(*longer));
        if (!longer)
                return ingot_fail_memory(reader->err, section->entry_count * sizeof(*longer));
        section->entries = longer;
        section->entries[section->entry_count++] = (struct ini_entry){ TAKE(name), TAKE(empty) };
        buffer_append(&reader->value, value.start, (size_t)(value.end - value.start));
        reader->has_value = true;
        return INGOT_OK;
}

static const char *find_last(struct span span, char c)
{
        for (const char *at = span.end; at > span.start; at--) {
                if (at[-1] == c)
                        return at - 1;
        }
        return NULL;
}

/* A line that begins something: a section, or a name. */
static enum ingot_code take_beginning(struct reader *reader, struct span span)
{
        const char *close = *span.start == '[' ? find_last(span, ']') : NULL, *delimiter;
        enum ingot_code r = close_value(reader);

        if (r)
                return r;
        if (close && close > span.start + 1)
                return begin_section(reader, span.start + 1, close);
        if (!last_section(reader))
                return ingot_fail(reader->err, INGOT_E_FORMAT, "%s:%u: this is before the first [SECTION]",
                                  reader->name, reader->line);
        for (delimiter = span.start; delimiter < span.end && *delimiter != '=' && *delimiter != ':';)
                delimiter++;
        if (delimiter == span.end || delimiter == span.start)
                return ingot_fail(reader->err, INGOT_E_FORMAT,
                                  "%s:%u: neither [SECTION] nor NAME = VALUE; is it one of AWS's files?",
                                  reader->name, reader->line);
        return begin_entry(reader, trim(span.start, delimiter), trim(delimiter + 1, span.end));
}

static enum ingot_code take_line(struct reader *reader, const char *line, const char *end)
{
        struct span span = trim(line, end);
        size_t depth = (size_t)(span.start - line);

        if (span.start == span.end) {
                if (reader->has_value)
                        buffer_append_char(&reader->value, '\n');
                return INGOT_OK;
        }
        if (*span.start == '#' || *span.start == ';')
                return INGOT_OK;
        if (reader->has_value && depth > reader->depth) {
                buffer_append_char(&reader->value, '\n');
                buffer_append(&reader->value, span.start, (size_t)(span.end - span.start));
                return INGOT_OK;
        }
        reader->depth = depth;
        return take_beginning(reader, span);
}

enum ingot_code ini_file_parse(const char *text, size_t size_bytes, const char *name, struct ini_file *file,
                               struct ingot_error *err)
{
        struct reader reader = {
                .file = file, .name = name, .value = BUFFER_INIT(INI_FILE_BYTES_MAX), .err = err
        };
        const char *end = text + size_bytes;
        enum ingot_code r = INGOT_OK;

        if (memchr(text, '\0', size_bytes))
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' holds a NUL: it is not one of AWS's files",
                                  name);
        while (!r && text < end) {
                const char *line_end = memchr(text, '\n', (size_t)(end - text));

                reader.line++;
                if (!line_end)
                        line_end = end;
                r = take_line(&reader, text, line_end);
                text = line_end + 1;
        }
        if (!r)
                r = close_value(&reader);
        if (reader.value.capacity_bytes)
                explicit_bzero(reader.value.bytes, reader.value.capacity_bytes);
        buffer_release(&reader.value);
        if (r)
                ini_file_release(file);
        return r;
}

/* ---- words of a section's name ---- */

bool ini_section_word(const char *section, const char *kind, char *out)
{
        OWNED(shell_words_release) struct shell_words words = { .count = 0 };

        if (strncmp(section, kind, strlen(kind)) != 0 || shell_words_split(section, &words, NULL) ||
            words.count != 2)
                return false;
        memcpy(out, words.argv[1], strlen(words.argv[1]) + 1); /* never longer than what it was split from */
        return true;
}
