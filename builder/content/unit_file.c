/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/own.h"
#include "content/tree_edit.h"
#include "content/unit_file.h"

enum { UNIT_CEILING_BYTES = 1 << 20, DROP_INS_MAX = 256 };

static const char *const folders[] = { "/etc/systemd/system", "/usr/local/lib/systemd/system",
                                       "/usr/lib/systemd/system", "/lib/systemd/system" };
enum { FOLDER_COUNT = sizeof(folders) / sizeof(folders[0]) };

static const char *const suffixes[] = { ".service", ".socket",    ".target", ".timer", ".path",  ".mount",
                                        ".swap",    ".automount", ".slice",  ".scope", ".device" };

static const char *const keys[INSTALL_KEY_COUNT] = {
        [INSTALL_ALIAS] = "Alias",
        [INSTALL_WANTED_BY] = "WantedBy",
        [INSTALL_REQUIRED_BY] = "RequiredBy",
        [INSTALL_UPHELD_BY] = "UpheldBy",
        [INSTALL_ALSO] = "Also",
};

static void name_list_clear(struct name_list *list)
{
        for (size_t i = 0; i < list->count; i++)
                free(list->names[i]);
        free(list->names);
        *list = (struct name_list){ 0 };
}

void unit_file_release(struct unit_file *unit)
{
        for (unsigned key = 0; key < INSTALL_KEY_COUNT; key++)
                name_list_clear(&unit->lists[key]);
        free(unit->name);
        free(unit->path);
        *unit = (struct unit_file){ 0 };
}

/* ---- names ---- */

static const char *find_suffix(const char *name)
{
        const char *dot = strrchr(name, '.');

        for (size_t i = 0; dot && i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
                if (strcmp(dot, suffixes[i]) == 0)
                        return dot;
        return NULL;
}

static bool has_unit_characters(const char *name)
{
        static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:-_.\\@";

        return *name && *name != '@' && *name != '.' && name[strspn(name, allowed)] == '\0';
}

enum ingot_code unit_name_complete(const char *name, char **ret_name, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(UNIT_NAME_MAX_BYTES + 1);

        buffer_append_text(&text, name);
        if (!find_suffix(name))
                buffer_append_text(&text, ".service");
        if (!has_unit_characters(name) || buffer_check(&text, NULL))
                return ingot_fail(err, INGOT_E_USAGE, "'%.60s' is no name of a systemd unit", name);
        *ret_name = buffer_take(&text);
        return *ret_name ? INGOT_OK : ingot_fail_memory(err, UNIT_NAME_MAX_BYTES);
}

bool unit_name_is_template(const char *name)
{
        const char *at = strchr(name, '@'), *suffix = find_suffix(name);

        return at && at + 1 == suffix;
}

/* "getty@tty1.service" -> "getty@.service"; NULL for a name without an instance, or without memory. */
static char *template_of(const char *name)
{
        const char *at = strchr(name, '@'), *suffix = find_suffix(name);
        struct buffer text = BUFFER_INIT(UNIT_NAME_MAX_BYTES + 1);

        if (!at || !suffix || at + 1 >= suffix)
                return NULL;
        buffer_append(&text, name, (size_t)(at + 1 - name));
        buffer_append_text(&text, suffix);
        return buffer_take(&text);
}

static void append_specifier(struct buffer *text, const char *name, char specifier, bool *known)
{
        const char *at = strchr(name, '@'), *suffix = find_suffix(name),
                   *end = suffix ? suffix : name + strlen(name);
        const char *prefix_end = at && at < end ? at : end, *dash;

        switch (specifier) {
        case '%': buffer_append_char(text, '%'); break;
        case 'n': buffer_append_text(text, name); break;
        case 'N': buffer_append(text, name, (size_t)(end - name)); break;
        case 'p': buffer_append(text, name, (size_t)(prefix_end - name)); break;
        case 'i':
                if (at && at < end)
                        buffer_append(text, at + 1, (size_t)(end - at - 1));
                break;
        case 'j':
                dash = memrchr(name, '-', (size_t)(prefix_end - name));
                buffer_append(text, dash ? dash + 1 : name, (size_t)(prefix_end - (dash ? dash + 1 : name)));
                break;
        default: *known = false; break;
        }
}

static enum ingot_code expand(const struct unit_file *unit, const char *word, size_t word_bytes,
                              char **ret_name, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(UNIT_NAME_MAX_BYTES + 1);
        bool known = true;

        for (size_t i = 0; i < word_bytes; i++) {
                if (word[i] == '%' && i + 1 < word_bytes)
                        append_specifier(&text, unit->name, word[++i], &known);
                else
                        buffer_append_char(&text, word[i]);
        }
        if (!known || buffer_check(&text, NULL) || !has_unit_characters(text.bytes))
                return ingot_fail(
                        err, INGOT_E_USAGE,
                        "'%s' of the tree names the unit '%.*s' for its installation, which cannot be read",
                        unit->path, (int)word_bytes, word);
        *ret_name = buffer_take(&text);
        return *ret_name ? INGOT_OK : ingot_fail_memory(err, UNIT_NAME_MAX_BYTES);
}

/* ---- the file ---- */

static enum ingot_code add_name(struct unit_file *unit, struct name_list *list, const char *word,
                                size_t word_bytes, struct ingot_error *err)
{
        char **names;
        enum ingot_code r;

        if (list->count == UNIT_INSTALL_NAMES_MAX)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' names more than %d units in [Install]",
                                  unit->path, UNIT_INSTALL_NAMES_MAX);
        names = reallocarray(list->names, list->count + 1, sizeof(*names));
        if (!names)
                return ingot_fail_memory(err, sizeof(*names));
        list->names = names;
        r = expand(unit, word, word_bytes, &names[list->count], err);
        if (!r)
                list->count++;
        return r;
}

