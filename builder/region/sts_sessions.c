/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/own.h"
#include "region/sts_sessions.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"
#define WORD    LETTERS DIGITS "_"

enum {
        ARN_CHARS_MIN = 20,
        SESSION_NAME_CHARS = 64,
        ROLE_NAME_CHARS = 64,
        SECONDS_MIN = 900,
        SECONDS_DEFAULT = 3600,
        ROLE_SECONDS_MAX = 43200,
        CHAINED_SECONDS_MAX = 3600,
        USER_SECONDS_DEFAULT = 43200,
        USER_SECONDS_MAX = 129600,
        UNIQUE_ID_CHARS = 17, /* after "AROA" */
        KEY_ID_CHARS = 16,    /* after "ASIA" */
        SECRET_CHARS = 40,
        TOKEN_CHARS = 100,
        LIST_MAX = 50,
};

struct role {
        char partition[16], account_id[ACCOUNT_ID_CHARS + 1], name[ROLE_NAME_CHARS + 1];
        const char *arn, *session_name; /* borrowed from the form */
};

/* arn:PARTITION:iam::ACCOUNT:role/[PATH/]NAME */
static bool read_role_arn(const char *arn, struct role *role)
{
        const char *iam = strstr(arn, ":iam::"), *account = iam ? iam + 6 : NULL, *name;
        size_t partition_chars = iam ? (size_t)(iam - arn) : 0;

        if (!iam || strncmp(arn, "arn:aws", 7) != 0 || partition_chars - 4 >= sizeof(role->partition) ||
            strspn(account, DIGITS) != ACCOUNT_ID_CHARS ||
            strncmp(account + ACCOUNT_ID_CHARS, ":role/", 6) != 0)
                return false;
        name = strrchr(arn, '/') + 1;
        if (!*name || strlen(name) > ROLE_NAME_CHARS || strspn(name, WORD "+=,.@-") != strlen(name))
                return false;
        (void)snprintf(role->partition, sizeof(role->partition), "%.*s", (int)(partition_chars - 4), arn + 4);
        (void)snprintf(role->account_id, sizeof(role->account_id), "%.*s", ACCOUNT_ID_CHARS, account);
        (void)snprintf(role->name, sizeof(role->name), "%s", name);
        return true;
}

static void read_role(struct query_call *query, struct role *role)
{
        static const struct query_text arn = { "RoleArn", ARN_CHARS_MIN, SESSION_ARN_CHARS / 2, NULL, true };
        static const struct query_text session = { "RoleSessionName", 2, SESSION_NAME_CHARS, WORD "+=,.@-",
                                                   true };

        role->arn = query_read_text(query, &arn);
        role->session_name = query_read_text(query, &session);
        if (role->arn && !read_role_arn(role->arn, role))
                (void)query_refuse(query, 400, "ValidationError", "%.200s is invalid", role->arn);
}

/* Policies narrow what a session may do; here it may do everything, so they are read for their form only. */
static void read_policies(struct query_call *query)
{
        static const struct query_text policy = { "Policy", 1, 2048, NULL, false };

        (void)query_read_text(query, &policy);
        for (unsigned i = 1; i <= LIST_MAX && form_has(&query->form, "PolicyArns.member.%u", i); i++)
                (void)form_find(&query->form, "PolicyArns.member.%u.arn", i);
}

static void read_session_tags(struct query_call *query)
{
        for (unsigned i = 1; i <= LIST_MAX && form_has(&query->form, "Tags.member.%u", i); i++) {
                const char *key = form_find(&query->form, "Tags.member.%u.Key", i);

                if (!key || !*key || !form_find(&query->form, "Tags.member.%u.Value", i))
                        (void)query_refuse(query, 400, "ValidationError", "A tag needs a Key and a Value.");
        }
        for (unsigned i = 1; i <= LIST_MAX && form_has(&query->form, "TransitiveTagKeys.member.%u", i); i++)
                (void)form_find(&query->form, "TransitiveTagKeys.member.%u", i);
}

static void read_second_factor(struct query_call *query)
{
        static const struct query_text serial = { "SerialNumber", 9, 256, WORD "+=/:,.@-", false };
        static const struct query_text code = { "TokenCode", 6, 6, DIGITS, false };

        (void)query_read_text(query, &serial);
        (void)query_read_text(query, &code);
}

