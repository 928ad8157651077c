/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/own.h"
#include "content/accounts.h"
#include "content/apply.h"
#include "content/archive_reader.h"
#include "content/authorized_key.h"
#include "content/directory_reader.h"
#include "content/tree_edit.h"
#include "content/units.h"
#include "model/template_content.h"

enum { PATH_CEILING_BYTES = 65536, HOST_NAME_MAX_BYTES = 64 /* the kernel's */ };

/* A step on its way into a tree. */
struct job {
        const struct content_target *target;
        const struct content_step *step;
        struct content_source source;
};

enum ingot_code content_source_path(const char *folder, const char *source, char **ret_path,
                                    struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(PATH_CEILING_BYTES);
        enum ingot_code r;

        if (source[0] != '/' && folder && *folder) {
                buffer_append_text(&path, folder);
                if (path.bytes[path.size_bytes - 1] != '/')
                        buffer_append_char(&path, '/');
        }
        buffer_append_text(&path, source);
        r = buffer_check(&path, err);
        if (r)
                return r;
        *ret_path = buffer_take(&path);
        return *ret_path ? INGOT_OK : ingot_fail_memory(err, PATH_CEILING_BYTES);
}

/* ---- marks ---- */

static const struct mark *mark_of(const struct job *job, const struct text_value *value)
{
        return value && value->mark.line ? &value->mark : &job->step->mark;
}

/* Gives a cause the mark of the value that is to blame (rule 1); fault says whether the template is at fault. */
static enum ingot_code blame(const struct job *job, enum ingot_code r, const struct text_value *value,
                             bool fault, struct ingot_error *err)
{
        const char *cause;
        struct ingot_error why;

        if (!r || !err || r == INGOT_E_CANCELLED)
                return r;
        why = *err;
        cause = ingot_error_frame(&why, 0);
        if (fault &&
            (r == INGOT_E_NOT_FOUND || r == INGOT_E_FORMAT || r == INGOT_E_USAGE || r == INGOT_E_CONFLICT))
                r = INGOT_E_TEMPLATE;
        (void)mark_fail(err, r, mark_of(job, value), "%s: %s", template_verb_name(job->step->verb),
                        cause ? cause : "no reason given");
        err->sys_errno = why.sys_errno;
        for (unsigned i = 1; i < why.frame_count; i++)
                (void)ingot_while(err, r, "%s", ingot_error_frame(&why, i));
        return r;
}

/* A value that the verb cannot do without; the template's reader has checked, other callers may not have. */
static enum ingot_code need(const struct text_value *value, const char *key, struct ingot_error *err)
{
        if (value->text && *value->text)
                return INGOT_OK;
        return ingot_fail(err, INGOT_E_USAGE, "it needs '%s'", key);
}

/* ---- values ---- */

static enum ingot_code read_mode(const struct text_value *value, uint16_t otherwise, uint16_t *ret_mode,
                                 struct ingot_error *err)
{
        uint32_t mode = 0;
        size_t size_bytes = value->text ? strlen(value->text) : 0;

        if (!value->text) {
                *ret_mode = otherwise;
                return INGOT_OK;
        }
        for (size_t i = 0; i < size_bytes && mode <= 07777; i++) {
                if (value->text[i] < '0' || value->text[i] > '7')
                        size_bytes = 0;
                else
                        mode = mode * 8 + (uint32_t)(value->text[i] - '0');
        }
        if (size_bytes < 1 || mode > 07777)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "mode '%s' is not octal digits up to 7777, like \"0644\"", value->text);
        *ret_mode = (uint16_t)mode;
        return INGOT_OK;
}

static enum ingot_code read_expected(const struct text_value *value, struct digest *digest,
                                     const struct digest **ret_expected, struct ingot_error *err)
{
        *ret_expected = NULL;
        if (!value->text)
                return INGOT_OK;
        if (strlen(value->text) != DIGEST_HEX_CHARS || !hex_decode(value->text, digest->bytes, DIGEST_BYTES))
                return ingot_fail(err, INGOT_E_USAGE, "sha256 '%s' is not 64 hex digits", value->text);
        *ret_expected = digest;
        return INGOT_OK;
}