static enum ingot_code assign(struct unit_file *unit, enum install_key key, const char *value,
                              struct ingot_error *err)
{
        static const char blanks[] = " \t";

        value += strspn(value, blanks);
        if (!*value)
                name_list_clear(&unit->lists[key]);
        while (*value) {
                size_t word_bytes = strcspn(value, blanks);
                enum ingot_code r = add_name(unit, &unit->lists[key], value, word_bytes, err);

                if (r)
                        return r;
                value += word_bytes;
                value += strspn(value, blanks);
        }
        return INGOT_OK;
}

/* Turns "a \<newline> b" into one line, as systemd does: the backslash becomes a space. */
static void join_lines(char *text)
{
        for (char *at = strstr(text, "\\\n"); at; at = strstr(at, "\\\n"))
                at[0] = at[1] = ' ';
}

struct line {
        const char *key;
        char *value;
};

/* Splits "Key = value"; false for anything else. */
static bool split_assignment(char *text, struct line *ret_line)
{
        char *equals = strchr(text, '='), *key_end = equals, *end = text + strlen(text);

        if (!equals)
                return false;
        while (key_end > text && strchr(" \t", key_end[-1]))
                key_end--;
        while (end > equals + 1 && strchr(" \t\r", end[-1]))
                end--;
        *end = '\0';
        *key_end = '\0';
        *ret_line = (struct line){ .key = text, .value = equals + 1 };
        return true;
}

/* DefaultInstance decides the unit's name, so it is read before the lists. */
static enum ingot_code take_default_instance(struct unit_file *unit, const char *value,
                                             struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(UNIT_NAME_MAX_BYTES + 1);
        const char *suffix = find_suffix(unit->name);

        value += strspn(value, " \t");
        if (!*value || !unit_name_is_template(unit->name))
                return INGOT_OK;
        buffer_append(&text, unit->name, (size_t)(suffix - unit->name));
        buffer_append_text(&text, value);
        buffer_append_text(&text, suffix);
        if (buffer_check(&text, NULL) || !has_unit_characters(text.bytes))
                return ingot_fail(err, INGOT_E_USAGE,
                                  "'%s' has the DefaultInstance '%.60s', which is no name", unit->path,
                                  value);
        free(unit->name);
        unit->name = buffer_take(&text);
        return unit->name ? INGOT_OK : ingot_fail_memory(err, UNIT_NAME_MAX_BYTES);
}

static enum ingot_code take_line(struct unit_file *unit, char *text, bool lists, struct ingot_error *err)
{
        struct line line;

        if (!split_assignment(text, &line))
                return INGOT_OK;
        if (strcmp(line.key, "DefaultInstance") == 0)
                return lists ? INGOT_OK : take_default_instance(unit, line.value, err);
        for (unsigned key = 0; lists && key < INSTALL_KEY_COUNT; key++)
                if (strcmp(line.key, keys[key]) == 0)
                        return assign(unit, (enum install_key)key, line.value, err);
        return INGOT_OK;
}

/* Reads [Install] of one file: DefaultInstance or (lists) the rest.  text is taken apart. */
static enum ingot_code parse(struct unit_file *unit, char *text, bool lists, struct ingot_error *err)
{
        bool in_install = false;

        join_lines(text);
        for (char *next; text; text = next) {
                enum ingot_code r = INGOT_OK;

                next = strchr(text, '\n');
                if (next)
                        *next++ = '\0';
                text += strspn(text, " \t");
                if (text[0] == '[')
                        in_install = strncmp(text, "[Install]", 9) == 0;
                else if (in_install && text[0] != '#' && text[0] != ';')
                        r = take_line(unit, text, lists, err);
                if (r)
                        return r;
        }
        return INGOT_OK;
}

static enum ingot_code read_and_parse(const struct tree *tree, const char *path, struct unit_file *unit,
                                      bool lists, struct ingot_error *err)
{
        OWNED(heap_drop) char *text = NULL;
        enum ingot_code r = tree_edit_read_text(tree, path, UNIT_CEILING_BYTES, &text, NULL, err);

        return r ? r : parse(unit, text, lists, err);
}

/* ---- drop-ins ---- */

struct drop_in {
        const struct tree_entry *entry;
        size_t rank; /* of its folder: the lower one hides the others of that name */
};

