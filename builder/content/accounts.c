/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/own.h"
#include "content/account_file.h"
#include "content/accounts.h"
#include "content/placement.h"
#include "content/tree_edit.h"

enum {
        NAME_MAX_BYTES = 32, /* of useradd(8) */
        LINE_CEILING_BYTES = 16384,
        FIELD_NAME = 0,
        FIELD_ID = 2, /* uid in passwd, gid in group */
        FIELD_GID = 3,
        FIELD_HOME = 5,
        SECONDS_PER_DAY = 86400,
};

static const char no_home[] = "/nonexistent";

struct id_range {
        uint32_t first, last;
};

static struct id_range range_of(bool system)
{
        return system ? (struct id_range){ 100, 999 } : (struct id_range){ 1000, 59999 };
}

struct files {
        struct account_file passwd, group, shadow, gshadow;
};

static void files_release(struct files *files)
{
        account_file_release(&files->passwd);
        account_file_release(&files->group);
        account_file_release(&files->shadow);
        account_file_release(&files->gshadow);
}

static enum ingot_code files_load(const struct tree *tree, struct files *files, struct ingot_error *err)
{
        enum ingot_code r = account_file_load(tree, "/etc/passwd", &files->passwd, err);

        if (!r)
                r = account_file_load(tree, "/etc/group", &files->group, err);
        if (!r)
                r = account_file_load(tree, "/etc/shadow", &files->shadow, err);
        if (!r)
                r = account_file_load(tree, "/etc/gshadow", &files->gshadow, err);
        if (r)
                return r;
        if (!files->passwd.text || !files->group.text)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "there is no '%s' to write accounts to",
                                  files->passwd.text ? "/etc/group" : "/etc/passwd");
        return INGOT_OK;
}

/* ---- names and numbers ---- */

static bool char_is_in_name(char c, bool first)
{
        return (c >= 'a' && c <= 'z') || c == '_' ||
               (!first && ((c >= '0' && c <= '9') || c == '-' || c == '.'));
}

static enum ingot_code check_account_name(const char *name, const char *what, struct ingot_error *err)
{
        size_t size_bytes = strlen(name);

        for (size_t i = 0; i < size_bytes; i++)
                if (!char_is_in_name(name[i], i == 0) && !(i > 0 && i + 1 == size_bytes && name[i] == '$'))
                        size_bytes = 0;
        if (size_bytes == 0 || size_bytes > NAME_MAX_BYTES)
                return ingot_fail(
                        err, INGOT_E_USAGE,
                        "'%s' is no name for a %s: 1 to %d of a-z, 0-9, '_', '-' and '.', the first "
                        "of them a-z or '_'",
                        name, what, NAME_MAX_BYTES);
        return INGOT_OK;
}

static enum ingot_code check_text(const char *text, const char *what, bool is_path, struct ingot_error *err)
{
        if (text && strpbrk(text, ":\n"))
                return ingot_fail(err, INGOT_E_USAGE, "a user's %s cannot hold ':' or a line break", what);
        if (text && is_path && text[0] != '/')
                return ingot_fail(err, INGOT_E_USAGE, "a user's %s begins with '/'; '%s' does not", what,
                                  text);
        return INGOT_OK;
}

static const char *find_id(const struct account_file *file, uint32_t id)
{
        char text[16];

        (void)snprintf(text, sizeof(text), "%" PRIu32, id);
        return account_file_find(file, FIELD_ID, text);
}

static enum ingot_code lowest_free(const struct account_file *file, bool system, uint32_t *ret_id,
                                   struct ingot_error *err)
{
        struct id_range range = range_of(system);
        OWNED(heap_drop) bool *used = calloc(range.last + 1, sizeof(*used));
        const char *line = NULL;

        if (!used)
                return ingot_fail_memory(err, range.last + 1);
        while ((line = account_file_next(file, line))) {
                struct account_field field = account_field(line, FIELD_ID);
                uint32_t id;

                if (account_field_number(&field, &id) && id <= range.last)
                        used[id] = true;
        }
        for (uint32_t id = range.first; id <= range.last; id++)
                if (!used[id]) {
                        *ret_id = id;
                        return INGOT_OK;
                }
        return ingot_fail(err, INGOT_E_CONFLICT, "no number from %" PRIu32 " to %" PRIu32 " is free in '%s'",
                          range.first, range.last, file->path);
}

