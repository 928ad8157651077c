/* SPDX-License-Identifier: Apache-2.0 */
/* Source: botocore's LoginProvider; AWS Sign-In service model 2023-01-01, CreateOAuth2Token; RFC 9449 (DPoP). */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/digest.h"
#include "base/digest_es256.h"
#include "base/environment.h"
#include "base/fd.h"
#include "base/own.h"
#include "publish/credential_fetch.h"
#include "publish/service_endpoint.h"

enum {
        ORIGIN_CHARS = 600,
        PATH_BYTES_MAX = 4096,
        PROOF_BYTES_MAX = 4096,
        HALF_BASE64_CHARS = 44,
        RENEW_SECONDS = 5 * 60, /* a login's credentials live 15 minutes */
        DEADLINE_MS = 10000,
        ATTEMPTS = 3,
        TIME_CHARS = 20
};

static const char token_path[] = "/v1/token";

/* Where "aws login" leaves what it got: a file named by the SHA-256 of the session's name. */
static enum ingot_code find_cache(const struct credential_query *query, const char *session,
                                  struct buffer *path, struct ingot_error *err)
{
        const char *const *environment = query->config->environment;
        const char *folder = environment_get(environment, "AWS_LOGIN_CACHE_DIRECTORY");
        char name[DIGEST_HEX_CHARS + 1];
        struct digest digest;
        enum ingot_code r = digest_of(session, strlen(session), &digest, err);

        if (r)
                return r;
        hex_encode(digest.bytes, DIGEST_BYTES, name);
        environment_expand_path(environment, folder ? folder : "~/.aws/login/cache", path);
        buffer_appendf(path, "/%s.json", name);
        return buffer_check(path, err);
}

/* ---- renewing ---- */

static const char *member(const struct json_value *object, const char *key)
{
        return json_value_text(json_value_member(object, key));
}

static void append_base64url(struct buffer *out, const struct buffer *text)
{
        OWNED(heap_drop) char *encoded = malloc(text->size_bytes / 3 * 4 + 8);

        if (!encoded) {
                out->failed = INGOT_E_MEMORY;
                return;
        }
        base64url_encode(text->bytes, text->size_bytes, encoded);
        buffer_append_text(out, encoded);
}

/* Appends the proof that we hold the login's key, for one request to url. */
static enum ingot_code make_proof(const struct es256_key *key, const char *url, int64_t now_seconds,
                                  struct buffer *proof, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer header = BUFFER_INIT(PROOF_BYTES_MAX);
        OWNED(buffer_release) struct buffer payload = BUFFER_INIT(PROOF_BYTES_MAX);
        char x[HALF_BASE64_CHARS + 1], y[HALF_BASE64_CHARS + 1], id[33], encoded[2 * HALF_BASE64_CHARS + 1];
        uint8_t bytes[ES256_BYTES], random[16];
        enum ingot_code r = es256_public(key, bytes, err);

        if (r)
                return r;
        if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
                return ingot_fail_errno(err, "asking for random bytes");
        hex_encode(random, sizeof(random), id);
        base64url_encode(bytes, ES256_HALF_BYTES, x);
        base64url_encode(bytes + ES256_HALF_BYTES, ES256_HALF_BYTES, y);
        buffer_appendf(
                &header,
                "{\"typ\":\"dpop+jwt\",\"alg\":\"ES256\",\"jwk\":{\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\","
                "\"crv\":\"P-256\"}}",
                x, y);
        buffer_appendf(&payload, "{\"htm\":\"POST\",\"htu\":\"%s\",\"iat\":%lld,\"jti\":\"%s\"}", url,
                       (long long)now_seconds, id);
        append_base64url(proof, &header);
        buffer_append_char(proof, '.');
        append_base64url(proof, &payload);
        r = buffer_check(proof, err);
        if (!r)
                r = es256_sign(key, proof->bytes, proof->size_bytes, bytes, err);
        if (r)
                return r;
        base64url_encode(bytes, ES256_BYTES, encoded);
        buffer_appendf(proof, ".%s", encoded);
        return buffer_check(proof, err);
}

