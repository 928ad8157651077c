/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/environment.h"
#include "base/fd.h"
#include "base/own.h"
#include "lifecycle/upload_journal.h"

enum { FOLDER_CHARS = 16, TEXT_BYTES_MAX = 16384 };

/* Rule 1. */
static enum ingot_code print_target(const struct ingot_target *target, const struct region_session *session,
                                    struct buffer *out, struct ingot_error *err)
{
        const char *profile = target->profile;
        char authority[ENDPOINT_AUTHORITY_CHARS + 1];

        buffer_append_text(out, "ingot upload target 1\n");
        if (session->server) {
                OWNED(heap_drop) char *folder = realpath(target->region_folder, NULL);

                if (!folder)
                        return ingot_fail_errno(err, "looking for folder '%s'", target->region_folder);
                buffer_appendf(out, "local\n%s\n", folder);
                return buffer_check(out, err);
        }
        if (!profile)
                profile = environment_get(target->environment, "AWS_PROFILE");
        endpoint_print_authority(&session->ebs.endpoint, authority);
        buffer_appendf(out, "aws\n%s\n%s\n", authority, profile ? profile : "");
        return buffer_check(out, err);
}

enum ingot_code upload_journal_folder(const char *journals, const struct ingot_target *target,
                                      const struct region_session *session, char **ret_path,
                                      struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(TEXT_BYTES_MAX);
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(TEXT_BYTES_MAX);
        char hex[DIGEST_HEX_CHARS + 1];
        struct digest digest;
        enum ingot_code r = print_target(target, session, &text, err);

        if (!r)
                r = digest_of(text.bytes, text.size_bytes, &digest, err);
        if (r)
                return r;
        hex_encode(digest.bytes, DIGEST_BYTES, hex);
        buffer_appendf(&path, "%s/%.*s", journals, FOLDER_CHARS, hex);
        r = buffer_check(&path, err);
        if (!r)
                *ret_path = buffer_take(&path);
        return r;
}

enum ingot_code upload_journal_path(const char *journals, const struct ingot_target *target,
                                    const struct region_session *session,
                                    const struct volume_to_publish *volume, char **ret_path,
                                    struct ingot_error *err)
{
        OWNED(heap_drop) char *folder = NULL;
        enum ingot_code r = upload_journal_folder(journals, target, session, &folder, err);
        char *path;

        if (!r)
                r = fd_make_folders(folder, err);
        if (r)
                return r;
        path = volume_journal_path(folder, session->region, volume);
        if (!path)
                return ingot_fail_memory(err, strlen(folder));
        *ret_path = path;
        return INGOT_OK;
}
