/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/own.h"
#include "wire/sigv4.h"
#include "wire/sigv4_canonical.h"

/* A request's claim, read from its Authorization header or from its query. */
struct claim {
        char date[CLOCK_BASIC_CHARS + 1];
        char day[8 + 1];
        char signature[SIGV4_HEX_CHARS + 1];
        char signed_headers[4096];
        const char *token;       /* borrowed; NULL: none was sent */
        int64_t expires_seconds; /* of a presigned query */
};

struct judge {
        const struct sigv4_received *received;
        struct uri_query query;
        struct claim claim;
        struct sigv4_identity *identity;
        struct sigv4_header picked[SIGV4_HEADERS_MAX]; /* those that SignedHeaders lists */
        size_t picked_count;
        char payload_hash[DIGEST_HEX_CHARS + 1];
};

static enum sigv4_verdict complain(struct judge *judge, enum sigv4_verdict verdict, const char *format, ...)
        INGOT_PRINTF(3, 4);

static enum sigv4_verdict complain(struct judge *judge, enum sigv4_verdict verdict, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        (void)vsnprintf(judge->identity->detail, sizeof(judge->identity->detail), format, args);
        va_end(args);
        return verdict;
}

static const char *find_header(const struct sigv4_header *headers, size_t count, const char *name)
{
        for (size_t i = 0; i < count; i++)
                if (strcasecmp(headers[i].name, name) == 0)
                        return headers[i].value;
        return NULL;
}

static const char *received_header(const struct judge *judge, const char *name)
{
        return find_header(judge->received->headers, judge->received->header_count, name);
}

static bool is_unsigned(const char *payload)
{
        return strcmp(payload, SIGV4_UNSIGNED_PAYLOAD) == 0 || strcmp(payload, SIGV4_STREAMING_UNSIGNED) == 0;
}

bool sigv4_needs_body_digest(const struct sigv4_header *headers, size_t header_count)
{
        const char *value = find_header(headers, header_count, "x-amz-content-sha256");

        return !value || !is_unsigned(value);
}

/* Copies [text, end) when it is 1 to room - 1 characters long. */
static bool copy_part(char *out, size_t room, const char *text, const char *end)
{
        size_t chars = (size_t)(end - text);

        if (chars == 0 || chars >= room)
                return false;
        memcpy(out, text, chars);
        out[chars] = '\0';
        return true;
}

/* "AKID/20150830/us-east-1/service/aws4_request" */
static bool read_credential(struct judge *judge, const char *text, size_t chars)
{
        struct sigv4_identity *identity = judge->identity;
        const struct {
                char *out;
                size_t room;
        } parts[] = { { identity->access_key_id, sizeof(identity->access_key_id) },
                      { judge->claim.day, sizeof(judge->claim.day) },
                      { identity->region, sizeof(identity->region) },
                      { identity->service, sizeof(identity->service) } };
        const char *end = text + chars;

        for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
                const char *slash = memchr(text, '/', (size_t)(end - text));

                if (!slash || !copy_part(parts[i].out, parts[i].room, text, slash))
                        return false;
                text = slash + 1;
        }
        return end - text == 12 && memcmp(text, "aws4_request", 12) == 0;
}

static bool is_signature(const char *text)
{
        return strlen(text) == SIGV4_HEX_CHARS && strspn(text, "0123456789abcdef") == SIGV4_HEX_CHARS;
}

/* One "Name=value" of the Authorization header; false when it cannot be read. */
static bool read_part(struct judge *judge, const char *text, const char *end, unsigned *seen)
{
        struct claim *claim = &judge->claim;
        const char *equals = memchr(text, '=', (size_t)(end - text));
        size_t chars = equals ? (size_t)(equals - text) : 0;
        const char *value = equals ? equals + 1 : end;

        if (chars == 10 && memcmp(text, "Credential", 10) == 0) {
                *seen |= 1;
                return read_credential(judge, value, (size_t)(end - value));
        }
        if (chars == 13 && memcmp(text, "SignedHeaders", 13) == 0) {
                *seen |= 2;
                return copy_part(claim->signed_headers, sizeof(claim->signed_headers), value, end);
        }
        if (chars == 9 && memcmp(text, "Signature", 9) == 0) {
                *seen |= 4;
                return copy_part(claim->signature, sizeof(claim->signature), value, end) &&
                       is_signature(claim->signature);
        }
        return false;
}

/* AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=... */
static enum sigv4_verdict read_authorization(struct judge *judge, const char *text)
{
        static const char algorithm[] = "AWS4-HMAC-SHA256";
        const char *date = received_header(judge, "x-amz-date"), *next;
        unsigned seen = 0;

        if (strncmp(text, algorithm, sizeof(algorithm) - 1) != 0)
                return complain(judge, SIGV4_MALFORMED, "Authorization does not begin with '%s'", algorithm);
        for (text += sizeof(algorithm) - 1; *text; text = next) {
                const char *end;

                text += strspn(text, " ,");
                next = text + strcspn(text, ",");
                for (end = next; end > text && end[-1] == ' '; end--)
                        ;
                if (end > text && !read_part(judge, text, end, &seen))
                        return complain(judge, SIGV4_MALFORMED, "Authorization has a part '%.*s'",
                                        (int)(end - text < 60 ? end - text : 60), text);
        }
        if (seen != 7)
                return complain(judge, SIGV4_MALFORMED,
                                "Authorization lacks Credential, SignedHeaders or Signature");
        if (!date || strlen(date) != CLOCK_BASIC_CHARS)
                return complain(judge, SIGV4_MALFORMED, "x-amz-date is not a time like 20150830T123600Z");
        memcpy(judge->claim.date, date, sizeof(judge->claim.date));
        judge->claim.token = received_header(judge, "x-amz-security-token");
        return SIGV4_GOOD;
}

static int64_t read_expires(const char *text)
{
        int64_t value = 0;

        if (!*text || strlen(text) > 9 || strspn(text, "0123456789") != strlen(text))
                return -1;
        for (; *text; text++)
                value = value * 10 + (*text - '0');
        return value >= 1 && value <= SIGV4_EXPIRES_MAX_SECONDS ? value : -1;
}

static enum sigv4_verdict read_presigned(struct judge *judge)
{
        static const char *const names[] = { "X-Amz-Algorithm", "X-Amz-Credential",    "X-Amz-Date",
                                             "X-Amz-Expires",   "X-Amz-SignedHeaders", "X-Amz-Signature" };
        struct claim *claim = &judge->claim;
        const char *value[6];

        for (size_t i = 0; i < 6; i++) {
                value[i] = uri_query_find(&judge->query, names[i]);
                if (!value[i])
                        return complain(judge, SIGV4_MALFORMED, "the query has no %s", names[i]);
        }
        claim->expires_seconds = read_expires(value[3]);
        claim->token = uri_query_find(&judge->query, "X-Amz-Security-Token");
        judge->identity->is_presigned = true;
        if (strcmp(value[0], "AWS4-HMAC-SHA256") != 0)
                return complain(judge, SIGV4_MALFORMED, "X-Amz-Algorithm is not AWS4-HMAC-SHA256");
        if (!read_credential(judge, value[1], strlen(value[1])))
                return complain(judge, SIGV4_MALFORMED, "X-Amz-Credential is not KEY/DAY/REGION/SERVICE/...");
        if (strlen(value[2]) != CLOCK_BASIC_CHARS)
                return complain(judge, SIGV4_MALFORMED, "X-Amz-Date is not a time like 20150830T123600Z");
        memcpy(claim->date, value[2], sizeof(claim->date));
        if (claim->expires_seconds < 0)
                return complain(judge, SIGV4_MALFORMED, "X-Amz-Expires is not 1 to %d",
                                SIGV4_EXPIRES_MAX_SECONDS);
        if (!copy_part(claim->signed_headers, sizeof(claim->signed_headers), value[4],
                       value[4] + strlen(value[4])))
                return complain(judge, SIGV4_MALFORMED, "X-Amz-SignedHeaders is empty or too long");
        if (!is_signature(value[5]))
                return complain(judge, SIGV4_MALFORMED, "X-Amz-Signature is not 64 hex digits");
        memcpy(claim->signature, value[5], sizeof(claim->signature));
        return SIGV4_GOOD;
}

/* Collects the headers that SignedHeaders lists; each must have come, and the list must ascend. */
static enum sigv4_verdict pick_headers(struct judge *judge)
{
        const char *previous = "";
        char *name = judge->claim.signed_headers, *next;
        const struct sigv4_received *received = judge->received;