static enum ingot_code send_request(const struct credential_query *query, const struct json_value *cached,
                                    const struct es256_key *key, struct buffer *ret_reply,
                                    struct ingot_error *err)
{
        OWNED(credential_buffer_release) struct buffer body = BUFFER_INIT(CREDENTIAL_REPLY_BYTES_MAX);
        OWNED(buffer_release) struct buffer proof = BUFFER_INIT(PROOF_BYTES_MAX);
        OWNED(json_doc_release) struct json_doc doc;
        struct sigv4_header headers[] = { { "Content-Type", "application/json" }, { "DPoP", "" } };
        struct credential_fetch fetch = { .operation = "CreateOAuth2Token",
                                          .protocol = REGION_REST_JSON,
                                          .method = "POST",
                                          .path = token_path,
                                          .headers = headers,
                                          .header_count = 2,
                                          .deadline_ms = DEADLINE_MS,
                                          .attempts = ATTEMPTS };
        char authority[ENDPOINT_AUTHORITY_CHARS + 1], url[ENDPOINT_AUTHORITY_CHARS + 32];
        enum ingot_code r;

        json_doc_init(&doc);
        r = service_endpoint(query->config, AWS_SIGNIN, query->region, &fetch.endpoint, err);
        if (r)
                return r;
        endpoint_print_authority(&fetch.endpoint, authority);
        (void)snprintf(url, sizeof(url), "%s://%s%s", fetch.endpoint.is_tls ? "https" : "http", authority,
                       token_path);
        r = make_proof(key, url, clock_wall_seconds(query->clock), &proof, err);
        json_doc_put_text(&doc, doc.root, "clientId", member(cached, "clientId"));
        json_doc_put_text(&doc, doc.root, "grantType", "refresh_token");
        json_doc_put_text(&doc, doc.root, "refreshToken", member(cached, "refreshToken"));
        if (!r)
                r = json_doc_print(&doc, true, &body, err);
        headers[1].value = proof.bytes;
        fetch.body = body.bytes;
        return r ? r : credential_fetch(query, &fetch, ret_reply, NULL, err);
}

/* The cache with what is new in it; the AWS CLI goes on with it. */
static enum ingot_code write_cache(const struct credential_query *query, const struct json_value *cached,
                                   const struct json_value *answer, uint64_t life_seconds, const char *path,
                                   struct ingot_error *err)
{
        OWNED(credential_buffer_release) struct buffer text = BUFFER_INIT(CREDENTIAL_REPLY_BYTES_MAX);
        OWNED(json_doc_release) struct json_doc doc;
        const struct json_value *token = json_value_member(answer, "accessToken");
        struct json_value *made;
        char until[CLOCK_ISO_CHARS + 1];
        enum ingot_code r;

        clock_print_iso(clock_wall_seconds(query->clock) + (int64_t)life_seconds, until);
        memcpy(until + TIME_CHARS - 1, "Z", 2);
        json_doc_init(&doc);
        for (void *at = json_value_first(cached); at; at = json_value_next(cached, at)) {
                if (strcmp(json_value_key(at), "accessToken") != 0 &&
                    strcmp(json_value_key(at), "refreshToken") != 0)
                        json_doc_put_copy(&doc, doc.root, json_value_key(at), json_value_of(at));
        }
        json_doc_put_text(&doc, doc.root, "refreshToken", member(answer, "refreshToken"));
        made = json_doc_put_object(&doc, doc.root, "accessToken");
        json_doc_put_text(&doc, made, "accessKeyId", member(token, "accessKeyId"));
        json_doc_put_text(&doc, made, "secretAccessKey", member(token, "secretAccessKey"));
        json_doc_put_text(&doc, made, "sessionToken", member(token, "sessionToken"));
        json_doc_put_text(&doc, made, "accountId",
                          member(json_value_member(cached, "accessToken"), "accountId"));
        json_doc_put_text(&doc, made, "expiresAt", until);
        r = json_doc_print(&doc, true, &text, err);
        return r ? r : fd_replace_file(path, text.bytes, text.size_bytes, 0600, err);
}