/* ---- groups ---- */

static enum ingot_code append_group(struct files *files, const char *name, uint32_t gid,
                                    struct ingot_error *err)
{
        char line[NAME_MAX_BYTES + 32];
        enum ingot_code r;

        (void)snprintf(line, sizeof(line), "%s:x:%" PRIu32 ":", name, gid);
        r = account_file_add(&files->group, line, err);
        if (r)
                return r;
        (void)snprintf(line, sizeof(line), "%s:!::", name);
        return account_file_add(&files->gshadow, line, err);
}

static enum ingot_code pick_gid(const struct files *files, const char *name, const uint32_t *gid, bool system,
                                uint32_t *ret_gid, struct ingot_error *err)
{
        const char *holder;

        if (account_file_find(&files->group, FIELD_NAME, name))
                return ingot_fail(err, INGOT_E_CONFLICT, "there is a group '%s' already", name);
        if (!gid)
                return lowest_free(&files->group, system, ret_gid, err);
        holder = find_id(&files->group, *gid);
        if (holder)
                return ingot_fail(err, INGOT_E_CONFLICT, "number %" PRIu32 " is group '%.*s' already", *gid,
                                  (int)account_field(holder, FIELD_NAME).size_bytes, holder);
        *ret_gid = *gid;
        return INGOT_OK;
}

static enum ingot_code save_groups(struct tree *tree, struct content_store *store, const struct files *files,
                                   struct ingot_error *err)
{
        enum ingot_code r = account_file_save(tree, store, &files->group, err);

        return r ? r : account_file_save(tree, store, &files->gshadow, err);
}

enum ingot_code accounts_add_group(struct tree *tree, struct content_store *store, const char *name,
                                   const uint32_t *gid, bool system, struct ingot_error *err)
{
        OWNED(files_release) struct files files = { 0 };
        uint32_t picked = 0;
        enum ingot_code r = check_account_name(name, "group", err);

        if (!r)
                r = files_load(tree, &files, err);
        if (!r)
                r = pick_gid(&files, name, gid, system, &picked, err);
        if (!r)
                r = append_group(&files, name, picked, err);
        return r ? r : save_groups(tree, store, &files, err);
}

/* Finds a group by name or number; its name is copied to ret_name, which holds LINE_CEILING_BYTES. */
static enum ingot_code find_group(const struct account_file *group, const char *text, uint32_t *ret_gid,
                                  struct account_field *ret_name, struct ingot_error *err)
{
        struct account_field asked = { .text = text, .size_bytes = strlen(text) }, field;
        const char *line = account_file_find(group, FIELD_NAME, text);
        uint32_t gid;

        if (!line && account_field_number(&asked, &gid))
                line = find_id(group, gid);
        if (!line)
                return ingot_fail(
                        err, INGOT_E_NOT_FOUND,
                        "there is no group '%s' in '/etc/group' of the tree; add it first, with group", text);
        field = account_field(line, FIELD_ID);
        if (!account_field_number(&field, ret_gid))
                return ingot_fail(err, INGOT_E_FORMAT, "group '%s' has no number in '/etc/group'", text);
        *ret_name = account_field(line, FIELD_NAME);
        return INGOT_OK;
}

/* ---- users ---- */

/* Rule 4.  A new group is appended to files. */
static enum ingot_code pick_primary_group(struct files *files, const struct account_user *user, uint32_t uid,
                                          uint32_t *ret_gid, struct ingot_error *err)
{
        struct account_field name;
        const char *own;
        uint32_t gid = 0;
        enum ingot_code r;

        if (user->primary_group)
                return find_group(&files->group, user->primary_group, ret_gid, &name, err);
        if (user->gid && find_id(&files->group, *user->gid)) {
                *ret_gid = *user->gid;
                return INGOT_OK;
        }
        own = account_file_find(&files->group, FIELD_NAME, user->name);
        if (own && !user->gid)
                return find_group(&files->group, user->name, ret_gid, &name, err);
        r = pick_gid(files, user->name,
                     user->gid                     ? user->gid
                     : find_id(&files->group, uid) ? NULL
                                                   : &uid,
                     user->system, &gid, err);
        if (!r)
                r = append_group(files, user->name, gid, err);
        if (!r)
                *ret_gid = gid;
        return r;
}

