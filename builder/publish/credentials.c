/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/own.h"
#include "publish/credentials.h"
#include "publish/ini_file.h"

void secret_wipe(void *bytes, size_t size_bytes)
{
        if (bytes && size_bytes)
                explicit_bzero(bytes, size_bytes);
}

static void wipe(char **text)
{
        if (*text)
                explicit_bzero(*text, strlen(*text));
        free(*text);
        *text = NULL;
}

void credentials_release(struct credentials *credentials)
{
        wipe(&credentials->access_key_id);
        wipe(&credentials->secret_access_key);
        wipe(&credentials->session_token);
        wipe(&credentials->account_id);
        wipe(&credentials->origin);
        credentials->expires_seconds = 0;
}

struct sigv4_credentials credentials_to_sign(const struct credentials *credentials)
{
        return (struct sigv4_credentials){ credentials->access_key_id, credentials->secret_access_key,
                                           credentials->session_token };
}

static bool is_given(const char *text)
{
        return text && *text;
}

static enum ingot_code copy(char **target, const char *text, struct ingot_error *err)
{
        if (!is_given(text))
                return INGOT_OK;
        *target = strdup(text);
        return *target ? INGOT_OK : ingot_fail_memory(err, strlen(text));
}

enum ingot_code credentials_make(const struct credentials_text *text, const char *origin,
                                 struct credentials *ret_credentials, struct ingot_error *err)
{
        OWNED(credentials_release) struct credentials made = { .origin = NULL };
        enum ingot_code r;

        if (!is_given(text->access_key_id) || !is_given(text->secret_access_key))
                return ingot_fail(err, INGOT_E_FORMAT, "%s: there is no %s", origin,
                                  is_given(text->access_key_id) ? "secret access key for the access key id"
                                                                : "access key id");
        if (is_given(text->expiration)) {
                made.expires_seconds = clock_parse_iso(text->expiration);
                if (made.expires_seconds <= 0)
                        return ingot_fail(err, INGOT_E_FORMAT, "%s: they expire at '%.40s', which is no time",
                                          origin, text->expiration);
        }
        r = copy(&made.access_key_id, text->access_key_id, err);
        if (!r)
                r = copy(&made.secret_access_key, text->secret_access_key, err);
        if (!r)
                r = copy(&made.session_token, text->session_token, err);
        if (!r)
                r = copy(&made.account_id, text->account_id, err);
        if (!r)
                r = copy(&made.origin, origin, err);
        if (r)
                return r;
        *ret_credentials = made;
        made = (struct credentials){ .origin = NULL };
        return INGOT_OK;
}

enum ingot_code credentials_of_file(const char *path, const char *profile,
                                    struct credentials *ret_credentials, struct ingot_error *err)
{
        OWNED(ini_file_release) struct ini_file file = { .sections = NULL };
        OWNED(buffer_release) struct buffer origin = BUFFER_INIT(8192);
        const struct ini_section *section;
        struct credentials_text found;
        size_t size_bytes = 0;
        char *text = NULL;
        enum ingot_code r = fd_read_file(path, INI_FILE_BYTES_MAX, &text, &size_bytes, err);

        if (r)
                return r;
        r = ini_file_parse(text, size_bytes, path, &file, err);
        secret_wipe(text, size_bytes);
        free(text);
        if (r)
                return r;
        section = ini_file_section(&file, profile);
        if (!section)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "there is no profile '%s' in '%s'", profile, path);
        found = (struct credentials_text){
                .access_key_id = ini_file_value(&file, section, "aws_access_key_id"),
                .secret_access_key = ini_file_value(&file, section, "aws_secret_access_key"),
                .session_token = ini_file_value(&file, section, "aws_session_token"),
        };
        buffer_appendf(&origin, "profile '%s' of '%s'", profile, path);
        r = buffer_check(&origin, err);
        return r ? r : credentials_make(&found, origin.bytes, ret_credentials, err);
}