/* ---- making a session ---- */

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static enum ingot_code append_random(char *out, size_t from, size_t chars, struct ingot_error *err)
{
        uint8_t bytes[TOKEN_CHARS];
        enum ingot_code r = random_bytes(bytes, chars, err);

        for (size_t i = 0; !r && i < chars; i++)
                out[from + i] = base32[bytes[i] % 32];
        out[from + chars] = '\0';
        return r;
}

static enum ingot_code settle_session(struct query_call *query, struct session_record *session,
                                      uint32_t seconds, struct ingot_error *err)
{
        struct region_store *store = query->call->store;
        int64_t now = clock_wall_seconds(store->clock);
        enum ingot_code r;

        (void)snprintf(session->access_key_id, sizeof(session->access_key_id), "ASIA");
        (void)snprintf(session->session_token, sizeof(session->session_token), "IQoJ");
        r = append_random(session->access_key_id, 4, KEY_ID_CHARS, err);
        if (!r)
                r = append_random(session->secret_access_key, 0, SECRET_CHARS, err);
        if (!r)
                r = append_random(session->session_token, 4, TOKEN_CHARS, err);
        session->expires_seconds = now + seconds;
        return r ? r : catalogue_add_session(store->catalogue, session, now, err);
}

static void write_credentials(struct query_call *query, const struct session_record *session)
{
        char time[CLOCK_ISO_CHARS + 1];

        clock_print_iso(session->expires_seconds, time);
        element_open(query->out, "Credentials");
        element_text(query->out, "AccessKeyId", session->access_key_id);
        element_text(query->out, "SecretAccessKey", session->secret_access_key);
        element_text(query->out, "SessionToken", session->session_token);
        element_text(query->out, "Expiration", time);
        element_close(query->out, "Credentials");
}

/* Who the session is: the role's id follows from its ARN, so that it is the same each time. */
static enum ingot_code name_session(const struct role *role, struct session_record *session,
                                    struct ingot_error *err)
{
        char unique[UNIQUE_ID_CHARS + 1] = "";
        struct digest digest;
        enum ingot_code r = digest_of(role->arn, strlen(role->arn), &digest, err);

        for (size_t i = 0; !r && i < UNIQUE_ID_CHARS; i++)
                unique[i] = base32[digest.bytes[i] % 32];
        (void)snprintf(session->account_id, sizeof(session->account_id), "%s", role->account_id);
        (void)snprintf(session->arn, sizeof(session->arn), "arn:%s:sts::%s:assumed-role/%s/%s",
                       role->partition, role->account_id, role->name, role->session_name);
        (void)snprintf(session->user_id, sizeof(session->user_id), "AROA%s:%s", unique, role->session_name);
        return r;
}

static void write_role(struct query_call *query, const struct session_record *session)
{
        write_credentials(query, session);
        element_open(query->out, "AssumedRoleUser");
        element_text(query->out, "AssumedRoleId", session->user_id);
        element_text(query->out, "Arn", session->arn);
        element_close(query->out, "AssumedRoleUser");
}

/* ---- the operations ---- */

enum ingot_code serve_assume_role(struct query_call *query, struct ingot_error *err)
{
        static const struct query_text external = { "ExternalId", 2, 1224, WORD "+=,.@:/-", false };
        static const struct query_text source = { "SourceIdentity", 2, 64, WORD "+=,.@-", false };
        OWNED(heap_drop) struct session_record *session = calloc(1, sizeof(*session));
        const char *source_identity;
        uint32_t seconds = SECONDS_DEFAULT;
        struct role role = { .arn = NULL };
        enum ingot_code r;

        if (!session)
                return ingot_fail_memory(err, sizeof(*session));
        read_role(query, &role);
        read_policies(query);
        read_session_tags(query);
        read_second_factor(query);
        (void)query_read_text(query, &external);
        source_identity = query_read_text(query, &source);
        query_read_number(query, "DurationSeconds", SECONDS_MIN, ROLE_SECONDS_MAX, &seconds);
        if (query->call->session && seconds > CHAINED_SECONDS_MAX)
                (void)query_refuse(query, 400, "ValidationError",
                                   "The requested DurationSeconds exceeds the 1 hour session limit for roles "
                                   "assumed by role chaining.");
        if (!query_may_go_on(query))
                return INGOT_OK;
        r = name_session(&role, session, err);
        if (!r)
                r = settle_session(query, session, seconds, err);
        if (r)
                return r;
        query_begin(query);
        write_role(query, session);
        if (source_identity)
                element_text(query->out, "SourceIdentity", source_identity);
        query_end(query);
        return INGOT_OK;
}