static enum ingot_code read_owner(const struct job *job, struct placement_owner *ret_owner,
                                  struct ingot_error *err)
{
        struct placement_owner owner = { .has_uid = false };
        enum ingot_code r = INGOT_OK;

        if (job->step->owner.text)
                r = accounts_parse_owner(job->target->tree, job->step->owner.text, &owner.uid, &owner.has_uid,
                                         &owner.gid, &owner.has_gid, err);
        if (r)
                return blame(job, r, &job->step->owner, true, err);
        *ret_owner = owner;
        return INGOT_OK;
}

static enum ingot_code apply_owner(const struct job *job, bool recursive, struct ingot_error *err)
{
        struct placement_owner owner = { .has_uid = false };
        enum ingot_code r = read_owner(job, &owner, err);

        if (r)
                return r;
        r = tree_edit_owner(job->target->tree, job->step->to.text, owner.has_uid ? &owner.uid : NULL,
                            owner.has_gid ? &owner.gid : NULL, recursive, err);
        return blame(job, r, &job->step->to, true, err);
}

static enum ingot_code read_number(const struct number_value *value, const char *key, uint32_t *ret_number,
                                   struct ingot_error *err)
{
        if (value->given && value->value >= UINT32_MAX)
                return ingot_fail(err, INGOT_E_USAGE, "%s %llu is above 4294967294", key,
                                  (unsigned long long)value->value);
        *ret_number = (uint32_t)value->value;
        return INGOT_OK;
}

/* ---- sources ---- */

/* Finds the source's path and its owner, and the directory it goes to, which is made where it is missing. */
static enum ingot_code begin_source(const struct job *job, char **ret_path, struct placement_owner *ret_owner,
                                    struct tree_entry **ret_destination, struct ingot_error *err)
{
        const struct content_step *step = job->step;
        const char *to = step->to.text ? step->to.text : "/";
        bool is_there = !tree_resolve(job->target->tree, to, true, ret_destination, NULL);
        enum ingot_code r = need(&step->source, "source", err);

        if (!r)
                r = content_source_path(job->target->folder, step->source.text, ret_path, err);
        if (r)
                return blame(job, r, &step->source, true, err);
        r = read_owner(job, ret_owner, err);
        if (r)
                return r;
        r = tree_edit_mkdir(job->target->tree, to, 0755, ret_destination, err);
        if (r)
                return blame(job, r, &step->to, true, err);
        if (!is_there)
                placement_own((*ret_destination)->inode, ret_owner);
        return INGOT_OK;
}

static enum ingot_code do_archive(struct job *job, struct ingot_error *err)
{
        const struct content_step *step = job->step;
        OWNED(heap_drop) char *path = NULL;
        struct tree_entry *destination = NULL;
        struct digest expected;
        struct archive_request request = { .want_digest = !job->target->digests_later,
                                           .digest_later = job->target->digests_later,
                                           .observer = job->target->observer };
        struct archive_report report;
        struct placement_owner owner = { .has_uid = false };
        enum ingot_code r = read_expected(&step->sha256, &expected, &request.expected, err);

        r = blame(job, r, &step->sha256, true, err);
        if (!r)
                r = read_number(&step->strip_components, "strip-components", &request.strip_components, err);
        if (r)
                return blame(job, r, NULL, true, err);
        r = begin_source(job, &path, &owner, &destination, err);
        if (r)
                return r;
        request.path = path;
        request.owner = &owner;
        r = archive_read_into(job->target->tree, destination, job->target->store, &request, &report, err);
        if (r)
                return blame(job, r, r == INGOT_E_CHECKSUM ? &step->sha256 : &step->source, false, err);
        job->source = (struct content_source){ .used = true,
                                               .undigested = report.undigested,
                                               .digest = report.digest,
                                               .size_bytes = report.archive_bytes };
        return INGOT_OK;
}