        for (; name; name = next) {
                size_t before = judge->picked_count;

                next = strchr(name, ';');
                if (next)
                        *next++ = '\0';
                if (strcmp(previous, name) >= 0 || strpbrk(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
                        return complain(judge, SIGV4_MALFORMED,
                                        "SignedHeaders is not sorted or not in lower case at '%.60s'", name);
                for (size_t i = 0; i < received->header_count; i++) {
                        if (strcasecmp(received->headers[i].name, name) != 0)
                                continue;
                        if (judge->picked_count == SIGV4_HEADERS_MAX)
                                return complain(judge, SIGV4_MALFORMED, "more than %d headers are signed",
                                                SIGV4_HEADERS_MAX);
                        judge->picked[judge->picked_count++] = received->headers[i];
                }
                if (judge->picked_count == before)
                        return complain(judge, SIGV4_MALFORMED, "the signed header '%.60s' was not sent",
                                        name);
                previous = name;
        }
        return SIGV4_GOOD;
}

static bool same_secret(const char *a, const char *b)
{
        size_t chars = strlen(a);
        unsigned char differs = 0;

        if (chars != strlen(b))
                return false;
        for (size_t i = 0; i < chars; i++)
                differs |= (unsigned char)(a[i] ^ b[i]);
        return differs == 0;
}

static enum sigv4_verdict check_token(struct judge *judge, const struct sigv4_credentials *secret)
{
        const char *token = judge->claim.token;

        if (!secret->session_token && !token)
                return SIGV4_GOOD;
        if (!secret->session_token)
                return complain(judge, SIGV4_WRONG_TOKEN, "a session token came with a key that has none");
        if (!token)
                return complain(judge, SIGV4_WRONG_TOKEN, "the key needs its session token");
        if (!same_secret(secret->session_token, token))
                return complain(judge, SIGV4_WRONG_TOKEN, "the session token is not the key's");
        return SIGV4_GOOD;
}

static enum sigv4_verdict check_time(struct judge *judge, int64_t now_seconds)
{
        int64_t at = clock_parse_basic(judge->claim.date);
        int64_t good_for = judge->identity->is_presigned ? judge->claim.expires_seconds : SIGV4_SKEW_SECONDS;

        if (at < 0)
                return complain(judge, SIGV4_MALFORMED, "the time is not one like 20150830T123600Z");
        judge->identity->signed_at_seconds = at;
        if (strncmp(judge->claim.day, judge->claim.date, 8) != 0)
                return complain(judge, SIGV4_MALFORMED, "the scope is of %s, the request of %.8s",
                                judge->claim.day, judge->claim.date);
        if (now_seconds - at > good_for)
                return complain(judge, SIGV4_EXPIRED, "signed %lld s ago; a signature is good for %lld s",
                                (long long)(now_seconds - at), (long long)good_for);
        if (at - now_seconds > SIGV4_SKEW_SECONDS)
                return complain(judge, SIGV4_NOT_YET, "signed %lld s in the future",
                                (long long)(at - now_seconds));
        return SIGV4_GOOD;
}

/* Rule 4. */
static enum sigv4_verdict check_coverage(struct judge *judge)
{
        if (!find_header(judge->picked, judge->picked_count, "host"))
                return complain(judge, SIGV4_UNSIGNED_HEADER, "the host header is not signed");
        for (size_t i = 0; i < judge->received->header_count; i++) {
                const char *name = judge->received->headers[i].name;

                if (strncasecmp(name, "x-amz-", 6) == 0 &&
                    !find_header(judge->picked, judge->picked_count, name))
                        return complain(judge, SIGV4_UNSIGNED_HEADER, "the header '%.60s' is not signed",
                                        name);
        }
        return SIGV4_GOOD;
}

/* Decides which payload hash the signature must be over. */
static enum ingot_code check_payload(struct judge *judge, enum sigv4_verdict *ret_verdict,
                                     struct ingot_error *err)
{
        const char *said = received_header(judge, "x-amz-content-sha256");
        const struct digest *body = judge->received->body_digest;

        *ret_verdict = SIGV4_GOOD;
        if (!said && judge->identity->is_presigned && strcmp(judge->identity->service, "s3") == 0)
                said = SIGV4_UNSIGNED_PAYLOAD;
        if (said && is_unsigned(said) &&
            (strcmp(said, SIGV4_UNSIGNED_PAYLOAD) == 0 || strcmp(judge->identity->service, "s3") == 0)) {
                judge->identity->is_payload_unsigned = true;
                (void)snprintf(judge->payload_hash, sizeof(judge->payload_hash), "%s", said);
                return INGOT_OK;
        }
        if (!body)
                return ingot_fail(err, INGOT_E_BUG, "a signature over a body whose digest is not known");
        hex_encode(body->bytes, DIGEST_BYTES, judge->payload_hash);
        if (said && strcmp(said, judge->payload_hash) != 0)
                *ret_verdict =
                        complain(judge, SIGV4_WRONG_PAYLOAD, "x-amz-content-sha256 is not the body's digest");
        return INGOT_OK;
}

static enum ingot_code compare(struct judge *judge, const char *secret_access_key,
                               enum sigv4_verdict *ret_verdict, struct ingot_error *err)
{
        struct sigv4_canonical canonical = { .method = judge->received->method,
                                             .path = judge->received->path,
                                             .query = &judge->query,
                                             .headers = judge->picked,
                                             .header_count = judge->picked_count,
                                             .payload_hash = judge->payload_hash,
                                             .date = judge->claim.date,
                                             .region = judge->identity->region,
                                             .service = judge->identity->service };
        char hex[SIGV4_HEX_CHARS + 1];
        enum ingot_code r;

        canonical.is_s3_path = strcmp(judge->identity->service, "s3") == 0;
        sigv4_sort_headers(judge->picked, judge->picked_count);
        r = sigv4_compute(&canonical, secret_access_key, hex, err);
        if (r == INGOT_E_FORMAT) {
                *ret_verdict = complain(judge, SIGV4_MALFORMED, "the path is not percent-encoded");
                return INGOT_OK;
        }
        if (r)
                return r;
        *ret_verdict = same_secret(hex, judge->claim.signature)
                               ? SIGV4_GOOD
                               : complain(judge, SIGV4_MISMATCH,
                                          "the signature is not the one of this request and this secret");
        return INGOT_OK;
}

static enum sigv4_verdict read_claim(struct judge *judge)
{
        const char *authorization = received_header(judge, "authorization");
        enum sigv4_verdict verdict;

        if (authorization)
                verdict = read_authorization(judge, authorization);
        else if (uri_query_find(&judge->query, "X-Amz-Signature"))
                verdict = read_presigned(judge);
        else
                return complain(judge, SIGV4_MISSING, "the request is not signed");
        return verdict ? verdict : pick_headers(judge);
}

static enum ingot_code judge_request(struct judge *judge, const struct sigv4_keyring *keyring,
                                     int64_t now_seconds, enum sigv4_verdict *ret_verdict,
                                     struct ingot_error *err)
{
        struct sigv4_credentials secret = { .access_key_id = NULL };
        enum sigv4_verdict verdict = read_claim(judge);

        if (!verdict && !keyring->find(keyring->context, judge->identity->access_key_id, &secret))
                verdict = complain(judge, SIGV4_UNKNOWN_KEY, "the access key '%.40s' is not known",
                                   judge->identity->access_key_id);
        if (!verdict)
                verdict = check_token(judge, &secret);
        if (!verdict)
                verdict = check_time(judge, now_seconds);
        if (!verdict)
                verdict = check_coverage(judge);
        if (!verdict) {
                enum ingot_code r = check_payload(judge, &verdict, err);

                if (r)
                        return r;
        }
        if (!verdict)
                return compare(judge, secret.secret_access_key, ret_verdict, err);
        *ret_verdict = verdict;
        return INGOT_OK;
}

enum ingot_code sigv4_verify(const struct sigv4_received *received, const struct sigv4_keyring *keyring,
                             int64_t now_seconds, enum sigv4_verdict *ret_verdict,
                             struct sigv4_identity *ret_identity, struct ingot_error *err)
{
        struct sigv4_identity identity = { .detail = "" };
        struct judge judge = { .received = received, .identity = &identity };
        const char *text = received->query ? received->query : "";
        enum sigv4_verdict verdict = SIGV4_MALFORMED;
        enum ingot_code r = uri_query_parse(text, strlen(text), URI_QUERY, &judge.query, err);

        if (r == INGOT_E_FORMAT) {
                (void)complain(&judge, SIGV4_MALFORMED, "the query is not percent-encoded");
                r = INGOT_OK;
        } else if (!r) {
                r = judge_request(&judge, keyring, now_seconds, &verdict, err);
        }
        uri_query_release(&judge.query);
        if (r)
                return r;
        *ret_verdict = verdict;
        *ret_identity = identity;
        return INGOT_OK;
}