static int compare_drop_ins(const void *left, const void *right)
{
        const struct drop_in *a = left, *b = right;
        int order = strcmp(a->entry->name, b->entry->name);

        return order ? order : (a->rank > b->rank) - (a->rank < b->rank);
}

static void collect_drop_ins(const struct tree *tree, const char *unit_name, size_t rank_from,
                             struct drop_in *out, size_t *count)
{
        for (size_t i = 0; i < FOLDER_COUNT; i++) {
                OWNED(buffer_release) struct buffer path = BUFFER_INIT(1024);
                struct tree_entry *folder;

                buffer_appendf(&path, "%s/%s.d", folders[i], unit_name);
                if (buffer_check(&path, NULL) || tree_resolve(tree, path.bytes, true, &folder, NULL))
                        continue;
                for (size_t k = 0; k < folder->child_count && *count < DROP_INS_MAX; k++) {
                        const struct tree_entry *entry = folder->children[k];

                        if (entry->name_bytes > 5 &&
                            strcmp(entry->name + entry->name_bytes - 5, ".conf") == 0)
                                out[(*count)++] = (struct drop_in){ .entry = entry, .rank = rank_from + i };
                }
        }
}

static enum ingot_code read_all(const struct tree *tree, const char *name, struct unit_file *unit, bool lists,
                                struct ingot_error *err)
{
        struct drop_in drop_ins[DROP_INS_MAX];
        OWNED(heap_drop) char *template = template_of(name);
        size_t count = 0;
        enum ingot_code r = read_and_parse(tree, unit->path, unit, lists, err);

        collect_drop_ins(tree, name, 0, drop_ins, &count);
        if (template)
                collect_drop_ins(tree, template, FOLDER_COUNT, drop_ins, &count);
        qsort(drop_ins, count, sizeof(drop_ins[0]), compare_drop_ins);
        for (size_t i = 0; !r && i < count; i++) {
                OWNED(heap_drop) char *path = NULL;

                if (i > 0 && strcmp(drop_ins[i].entry->name, drop_ins[i - 1].entry->name) == 0)
                        continue;
                path = tree_entry_path(drop_ins[i].entry);
                if (!path)
                        return ingot_fail_memory(err, 1);
                if (drop_ins[i].entry->inode->kind == TREE_FILE)
                        r = read_and_parse(tree, path, unit, lists, err);
        }
        return r;
}

/* ---- finding ---- */

/* Refuses a masked unit and another unit's alias; *ret_file is what the entry leads to. */
static enum ingot_code check_entry(const struct tree *tree, struct tree_entry *entry,
                                   struct tree_entry **ret_file, struct ingot_error *err)
{
        struct tree_entry *file = entry;

        if (entry->inode->kind == TREE_SYMLINK && strcmp(entry->inode->target, "/dev/null") == 0)
                return ingot_fail(err, INGOT_E_USAGE, "unit '%s' is masked: it is a link to /dev/null",
                                  entry->name);
        if (entry->inode->kind == TREE_SYMLINK) {
                enum ingot_code r = tree_resolve_from(tree, entry->parent, entry->name, true, &file, err);

                if (r)
                        return ingot_while(err, r, "following the unit '%s' to '%s'", entry->name,
                                           entry->inode->target);
        }
        if (strcmp(file->name, entry->name) != 0)
                return ingot_fail(err, INGOT_E_USAGE, "unit '%s' is another name of '%s': say that one",
                                  entry->name, file->name);
        *ret_file = file;
        return INGOT_OK;
}

static struct tree_entry *look_up(const struct tree *tree, const char *name)
{
        for (size_t i = 0; i < FOLDER_COUNT; i++) {
                struct tree_entry *folder, *entry;

                if (tree_resolve(tree, folders[i], true, &folder, NULL))
                        continue;
                entry = tree_child(folder, name, strlen(name));
                if (entry && entry->inode->kind != TREE_DIRECTORY)
                        return entry;
        }
        return NULL;
}

enum ingot_code unit_file_find(const struct tree *tree, const char *name, struct unit_file *ret_unit,
                               struct ingot_error *err)
{
        OWNED(unit_file_release) struct unit_file unit = { 0 };
        OWNED(heap_drop) char *template = template_of(name);
        struct tree_entry *entry = look_up(tree, name), *file = NULL;
        enum ingot_code r;

        if (!entry && template)
                entry = look_up(tree, template);
        if (!entry)
                return ingot_fail(
                        err, INGOT_E_NOT_FOUND,
                        "there is no unit '%s' in the tree; it is looked for in etc, usr/local/lib, "
                        "usr/lib and lib, each with systemd/system",
                        name);
        r = check_entry(tree, entry, &file, err);
        if (r)
                return r;
        unit.name = strdup(name);
        unit.path = tree_entry_path(file);
        if (!unit.name || !unit.path)
                return ingot_fail_memory(err, UNIT_NAME_MAX_BYTES);
        if (unit_name_is_template(name))
                r = read_all(tree, name, &unit, false, err);
        if (!r)
                r = read_all(tree, name, &unit, true, err);
        if (r)
                return r;
        *ret_unit = unit;
        unit = (struct unit_file){ 0 };
        return INGOT_OK;
}