static enum ingot_code renew(const struct credential_query *query, const struct json_value *cached,
                             const char *path, struct ingot_error *err)
{
        OWNED(credential_buffer_release) struct buffer reply = BUFFER_INIT(CREDENTIAL_REPLY_BYTES_MAX);
        OWNED(json_value_drop) struct json_value *answer = NULL;
        OWNED(es256_key_drop) struct es256_key *key = NULL;
        const struct json_value *token = NULL;
        const char *text = NULL;
        uint64_t life_seconds = 0;
        enum ingot_code r = json_need_text(cached, path, "dpopKey", &text, err);

        if (!r)
                r = es256_key_of_pem(text, &key, err);
        if (!r)
                r = json_need_text(cached, path, "refreshToken", &text, err);
        if (!r)
                r = json_need_text(cached, path, "clientId", &text, err);
        if (!r)
                r = send_request(query, cached, key, &reply, err);
        if (!r)
                r = json_value_parse(reply.bytes, reply.size_bytes, "answer of CreateOAuth2Token", &answer,
                                     err);
        if (!r)
                r = json_need_object(answer, "answer of CreateOAuth2Token", "accessToken", &token, err);
        if (!r)
                r = json_need_text(token, "answer of CreateOAuth2Token", "secretAccessKey", &text, err);
        if (!r)
                r = json_need_u64(answer, "answer of CreateOAuth2Token", "expiresIn", &life_seconds, err);
        if (!r)
                r = json_need_text(answer, "answer of CreateOAuth2Token", "refreshToken", &text, err);
        if (!r && life_seconds > UINT32_MAX)
                r = ingot_fail(err, INGOT_E_FORMAT, "the answer of CreateOAuth2Token ends too far away");
        return r ? r : write_cache(query, cached, answer, life_seconds, path, err);
}

/* ---- reading ---- */

/* Reads the cache; ret_cached is the document that renewing starts from. */
static enum ingot_code read_cache(const struct credential_query *query, const char *path,
                                  struct json_value **ret_cached, struct credentials *ret_credentials,
                                  struct ingot_error *err)
{
        static const struct credential_members members = { "accessKeyId", "secretAccessKey", "sessionToken",
                                                           "expiresAt", "accountId" };
        OWNED(credential_buffer_release) struct buffer text = BUFFER_INIT(CREDENTIAL_REPLY_BYTES_MAX);
        const struct json_value *token = NULL;
        char origin[ORIGIN_CHARS];
        enum ingot_code r = credential_read_file(path, &text, err);

        if (r == INGOT_E_NOT_FOUND)
                return ingot_fail(
                        err, r,
                        "there is no login for profile '%.100s': 'aws login --profile %.100s' makes one",
                        query->profile, query->profile);
        (void)snprintf(origin, sizeof(origin), "the login of profile '%.100s' in '%.400s'", query->profile,
                       path);
        if (!r)
                r = json_value_parse(text.bytes, text.size_bytes, path, ret_cached, err);
        if (!r)
                r = json_need_object(*ret_cached, path, "accessToken", &token, err);
        return r ? r : credential_of_json(token, &members, origin, ret_credentials, err);
}

enum ingot_code credential_ask_login(const struct credential_query *query, struct credential_answer *answer,
                                     struct ingot_error *err)
{
        OWNED(credentials_release) struct credentials found = { .origin = NULL };
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(PATH_BYTES_MAX);
        OWNED(json_value_drop) struct json_value *cached = NULL, *again = NULL;
        const char *session = aws_config_value(query->config, query->profile, "login_session");
        int64_t left_seconds;
        enum ingot_code r;

        if (!session)
                return credential_not_mine(answer, "profile '%.100s' has no login_session", query->profile);
        r = find_cache(query, session, &path, err);
        if (!r)
                r = read_cache(query, path.bytes, &cached, &found, err);
        if (r)
                return r;
        left_seconds = found.expires_seconds - clock_wall_seconds(query->clock);
        if (left_seconds < RENEW_SECONDS) {
                struct ingot_error trouble;

                r = renew(query, cached, path.bytes, &trouble);
                if (!r) {
                        credentials_release(&found);
                        r = read_cache(query, path.bytes, &again, &found, &trouble);
                }
                if (r && (left_seconds <= 0 || !found.origin)) {
                        if (err)
                                *err = trouble;
                        return ingot_while(err, r,
                                           "renewing the login of profile '%.100s'; 'aws login --profile "
                                           "%.100s' makes a new one",
                                           query->profile, query->profile);
                }
        }
        answer->found = true;
        answer->credentials = found;
        found = (struct credentials){ .origin = NULL };
        return INGOT_OK;
}