static enum ingot_code do_directory(struct job *job, struct ingot_error *err)
{
        OWNED(heap_drop) char *path = NULL;
        struct tree_entry *destination = NULL;
        struct directory_report report;
        struct placement_owner owner = { .has_uid = false };
        enum ingot_code r = begin_source(job, &path, &owner, &destination, err);

        if (r)
                return r;
        r = directory_read_into(job->target->tree, destination, job->target->store, path, &owner, &report,
                                err);
        if (r)
                return blame(job, r, &job->step->source, false, err);
        job->source = (struct content_source){ .used = true,
                                               .digest = report.digest,
                                               .size_bytes = report.data_bytes };
        return INGOT_OK;
}

static enum ingot_code do_file(struct job *job, struct ingot_error *err)
{
        const struct content_step *step = job->step;
        OWNED(heap_drop) char *path = NULL;
        OWNED(tree_inode_drop) struct tree_inode *inode = NULL;
        struct digest expected_digest, digest;
        const struct digest *expected;
        enum ingot_code r = need(&step->source, "source", err);

        if (!r)
                r = need(&step->to, "to", err);
        if (!r)
                r = read_expected(&step->sha256, &expected_digest, &expected, err);
        if (!r)
                r = content_source_path(job->target->folder, step->source.text, &path, err);
        if (r)
                return blame(job, r, &step->source, true, err);
        r = directory_read_file(job->target->store, path, expected, &inode, &digest, err);
        if (r)
                return blame(job, r, r == INGOT_E_CHECKSUM ? &step->sha256 : &step->source, false, err);
        job->source =
                (struct content_source){ .used = true, .digest = digest, .size_bytes = inode->size_bytes };
        r = read_mode(&step->mode, inode->mode, &inode->mode, err);
        if (r)
                return blame(job, r, &step->mode, true, err);
        r = tree_edit_put(job->target->tree, step->to.text, TAKE(inode), NULL, err);
        return r ? blame(job, r, &step->to, true, err) : apply_owner(job, false, err);
}

/* ---- edits ---- */

static enum ingot_code do_write(struct job *job, struct ingot_error *err)
{
        const struct content_step *step = job->step;
        uint16_t mode = 0;
        enum ingot_code r = read_mode(&step->mode, 0644, &mode, err);

        if (r)
                return blame(job, r, &step->mode, true, err);
        r = tree_edit_write_text(job->target->tree, job->target->store, step->to.text,
                                 step->text.text ? step->text.text : "", mode, err);
        return r ? blame(job, r, &step->to, true, err) : apply_owner(job, false, err);
}

static enum ingot_code do_append(struct job *job, struct ingot_error *err)
{
        const struct content_step *step = job->step;
        enum ingot_code r = tree_edit_append_text(job->target->tree, job->target->store, step->to.text,
                                                  step->text.text ? step->text.text : "", err);

        if (r == INGOT_E_NOT_FOUND)
                r = ingot_fail(err, r, "there is no file '%s' to append to; make it with write",
                               step->to.text);
        return blame(job, r, &step->to, true, err);
}

static enum ingot_code do_mkdir(struct job *job, struct ingot_error *err)
{
        const struct content_step *step = job->step;
        uint16_t mode = 0;
        struct tree_entry *entry;
        enum ingot_code r = read_mode(&step->mode, 0755, &mode, err);

        if (r)
                return blame(job, r, &step->mode, true, err);
        r = tree_edit_mkdir(job->target->tree, step->to.text, mode, &entry, err);
        if (r)
                return blame(job, r, &step->to, true, err);
        if (step->mode.text)
                entry->inode->mode = mode;
        return apply_owner(job, false, err);
}

static enum ingot_code do_link(struct job *job, struct ingot_error *err)
{
        const struct content_step *step = job->step;
        enum ingot_code r = need(&step->target, "target", err);

