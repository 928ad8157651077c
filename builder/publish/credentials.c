/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fd.h"
#include "base/own.h"
#include "publish/credentials.h"

enum { FILE_BYTES_MAX = 1 << 20 };

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
        wipe(&credentials->origin);
}

struct sigv4_credentials credentials_to_sign(const struct credentials *credentials)
{
        return (struct sigv4_credentials){ credentials->access_key_id, credentials->secret_access_key,
                                           credentials->session_token };
}

/* ---- a shared credentials file: sections of "name = value" ---- */

/* Text between two places of the file, without the white space around it. */
struct span {
        const char *start, *end;
};

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(const char *start, const char *end)
{
        while (start < end && is_blank(*start))
                start++;
        while (end > start && is_blank(end[-1]))
                end--;
        return (struct span){ start, end };
}

static bool span_is(struct span span, const char *text)
{
        size_t chars = (size_t)(span.end - span.start);

        return chars == strlen(text) && memcmp(span.start, text, chars) == 0;
}

static enum ingot_code set_text(char **target, struct span value, struct ingot_error *err)
{
        char *text = strndup(value.start, (size_t)(value.end - value.start));

        if (!text)
                return ingot_fail_memory(err, (uint64_t)(value.end - value.start));
        wipe(target);
        *target = text;
        return INGOT_OK;
}

static enum ingot_code take_setting(struct credentials *credentials, struct span name, struct span value,
                                    struct ingot_error *err)
{
        if (value.start == value.end)
                return INGOT_OK; /* "aws_session_token =" says there is none */
        if (span_is(name, "aws_access_key_id"))
                return set_text(&credentials->access_key_id, value, err);
        if (span_is(name, "aws_secret_access_key"))
                return set_text(&credentials->secret_access_key, value, err);
        if (span_is(name, "aws_session_token"))
                return set_text(&credentials->session_token, value, err);
        return INGOT_OK; /* region, output and whatever else a profile may say */
}

static enum ingot_code read_profile(const char *text, const char *path, const char *profile,
                                    struct credentials *credentials, bool *ret_found, struct ingot_error *err)
{
        bool inside = false;
        unsigned number = 0;
        enum ingot_code r = INGOT_OK;

        for (const char *line = text, *next; !r && *line; line = next) {
                const char *end = line + strcspn(line, "\n"), *equals;
                struct span span = trim(line, end);

                next = *end ? end + 1 : end;
                number++;
                if (span.start == span.end || *span.start == '#' || *span.start == ';')
                        continue;
                if (*span.start == '[') {
                        if (span.end[-1] != ']')
                                return ingot_fail(err, INGOT_E_FORMAT, "%s:%u: '[' without ']'", path,
                                                  number);
                        inside = span_is(trim(span.start + 1, span.end - 1), profile);
                        *ret_found = *ret_found || inside;
                        continue;
                }
                equals = memchr(span.start, '=', (size_t)(span.end - span.start));
                if (!equals)
                        return ingot_fail(
                                err, INGOT_E_FORMAT,
                                "%s:%u: neither [PROFILE] nor NAME = VALUE; is it a credentials file?", path,
                                number);
                if (inside)
                        r = take_setting(credentials, trim(span.start, equals), trim(equals + 1, span.end),
                                         err);
        }
        return r;
}

/* Both or neither; origin is told in either case. */
static enum ingot_code check_pair(const struct credentials *credentials, const char *origin,
                                  struct ingot_error *err)
{
        if (credentials->access_key_id && credentials->secret_access_key)
                return INGOT_OK;
        return ingot_fail(err, INGOT_E_FORMAT, "%s has no %s", origin,
                          credentials->access_key_id ? "secret access key for its access key id"
                                                     : "access key id");
}

static enum ingot_code finish(struct credentials *credentials, const char *origin,
                              struct credentials *ret_credentials, struct ingot_error *err)
{
        enum ingot_code r = check_pair(credentials, origin, err);

        if (r)
                return r;
        credentials->origin = strdup(origin);
        if (!credentials->origin)
                return ingot_fail_memory(err, strlen(origin));
        *ret_credentials = *credentials;
        *credentials = (struct credentials){ .origin = NULL };
        return INGOT_OK;
}

enum ingot_code credentials_of_file(const char *path, const char *profile,
                                    struct credentials *ret_credentials, struct ingot_error *err)
{
        OWNED(credentials_release) struct credentials credentials = { .origin = NULL };
        OWNED(buffer_release) struct buffer origin = BUFFER_INIT(8192);
        char *text = NULL;
        size_t size_bytes = 0;
        bool found = false;
        enum ingot_code r = fd_read_file(path, FILE_BYTES_MAX, &text, &size_bytes, err);