/* The claims of a token that is a JWT; NULL when it is none. */
static struct json_value *read_claims(const char *token)
{
        const char *from = strchr(token, '.'), *to = from ? strchr(from + 1, '.') : NULL;
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(32768);
        struct json_value *claims = NULL;
        uint32_t bits = 0;
        unsigned bit_count = 0;

        if (!to)
                return NULL;
        for (const char *at = from + 1; at < to; at++) {
                static const char alphabet[] = LETTERS DIGITS "-_";
                const char *found = strchr(alphabet, *at);
                char byte;

                if (!found)
                        return NULL;
                bits = (bits << 6 | (uint32_t)(found - alphabet)) & 0xffff;
                bit_count += 6;
                if (bit_count < 8)
                        continue;
                bit_count -= 8;
                byte = (char)(bits >> bit_count & 0xff);
                buffer_append(&text, &byte, 1);
        }
        if (buffer_check(&text, NULL) ||
            json_value_parse(text.bytes, text.size_bytes, "token", &claims, NULL))
                return NULL;
        return claims;
}

enum ingot_code serve_assume_role_with_web_identity(struct query_call *query, struct ingot_error *err)
{
        static const struct query_text token_rule = { "WebIdentityToken", 4, 20000, NULL, true };
        static const struct query_text provider = { "ProviderId", 4, 2048, NULL, false };
        OWNED(heap_drop) struct session_record *session = calloc(1, sizeof(*session));
        OWNED(json_value_drop) struct json_value *claims = NULL;
        uint32_t seconds = SECONDS_DEFAULT;
        struct role role = { .arn = NULL };
        const char *token, *subject;
        uint64_t expires;
        enum ingot_code r;

        if (!session)
                return ingot_fail_memory(err, sizeof(*session));
        read_role(query, &role);
        read_policies(query);
        token = query_read_text(query, &token_rule);
        (void)query_read_text(query, &provider);
        query_read_number(query, "DurationSeconds", SECONDS_MIN, ROLE_SECONDS_MAX, &seconds);
        claims = token ? read_claims(token) : NULL;
        if (json_value_u64(json_value_member(claims, "exp"), &expires) &&
            (int64_t)expires <= clock_wall_seconds(query->call->store->clock))
                (void)query_refuse(
                        query, 400, "ExpiredTokenException",
                        "Token expired: current date/time must be before the expiration date/time");
        if (!query_may_go_on(query))
                return INGOT_OK;
        r = name_session(&role, session, err);
        if (!r)
                r = settle_session(query, session, seconds, err);
        if (r)
                return r;
        subject = json_value_text(json_value_member(claims, "sub"));
        query_begin(query);
        write_role(query, session);
        if (subject && strlen(subject) >= 6 && strlen(subject) <= 255)
                element_text(query->out, "SubjectFromWebIdentityToken", subject);
        query_end(query);
        return INGOT_OK;
}

enum ingot_code serve_get_session_token(struct query_call *query, struct ingot_error *err)
{
        OWNED(heap_drop) struct session_record *session = calloc(1, sizeof(*session));
        uint32_t seconds = USER_SECONDS_DEFAULT;
        enum ingot_code r;

        if (!session)
                return ingot_fail_memory(err, sizeof(*session));
        read_second_factor(query);
        query_read_number(query, "DurationSeconds", SECONDS_MIN, USER_SECONDS_MAX, &seconds);
        if (query->call->session)
                (void)query_refuse(query, 403, "AccessDenied",
                                   "Cannot call GetSessionToken with session credentials");
        if (!query_may_go_on(query))
                return INGOT_OK;
        (void)snprintf(session->account_id, sizeof(session->account_id), "%s", query->call->account_id);
        (void)snprintf(session->arn, sizeof(session->arn), "arn:aws:iam::" STORE_ACCOUNT_ID ":user/ingot");
        (void)snprintf(session->user_id, sizeof(session->user_id), "%s", query->call->access_key_id);
        r = settle_session(query, session, seconds, err);
        if (r)
                return r;
        query_begin(query);
        write_credentials(query, session);
        query_end(query);
        return INGOT_OK;
}