static enum ingot_code join_groups(struct files *files, const struct account_user *user,
                                   struct ingot_error *err)
{
        for (size_t i = 0; i < user->group_count; i++) {
                OWNED(heap_drop) char *name = NULL;
                struct account_field field;
                uint32_t gid;
                enum ingot_code r = find_group(&files->group, user->groups[i], &gid, &field, err);

                if (r)
                        return r;
                name = strndup(field.text, field.size_bytes);
                if (!name)
                        return ingot_fail_memory(err, field.size_bytes);
                r = account_file_add_member(&files->group, name, user->name, err);
                if (!r && account_file_find(&files->gshadow, FIELD_NAME, name))
                        r = account_file_add_member(&files->gshadow, name, user->name, err);
                if (r)
                        return r;
        }
        return INGOT_OK;
}

static enum ingot_code pick_uid(const struct files *files, const struct account_user *user, uint32_t *ret_uid,
                                struct ingot_error *err)
{
        const char *holder;

        if (account_file_find(&files->passwd, FIELD_NAME, user->name))
                return ingot_fail(err, INGOT_E_CONFLICT, "there is a user '%s' already", user->name);
        if (!user->uid)
                return lowest_free(&files->passwd, user->system, ret_uid, err);
        holder = find_id(&files->passwd, *user->uid);
        if (holder)
                return ingot_fail(err, INGOT_E_CONFLICT, "number %" PRIu32 " is user '%.*s' already",
                                  *user->uid, (int)account_field(holder, FIELD_NAME).size_bytes, holder);
        *ret_uid = *user->uid;
        return INGOT_OK;
}

static const char *shell_of(const struct tree *tree, const struct account_user *user)
{
        struct tree_entry *bash;

        if (user->shell)
                return user->shell;
        if (user->system)
                return "/usr/sbin/nologin";
        return tree_resolve(tree, "/bin/bash", true, &bash, NULL) ? "/bin/sh" : "/bin/bash";
}

static enum ingot_code append_user(const struct tree *tree, struct files *files,
                                   const struct account_user *user, const struct account_found *ids,
                                   int64_t epoch_seconds, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer line = BUFFER_INIT(LINE_CEILING_BYTES);
        enum ingot_code r;

        buffer_appendf(&line, "%s:%s:%" PRIu32 ":%" PRIu32 ":%s:%s:%s", user->name,
                       files->shadow.text ? "x" : "!", ids->uid, ids->gid, user->comment ? user->comment : "",
                       ids->home, shell_of(tree, user));
        r = buffer_check(&line, err);
        if (!r)
                r = account_file_add(&files->passwd, line.bytes, err);
        if (r || account_file_find(&files->shadow, FIELD_NAME, user->name))
                return r;
        buffer_clear(&line);
        buffer_appendf(&line, "%s:!:%" PRId64 ":%s:::", user->name, epoch_seconds / SECONDS_PER_DAY,
                       user->system ? "::" : "0:99999:7");
        r = buffer_check(&line, err);
        return r ? r : account_file_add(&files->shadow, line.bytes, err);
}

/* ---- homes ---- */

static void own_by(struct tree_inode *inode, const struct account_found *user)
{
        inode->uid = user->uid;
        inode->gid = user->gid;
        inode->mtime = (struct tree_time)TREE_EDIT_EPOCH;
}

static enum ingot_code copy_skeleton_entry(struct tree *tree, struct tree_entry *home, const char *path,
                                           const struct tree_entry *from, const struct account_found *user,
                                           struct ingot_error *err)
{
        OWNED(tree_inode_drop) struct tree_inode *inode = NULL;
        struct placement place;
        uint64_t made_count = 0;
        enum ingot_code r = tree_edit_copy_inode(from->inode, &inode, err);