        if (r)
                return r;
        buffer_appendf(&origin, "profile '%s' of '%s'", profile, path);
        if (strlen(text) != size_bytes)
                r = ingot_fail(err, INGOT_E_FORMAT, "'%s' holds a NUL: it is not a credentials file", path);
        if (!r)
                r = read_profile(text, path, profile, &credentials, &found, err);
        explicit_bzero(text, size_bytes);
        free(text);
        if (!r && !found)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "there is no profile '%s' in '%s'", profile, path);
        return r ? r : finish(&credentials, origin.bytes, ret_credentials, err);
}

/* ---- the chain ---- */

/* A variable's value; NULL when it is not set or empty. */
static const char *variable(const struct credentials_request *request, const char *name)
{
        size_t chars = strlen(name);

        for (size_t i = 0; request->environment && request->environment[i]; i++) {
                const char *entry = request->environment[i];

                if (strncmp(entry, name, chars) == 0 && entry[chars] == '=' && entry[chars + 1])
                        return entry + chars + 1;
        }
        return NULL;
}

/* What a source says of itself where no source has credentials. */
struct search {
        const struct credentials_request *request;
        struct buffer asked;
};

static void note_asked(struct search *search, const char *what)
{
        if (search->asked.size_bytes)
                buffer_append_text(&search->asked, ", ");
        buffer_append_text(&search->asked, what);
}

static enum ingot_code copy_variable(const struct search *search, const char *name, char **target,
                                     struct ingot_error *err)
{
        const char *value = variable(search->request, name);

        return value ? set_text(target, trim(value, value + strlen(value)), err) : INGOT_OK;
}

static enum ingot_code ask_environment(struct search *search, struct credentials *ret_credentials,
                                       bool *ret_found, struct ingot_error *err)
{
        OWNED(credentials_release) struct credentials credentials = { .origin = NULL };
        enum ingot_code r;

        if (search->request->profile)
                return INGOT_OK; /* rule 1 */
        note_asked(search, "the environment (AWS_ACCESS_KEY_ID)");
        if (!variable(search->request, "AWS_ACCESS_KEY_ID"))
                return INGOT_OK;
        r = copy_variable(search, "AWS_ACCESS_KEY_ID", &credentials.access_key_id, err);
        if (!r)
                r = copy_variable(search, "AWS_SECRET_ACCESS_KEY", &credentials.secret_access_key, err);
        if (!r)
                r = copy_variable(search, "AWS_SESSION_TOKEN", &credentials.session_token, err);
        if (!r)
                r = finish(&credentials, "the environment", ret_credentials, err);
        *ret_found = !r;
        return r;
}

static enum ingot_code ask_file(struct search *search, struct credentials *ret_credentials, bool *ret_found,
                                struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(4096), said = BUFFER_INIT(8192);
        const char *profile = search->request->profile, *home = variable(search->request, "HOME");
        const char *file = search->request->file;
        enum ingot_code r;

        if (!profile)
                profile = variable(search->request, "AWS_PROFILE");
        if (!profile)
                profile = "default";
        if (!file)
                file = variable(search->request, "AWS_SHARED_CREDENTIALS_FILE");
        if (file)
                buffer_append_text(&path, file);
        else if (home)
                buffer_appendf(&path, "%s/.aws/credentials", home);
        else
                return INGOT_OK; /* nowhere to look */
        r = buffer_check(&path, err);
        if (r)
                return r;
        r = credentials_of_file(path.bytes, profile, ret_credentials, err);
        *ret_found = !r;
        if (r != INGOT_E_NOT_FOUND)
                return r;
        buffer_appendf(&said, "profile '%s' of '%s'", profile, path.bytes);
        note_asked(search, said.bytes);
        return INGOT_OK;
}

enum ingot_code credentials_find(const struct credentials_request *request,
                                 struct credentials *ret_credentials, struct ingot_error *err)
{
        static enum ingot_code (*const sources[])(struct search * search,
                                                  struct credentials * ret_credentials, bool *ret_found,
                                                  struct ingot_error *err) = {
                ask_environment,
                ask_file,
        };
        struct search search = { .request = request, .asked = BUFFER_INIT(8192) };
        bool found = false;
        enum ingot_code r = INGOT_OK;

        for (size_t i = 0; !r && !found && i < sizeof(sources) / sizeof(sources[0]); i++)
                r = sources[i](&search, ret_credentials, &found, err);
        if (!r && !found)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "there are no AWS credentials; asked: %s",
                               search.asked.size_bytes ? search.asked.bytes : "nothing that could have any");
        buffer_release(&search.asked);
        return r;
}