        if (r)
                return blame(job, r, NULL, true, err);
        r = step->hard ? tree_edit_hard_link(job->target->tree, step->to.text, step->target.text, err)
                       : tree_edit_symlink(job->target->tree, step->to.text, step->target.text, err);
        return blame(job, r, &step->to, true, err);
}

static enum ingot_code do_delete(struct job *job, struct ingot_error *err)
{
        return blame(job, tree_edit_remove(job->target->tree, job->step->to.text, job->step->recursive, err),
                     &job->step->to, true, err);
}

static enum ingot_code do_mode(struct job *job, struct ingot_error *err)
{
        const struct content_step *step = job->step;
        uint16_t mode = 0;
        enum ingot_code r = need(&step->mode, "mode", err);

        if (!r)
                r = read_mode(&step->mode, 0, &mode, err);
        if (r)
                return blame(job, r, &step->mode, true, err);
        r = tree_edit_mode(job->target->tree, step->to.text, mode, step->recursive, err);
        return blame(job, r, &step->to, true, err);
}

static enum ingot_code do_owner(struct job *job, struct ingot_error *err)
{
        enum ingot_code r = need(&job->step->owner, "owner", err);

        return r ? blame(job, r, NULL, true, err) : apply_owner(job, job->step->recursive, err);
}

static bool is_host_name(const char *name)
{
        size_t size_bytes = strlen(name), label_bytes = 0;

        if (size_bytes < 1 || size_bytes > HOST_NAME_MAX_BYTES)
                return false;
        for (size_t i = 0; i < size_bytes; i++) {
                char c = name[i], next = name[i + 1];
                bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
                bool is_dash = c == '-' && label_bytes > 0 && next != '\0' && next != '.';

                if (c == '.' && label_bytes > 0 && next != '\0')
                        label_bytes = 0;
                else if (is_letter || is_dash)
                        label_bytes++;
                else
                        return false;
        }
        return true;
}

static enum ingot_code do_hostname(struct job *job, struct ingot_error *err)
{
        const struct text_value *value = job->step->text.text ? &job->step->text : &job->step->name;
        char line[HOST_NAME_MAX_BYTES + 2];
        enum ingot_code r;

        if (!value->text || !is_host_name(value->text)) {
                r = ingot_fail(
                        err, INGOT_E_USAGE,
                        "'%.100s' is no host name: labels of letters, digits and '-', with '.' between "
                        "them, at most %d bytes",
                        value->text ? value->text : "", HOST_NAME_MAX_BYTES);
                return blame(job, r, value, true, err);
        }
        (void)snprintf(line, sizeof(line), "%s\n", value->text);
        r = tree_edit_mkdir(job->target->tree, "/etc", 0755, NULL, err);
        if (!r)
                r = tree_edit_write_text(job->target->tree, job->target->store, "/etc/hostname", line, 0644,
                                         err);
        return blame(job, r, value, true, err);
}

/* ---- accounts and units ---- */

static enum ingot_code do_group(struct job *job, struct ingot_error *err)
{
        const struct content_step *step = job->step;
        uint32_t gid = 0;
        enum ingot_code r = need(&step->name, "name", err);

        if (!r)
                r = read_number(&step->gid, "gid", &gid, err);
        if (!r)
                r = accounts_add_group(job->target->tree, job->target->store, step->name.text,
                                       step->gid.given ? &gid : NULL, step->system, err);
        return blame(job, r, &step->name, true, err);
}

static enum ingot_code add_user(const struct job *job, uint32_t uid, uint32_t gid, struct ingot_error *err)
{
        const struct content_step *step = job->step;
        OWNED(heap_drop) const char **groups = calloc(step->groups.count + 1, sizeof(*groups));
        const struct account_user user = { .name = step->name.text,
                                           .system = step->system,
                                           .uid = step->uid.given ? &uid : NULL,
                                           .gid = step->gid.given ? &gid : NULL,
                                           .primary_group = step->primary_group.text,
                                           .home = step->home.text,
                                           .shell = step->shell.text,
                                           .comment = step->comment.text,
                                           .groups = groups,
                                           .group_count = step->groups.count };

