/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buffer.h"
#include "base/own.h"
#include "content/accounts.h"
#include "content/authorized_key.h"
#include "content/tree_edit.h"

enum { PATH_CEILING_BYTES = 16384, KEYS_CEILING_BYTES = 1 << 20 };

static void own_by(struct tree_inode *inode, const struct account_found *user)
{
        inode->uid = user->uid;
        inode->gid = user->gid;
        inode->mtime = (struct tree_time)TREE_EDIT_EPOCH;
}

/* A key line is options, a type, base64 that begins with a length, and a comment; options may be missing. */
static bool is_key_line(const char *text, size_t size_bytes)
{
        static const char *const types[] = { "ssh-", "ecdsa-", "sk-" };
        const char *blob = memmem(text, size_bytes, " AAAA", 5), *type = blob;

        if (!blob || memchr(text, '\n', size_bytes) || memchr(text, '\r', size_bytes))
                return false;
        while (type > text && type[-1] != ' ' && type[-1] != '\t')
                type--;
        for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
                if (strncmp(type, types[i], strlen(types[i])) == 0)
                        return true;
        return false;
}

static bool has_line(const char *text, const char *line, size_t line_bytes)
{
        for (const char *at = text; *at;) {
                size_t at_bytes = strcspn(at, "\n");

                if (at_bytes == line_bytes && memcmp(at, line, line_bytes) == 0)
                        return true;
                at += at_bytes + (at[at_bytes] == '\n');
        }
        return false;
}

/* Puts the keys' file below folder: what was there and the new line. */
static enum ingot_code write_keys(struct tree *tree, struct content_store *store, const char *path,
                                  const char *key, size_t key_bytes, const struct account_found *user,
                                  struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer keys = BUFFER_INIT(2 * KEYS_CEILING_BYTES);
        OWNED(heap_drop) char *before = NULL;
        struct tree_entry *entry;
        enum ingot_code r = tree_edit_read_text(tree, path, KEYS_CEILING_BYTES, &before, NULL, err);

        if (r && r != INGOT_E_NOT_FOUND)
                return r;
        if (before && has_line(before, key, key_bytes))
                return INGOT_OK;
        if (before)
                buffer_append_text(&keys, before);
        if (keys.size_bytes > 0 && keys.bytes[keys.size_bytes - 1] != '\n')
                buffer_append_char(&keys, '\n');
        buffer_append(&keys, key, key_bytes);
        buffer_append_char(&keys, '\n');
        r = buffer_check(&keys, err);
        if (!r)
                r = tree_edit_write_text(tree, store, path, keys.bytes, 0600, err);
        if (!r)
                r = tree_resolve(tree, path, true, &entry, err);
        if (!r)
                own_by(entry->inode, user);
        return r;
}

static enum ingot_code make_ssh_folder(struct tree *tree, const char *path, const struct account_found *user,
                                       struct ingot_error *err)
{
        struct tree_entry *entry;
        enum ingot_code r = tree_resolve(tree, path, true, &entry, err);

        if (r != INGOT_E_NOT_FOUND)
                return r;
        r = tree_edit_mkdir(tree, path, 0700, &entry, err);
        if (!r)
                own_by(entry->inode, user);
        return r;
}

static enum ingot_code authorize(struct tree *tree, struct content_store *store,
                                 const struct account_found *user, const char *key, size_t key_bytes,
                                 struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(PATH_CEILING_BYTES);
        struct tree_entry *home;
        enum ingot_code r = tree_resolve(tree, user->home, true, &home, err);

        if (r)
                return ingot_while(err, r, "looking for the user's home");
        buffer_appendf(&path, "%s/.ssh", user->home);
        r = buffer_check(&path, err);
        if (!r)
                r = make_ssh_folder(tree, path.bytes, user, err);
        buffer_append_text(&path, "/authorized_keys");
        if (!r)
                r = buffer_check(&path, err);
        return r ? r : write_keys(tree, store, path.bytes, key, key_bytes, user, err);
}

enum ingot_code authorized_key_add(struct tree *tree, struct content_store *store, const char *user,
                                   const char *key, struct ingot_error *err)
{
        struct account_found found = { 0 };
        size_t key_bytes = strlen(key);
        enum ingot_code r;

        while (key_bytes > 0 && strchr(" \t\r\n", key[key_bytes - 1]))
                key_bytes--;
        if (!is_key_line(key, key_bytes))
                return ingot_fail(
                        err, INGOT_E_USAGE,
                        "the text is not one line with an SSH public key, like 'ssh-ed25519 AAAA...'");
        r = accounts_find_user(tree, user, &found, err);
        if (r)
                return r;
        r = authorize(tree, store, &found, key, key_bytes, err);
        free(found.home);
        return r;
}