        if (!r)
                r = placement_find(tree, home, path, NULL, &place, &made_count, err);
        if (r)
                return r;
        own_by(inode, user);
        return tree_put(tree, place.parent, place.name, place.name_bytes, TAKE(inode), NULL, err);
}

static bool lies_below(const struct tree_entry *entry, const struct tree_entry *top)
{
        for (; entry; entry = entry->parent)
                if (entry == top)
                        return true;
        return false;
}

static enum ingot_code copy_skeleton(struct tree *tree, struct tree_entry *home,
                                     const struct account_found *user, struct ingot_error *err)
{
        struct tree_entry *skel;
        size_t skel_path_bytes;
        OWNED(heap_drop) char *skel_path = NULL;

        if (tree_resolve(tree, "/etc/skel", true, &skel, NULL) || lies_below(home, skel))
                return INGOT_OK;
        skel_path = tree_entry_path(skel);
        if (!skel_path)
                return ingot_fail_memory(err, 1);
        skel_path_bytes = strlen(skel_path);
        for (struct tree_entry *at = tree_walk_next(skel, skel); at; at = tree_walk_next(skel, at)) {
                OWNED(heap_drop) char *path = tree_entry_path(at);
                enum ingot_code r;

                if (!path)
                        return ingot_fail_memory(err, 1);
                r = copy_skeleton_entry(tree, home, path + skel_path_bytes, at, user, err);
                if (r)
                        return r;
        }
        return INGOT_OK;
}

/* Rule 5. */
static enum ingot_code make_home(struct tree *tree, const struct account_user *user,
                                 const struct account_found *ids, struct ingot_error *err)
{
        struct tree_entry *home;
        enum ingot_code r;

        if (strcmp(ids->home, no_home) == 0)
                return INGOT_OK;
        r = tree_resolve(tree, ids->home, true, &home, err);
        if (r != INGOT_E_NOT_FOUND)
                return r;
        r = tree_edit_mkdir(tree, ids->home, user->system ? 0755 : 0700, &home, err);
        if (r)
                return r;
        own_by(home->inode, ids);
        return user->system ? INGOT_OK : copy_skeleton(tree, home, ids, err);
}

static enum ingot_code home_of(const struct account_user *user, char **ret_home, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer home = BUFFER_INIT(LINE_CEILING_BYTES);
        enum ingot_code r;

        if (user->home)
                buffer_append_text(&home, user->home);
        else if (user->system)
                buffer_append_text(&home, no_home);
        else
                buffer_appendf(&home, "/home/%s", user->name);
        r = buffer_check(&home, err);
        if (r)
                return r;
        *ret_home = buffer_take(&home);
        return *ret_home ? INGOT_OK : ingot_fail_memory(err, LINE_CEILING_BYTES);
}

static enum ingot_code check_user(const struct account_user *user, struct ingot_error *err)
{
        enum ingot_code r = check_account_name(user->name, "user", err);

        if (!r)
                r = check_text(user->comment, "comment", false, err);
        if (!r)
                r = check_text(user->home, "home", true, err);
        return r ? r : check_text(user->shell, "shell", true, err);
}

enum ingot_code accounts_add_user(struct tree *tree, struct content_store *store,
                                  const struct account_user *user, int64_t epoch_seconds,
                                  struct ingot_error *err)
{
        OWNED(files_release) struct files files = { 0 };
        OWNED(heap_drop) char *home = NULL;
        struct account_found ids = { 0 };
        enum ingot_code r = check_user(user, err);

        if (!r)
                r = files_load(tree, &files, err);
        if (!r)
                r = home_of(user, &home, err);
        if (!r)
                r = pick_uid(&files, user, &ids.uid, err);
        if (!r)
                r = pick_primary_group(&files, user, ids.uid, &ids.gid, err);
        if (!r)
                r = join_groups(&files, user, err);
        ids.home = home;
        if (!r)
                r = append_user(tree, &files, user, &ids, epoch_seconds, err);
        if (!r)
                r = account_file_save(tree, store, &files.passwd, err);
        if (!r)
                r = account_file_save(tree, store, &files.shadow, err);
        if (!r)
                r = save_groups(tree, store, &files, err);
        return r ? r : make_home(tree, user, &ids, err);
}