        if (!groups)
                return ingot_fail_memory(err, (step->groups.count + 1) * sizeof(*groups));
        for (size_t i = 0; i < step->groups.count; i++)
                groups[i] = step->groups.items[i].text;
        return accounts_add_user(job->target->tree, job->target->store, &user, job->target->epoch_seconds,
                                 err);
}

static enum ingot_code do_user(struct job *job, struct ingot_error *err)
{
        const struct content_step *step = job->step;
        uint32_t uid = 0, gid = 0;
        enum ingot_code r = need(&step->name, "name", err);

        if (!r)
                r = read_number(&step->uid, "uid", &uid, err);
        if (!r)
                r = read_number(&step->gid, "gid", &gid, err);
        if (!r)
                r = add_user(job, uid, gid, err);
        return blame(job, r, &step->name, true, err);
}

static enum ingot_code do_authorized_key(struct job *job, struct ingot_error *err)
{
        const struct content_step *step = job->step;
        enum ingot_code r = need(&step->name, "user", err);

        if (!r)
                r = need(&step->text, "key", err);
        if (!r)
                r = authorized_key_add(job->target->tree, job->target->store, step->name.text,
                                       step->text.text, err);
        return blame(job, r, &step->name, true, err);
}

static enum ingot_code do_unit(struct job *job, struct ingot_error *err)
{
        const struct content_step *step = job->step;
        enum ingot_code r = need(&step->name, "unit", err);

        if (!r && step->verb == CONTENT_ENABLE)
                r = units_enable(job->target->tree, step->name.text, err);
        else if (!r && step->verb == CONTENT_DISABLE)
                r = units_disable(job->target->tree, step->name.text, err);
        else if (!r)
                r = units_mask(job->target->tree, step->name.text, err);
        return blame(job, r, &step->name, true, err);
}

/* ---- the verbs ---- */

struct verb {
        enum ingot_code (*apply)(struct job *job, struct ingot_error *err);
        bool needs_to;
};

static const struct verb verbs[CONTENT_VERB_COUNT] = {
        [CONTENT_TAR] = { do_archive, false },     [CONTENT_DIRECTORY] = { do_directory, false },
        [CONTENT_ARCHIVE] = { do_archive, false }, [CONTENT_FILE] = { do_file, true },
        [CONTENT_WRITE] = { do_write, true },      [CONTENT_APPEND] = { do_append, true },
        [CONTENT_MKDIR] = { do_mkdir, true },      [CONTENT_LINK] = { do_link, true },
        [CONTENT_DELETE] = { do_delete, true },    [CONTENT_MODE] = { do_mode, true },
        [CONTENT_OWNER] = { do_owner, true },      [CONTENT_USER] = { do_user, false },
        [CONTENT_GROUP] = { do_group, false },     [CONTENT_HOSTNAME] = { do_hostname, false },
        [CONTENT_ENABLE] = { do_unit, false },     [CONTENT_DISABLE] = { do_unit, false },
        [CONTENT_MASK] = { do_unit, false },       [CONTENT_AUTHORIZED_KEY] = { do_authorized_key, false },
};

enum ingot_code content_apply(const struct content_target *target, const struct content_step *step,
                              struct content_source *ret_source, struct ingot_error *err)
{
        struct ingot_error spare = { .code = INGOT_OK };
        struct job job = { .target = target, .step = step };
        enum ingot_code r;

        if (!err)
                err = &spare; /* blame() reads the cause */
        if ((unsigned)step->verb >= CONTENT_VERB_COUNT || !verbs[step->verb].apply)
                return mark_fail(err, INGOT_E_USAGE, &step->mark, "'%s' is not an edit of a tree",
                                 template_verb_name(step->verb));
        if (verbs[step->verb].needs_to) {
                r = blame(&job, need(&step->to, "to", err), NULL, true, err);
                if (r)
                        return r;
        }
        r = verbs[step->verb].apply(&job, err);
        if (!r && ret_source)
                *ret_source = job.source;
        return r;
}