enum ingot_code accounts_find_user(const struct tree *tree, const char *name, struct account_found *ret_user,
                                   struct ingot_error *err)
{
        OWNED(account_file_release) struct account_file passwd = { 0 };
        struct account_found found = { 0 };
        struct account_field uid, gid, home;
        const char *line;
        enum ingot_code r = account_file_load(tree, "/etc/passwd", &passwd, err);

        if (r)
                return r;
        line = account_file_find(&passwd, FIELD_NAME, name);
        if (!line)
                return ingot_fail(
                        err, INGOT_E_NOT_FOUND,
                        "there is no user '%s' in '/etc/passwd' of the tree; add it first, with user", name);
        uid = account_field(line, FIELD_ID);
        gid = account_field(line, FIELD_GID);
        home = account_field(line, FIELD_HOME);
        if (!account_field_number(&uid, &found.uid) || !account_field_number(&gid, &found.gid))
                return ingot_fail(err, INGOT_E_FORMAT, "user '%s' has no numbers in '/etc/passwd'", name);
        found.home = strndup(home.text, home.size_bytes);
        if (!found.home)
                return ingot_fail_memory(err, home.size_bytes + 1);
        *ret_user = found;
        return INGOT_OK;
}

/* ---- owners ---- */

static enum ingot_code parse_user(const struct tree *tree, const char *text, uint32_t *ret_uid,
                                  uint32_t *ret_gid, bool *ret_is_name, struct ingot_error *err)
{
        struct account_field field = { .text = text, .size_bytes = strlen(text) };
        struct account_found found = { 0 };
        enum ingot_code r;

        *ret_is_name = false;
        if (account_field_number(&field, ret_uid))
                return INGOT_OK;
        r = accounts_find_user(tree, text, &found, err);
        if (r)
                return r;
        free(found.home);
        *ret_uid = found.uid;
        *ret_gid = found.gid;
        *ret_is_name = true;
        return INGOT_OK;
}

static enum ingot_code parse_group(const struct tree *tree, const char *text, uint32_t *ret_gid,
                                   struct ingot_error *err)
{
        OWNED(account_file_release) struct account_file group = { 0 };
        struct account_field field = { .text = text, .size_bytes = strlen(text) };
        enum ingot_code r;

        if (account_field_number(&field, ret_gid))
                return INGOT_OK;
        r = account_file_load(tree, "/etc/group", &group, err);
        return r ? r : find_group(&group, text, ret_gid, &field, err);
}

enum ingot_code accounts_parse_owner(const struct tree *tree, const char *text, uint32_t *ret_uid,
                                     bool *ret_has_uid, uint32_t *ret_gid, bool *ret_has_gid,
                                     struct ingot_error *err)
{
        const char *colon = strchr(text, ':');
        OWNED(heap_drop) char *user = colon ? strndup(text, (size_t)(colon - text)) : strdup(text);
        uint32_t uid = 0, gid = 0;
        bool has_uid, has_gid = false, is_name = false;
        enum ingot_code r = INGOT_OK;

        if (!user)
                return ingot_fail_memory(err, strlen(text) + 1);
        if (!*user && (!colon || !colon[1]))
                return ingot_fail(err, INGOT_E_USAGE, "'%s' is no owner: say user:group, by name or number",
                                  text);
        has_uid = *user;
        if (has_uid)
                r = parse_user(tree, user, &uid, &gid, &is_name, err);
        if (!r && colon && colon[1]) {
                has_gid = true;
                r = parse_group(tree, colon + 1, &gid, err);
        } else if (!r && colon) {
                has_gid = true;
                if (!is_name)
                        r = ingot_fail(err, INGOT_E_USAGE, "'%s' leaves the group to a user without a name",
                                       text);
        }
        if (r)
                return r;
        *ret_uid = uid;
        *ret_gid = gid;
        *ret_has_uid = has_uid;
        *ret_has_gid = has_gid;
        return INGOT_OK;
}
