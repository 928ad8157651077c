/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/fd.h"
#include "base/json.h"
#include "base/own.h"
#include "wire/sigv4.h"

#define KEY    "AKIDEXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

enum { HEADERS = 16, VECTORS = 38 };

/* A request as the published vectors write it: HTTP/1.1 text. */
struct vector {
        const char *name, *header_signature, *query_signature, *body;
        struct sigv4_credentials credentials;
        struct sigv4_header headers[HEADERS];
        struct sigv4_request request;
        struct digest body_digest;
        char payload_hash[DIGEST_HEX_CHARS + 1];
        char *text; /* owned */
};

static const int64_t vector_time = 1440938160; /* 2015-08-30T12:36:00Z */

static bool flag(const struct json_value *json, const char *key)
{
        bool value = false;

        (void)json_value_bool(json_value_member(json, key), &value);
        return value;
}

static void split_headers(struct vector *vector, char *line)
{
        while (line) {
                char *next = strstr(line, "\n"), *colon;

                while (next && (next[1] == ' ' || next[1] == '\t')) /* a folded value goes on */
                        next = strstr(next + 1, "\n");
                if (next)
                        *next++ = '\0';
                colon = strchr(line, ':');
                if (colon) {
                        *colon = '\0';
                        vector->headers[vector->request.header_count].name = line;
                        vector->headers[vector->request.header_count++].value = colon + 1;
                }
                line = next;
        }
}

static void read_vector(const struct json_value *json, struct vector *vector)
{
        char *text = strdup(json_value_text(json_value_member(json, "request"))), *end, *query, *version;

        *vector = (struct vector){ .text = text, .body = "" };
        vector->name = json_value_text(json_value_member(json, "name"));
        vector->header_signature = json_value_text(json_value_member(json, "header-signature"));
        vector->query_signature = json_value_text(json_value_member(json, "query-signature"));
        vector->credentials =
                (struct sigv4_credentials){ KEY, SECRET, json_value_text(json_value_member(json, "token")) };
        end = strstr(text, "\n\n");
        if (end) {
                *end = '\0';
                vector->body = end + 2;
        }
        vector->request.method = text;
        vector->request.path = strchr(text, ' ') + 1;
        *strchr(text, ' ') = '\0';
        version = strstr(vector->request.path, " HTTP/1.1");
        *version = '\0';
        query = strchr((char *)vector->request.path, '?');
        if (query) {
                *query = '\0';
                vector->request.query = query + 1;
        }
        split_headers(vector, strstr(version + 1, "\n") + 1);
        assert_int_equal(digest_of(vector->body, strlen(vector->body), &vector->body_digest, NULL), INGOT_OK);
        hex_encode(vector->body_digest.bytes, DIGEST_BYTES, vector->payload_hash);
        vector->request.headers = vector->headers;
        vector->request.payload_hash = vector->payload_hash;
        vector->request.has_content_sha256 = flag(json, "sign-body");
        vector->request.region = "us-east-1";
        vector->request.service = "service";
        vector->request.is_s3_path = flag(json, "unnormalized");
}

static void for_each_vector(void (*check)(struct vector *vector))
{
        OWNED(json_value_drop) struct json_value *json = NULL;
        OWNED(heap_drop) char *text = NULL;
        size_t size_bytes;

        assert_int_equal(fd_read_file("tests/golden/sigv4/vectors.json", 1 << 20, &text, &size_bytes, NULL),
                         INGOT_OK);
        assert_int_equal(json_value_parse(text, size_bytes, "vectors", &json, NULL), INGOT_OK);
        assert_int_equal(json_value_count(json), VECTORS);
        for (size_t i = 0; i < VECTORS; i++) {
                struct vector vector;

                read_vector(json_value_at(json, i), &vector);
                check(&vector);
                free(vector.text);
        }
}

static bool find_secret(void *context, const char *access_key_id, struct sigv4_credentials *ret_secret)
{
        const struct sigv4_credentials *known = context;

        if (strcmp(access_key_id, known->access_key_id) != 0)
                return false;
        *ret_secret = *known;
        return true;
}

static enum sigv4_verdict judge(const struct sigv4_received *received, struct sigv4_credentials *known,
                                int64_t now_seconds, struct sigv4_identity *ret_identity)
{
        struct sigv4_keyring keyring = { known, find_secret };
        enum sigv4_verdict verdict;

        assert_int_equal(sigv4_verify(received, &keyring, now_seconds, &verdict, ret_identity, NULL),
                         INGOT_OK);
        return verdict;
}

static void check_by_header(struct vector *vector)
{
        OWNED(sigv4_signature_release) struct sigv4_signature signature = { .date = "" };
        struct sigv4_received received = { vector->request.method,       vector->request.path,
                                           vector->request.query,        vector->headers,
                                           vector->request.header_count, &vector->body_digest };
        struct sigv4_identity identity;
        char *at;

        assert_int_equal(sigv4_sign(&vector->request, &vector->credentials, vector_time, &signature, NULL),
                         INGOT_OK);
        at = strstr(signature.authorization.bytes, "Signature=");
        if (strcmp(at + 10, vector->header_signature) != 0)
                fail_msg("%s: by header %s, published %s", vector->name, at + 10, vector->header_signature);
        if (vector->request.is_s3_path)
                return; /* verifying takes S3's path rules from the service's name, which is "service" here */
        vector->headers[received.header_count++] = (struct sigv4_header){ "X-Amz-Date", signature.date };
        vector->headers[received.header_count++] =
                (struct sigv4_header){ "Authorization", signature.authorization.bytes };
        if (vector->credentials.session_token)
                vector->headers[received.header_count++] =
                        (struct sigv4_header){ "X-Amz-Security-Token", vector->credentials.session_token };
        if (vector->request.has_content_sha256)
                vector->headers[received.header_count++] =
                        (struct sigv4_header){ "X-Amz-Content-Sha256", vector->payload_hash };
        if (judge(&received, &vector->credentials, vector_time + 300, &identity) != SIGV4_GOOD)
                fail_msg("%s: %s", vector->name, identity.detail);
        assert_string_equal(identity.region, "us-east-1");
        assert_string_equal(identity.service, "service");
        assert_string_equal(identity.access_key_id, KEY);
}

static void published_vectors_by_header(void **state)
{
        (void)state;
        for_each_vector(check_by_header);
}

static void check_by_query(struct vector *vector)
{
        OWNED(buffer_release) struct buffer query = BUFFER_INIT(8192);
        struct sigv4_received received = {
                vector->request.method, vector->request.path,         NULL,
                vector->headers,        vector->request.header_count, &vector->body_digest
        };
        struct sigv4_identity identity;
        char *at;

        vector->request.has_content_sha256 = false; /* the published queries sign no such header */
        assert_int_equal(
                sigv4_presign(&vector->request, &vector->credentials, vector_time, 3600, &query, NULL),
                INGOT_OK);
        at = strstr(query.bytes, "X-Amz-Signature=");
        if (strcmp(at + 16, vector->query_signature) != 0)
                fail_msg("%s: by query %s, published %s", vector->name, at + 16, vector->query_signature);
        if (vector->request.is_s3_path)
                return;
        received.query = query.bytes;
        if (judge(&received, &vector->credentials, vector_time + 3600, &identity) != SIGV4_GOOD)
                fail_msg("%s: %s", vector->name, identity.detail);
        assert_true(identity.is_presigned);
        assert_int_equal(judge(&received, &vector->credentials, vector_time + 3601, &identity),
                         SIGV4_EXPIRED);
}

static void published_vectors_by_query(void **state)
{
        (void)state;
        for_each_vector(check_by_query);
}

/* Signatures made with botocore 1.29.27 (SigV4Auth, S3SigV4Auth), which is not our twin. */
static void other_signers_agree(void **state)
{
        static const struct sigv4_header put_block[] = {
                { "Host", "ebs.eu-central-1.amazonaws.com" },
                { "x-amz-Data-Length", "524288" },
                { "x-amz-Checksum-Algorithm", "SHA256" },
                { "x-amz-Checksum", "B4VNL+8pega6gWheZgwzLeNtXRjVRpJ9MNqtbX/aFUE=" },
        };
        static const struct sigv4_header bucket[] = { { "Host", "bucket.s3.eu-central-1.amazonaws.com" } };
        static const struct {
                struct sigv4_request request;
                const char *token, *signature;
        } rows[] = {
                /* x-amz-checksum is a prefix of x-amz-checksum-algorithm: rule 1 */
                { { "PUT", "/snapshots/snap-0123456789abcdef0/blocks/417", "", put_block, 4,
                    SIGV4_UNSIGNED_PAYLOAD, true, "eu-central-1", "ebs", false },
                  NULL,
                  "a0e79c9cc6405b042ceb57be74069159b43e3765e989cf8ce2d61568a4aee62a" },
                { { "PUT", "/snapshots/snap-0123456789abcdef0/blocks/417", NULL, put_block, 4,
                    SIGV4_UNSIGNED_PAYLOAD, true, "eu-central-1", "ebs", false },
                  "FwoGZXIvYXdzEBYaDH+/token==",
                  "1a269f5fbeabe8f8b8449608e6dce4b9dfc66a1dd29a913ed421d1f5aeb86d8b" },
                { { "PUT", "/a%20b//c/../%C3%A9%2Bx", "partNumber=2&uploadId=a%2Bb%3D", bucket, 1,
                    SIGV4_UNSIGNED_PAYLOAD, true, "eu-central-1", "s3", true },
                  NULL,
                  "e418ff7f9ade2e528fba6b5d47ee3642260c2d34c8bc523e867e107bafe9f687" },
                { { "GET", "/snapshots/snap-1/blocks/7", "blockToken=AAAB%2F%2Bz%3D&zz=&a=1", put_block, 1,
                    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", false, "eu-central-1",
                    "ebs", false },
                  NULL,
                  "54e20fb1756593d6139a1a123aa33872ee0af473bba572f9f64c72e7f059b120" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(sigv4_signature_release) struct sigv4_signature signature = { .date = "" };
                struct sigv4_credentials credentials = { KEY, SECRET, rows[i].token };

                assert_int_equal(sigv4_sign(&rows[i].request, &credentials,
                                            clock_parse_basic("20261122T134700Z"), &signature, NULL),
                                 INGOT_OK);
                assert_string_equal(strstr(signature.authorization.bytes, "Signature=") + 10,
                                    rows[i].signature);
        }
}

/* A signed request that verifies, for tests that then break one thing. */
struct good {
        struct sigv4_header headers[8];
        struct sigv4_received received;
        struct sigv4_signature signature;
        struct digest body_digest;
        struct sigv4_credentials known;
};

enum { GOOD_HOST, GOOD_CHECKSUM, GOOD_DATE, GOOD_AUTHORIZATION, GOOD_TOKEN, GOOD_COUNT };

static const int64_t good_time = 1795355220;

static void make_good(struct good *good)
{
        char hex[DIGEST_HEX_CHARS + 1];
        struct sigv4_request request = { "POST", "/snapshots", "",        good->headers, 2,
                                         hex,    false,        "local-1", "ebs",         false };

        *good = (struct good){ .known = { KEY, SECRET, "session/token+==" } };
        good->headers[GOOD_HOST] = (struct sigv4_header){ "Host", "localhost" };
        good->headers[GOOD_CHECKSUM] = (struct sigv4_header){ "x-amz-Checksum", "abc=" };
        assert_int_equal(digest_of("{}", 2, &good->body_digest, NULL), INGOT_OK);
        hex_encode(good->body_digest.bytes, DIGEST_BYTES, hex);
        assert_int_equal(sigv4_sign(&request, &good->known, good_time, &good->signature, NULL), INGOT_OK);
        good->headers[GOOD_DATE] = (struct sigv4_header){ "X-Amz-Date", good->signature.date };
        good->headers[GOOD_AUTHORIZATION] =
                (struct sigv4_header){ "authorization", good->signature.authorization.bytes };
        good->headers[GOOD_TOKEN] = (struct sigv4_header){ "X-Amz-Security-Token", "session/token+==" };
        good->received = (struct sigv4_received){ "POST",        "/snapshots", "",
                                                  good->headers, GOOD_COUNT,   &good->body_digest };
}

static void break_nothing(struct good *good)
{
        (void)good;
}

static void break_method(struct good *good)
{
        good->received.method = "PUT";
}

static void break_path(struct good *good)
{
        good->received.path = "/snapshot";
}

static void break_query(struct good *good)
{
        good->received.query = "a=1";
}

static void break_escape(struct good *good)
{
        good->received.query = "a=%1";
}

static void break_header(struct good *good)
{
        good->headers[GOOD_CHECKSUM].value = "abd=";
}

static void break_body(struct good *good)
{
        good->body_digest.bytes[7] ^= 1;
}

static void break_secret(struct good *good)
{
        good->known.secret_access_key = "another";
}

static void break_key(struct good *good)
{
        good->known.access_key_id = "AKIDOTHER";
}

static void break_token(struct good *good)
{
        good->known.session_token = "session/token+=!";
}

static void leave_out_token(struct good *good)
{
        good->received.header_count--;
}

static void send_token_for_nothing(struct good *good)
{
        good->known.session_token = NULL;
}

static void leave_out_authorization(struct good *good)
{
        good->headers[GOOD_AUTHORIZATION].name = "x-other";
}

static void add_unsigned_header(struct good *good)
{
        good->headers[good->received.header_count++] = (struct sigv4_header){ "X-AMZ-Extra", "1" };
}

static void add_plain_header(struct good *good)
{
        good->headers[good->received.header_count++] = (struct sigv4_header){ "User-Agent", "curl" };
}

static void leave_out_signed_header(struct good *good)
{
        good->headers[GOOD_CHECKSUM].name = "x-plain";
}

static void change_day(struct good *good)
{
        strstr(good->signature.authorization.bytes, "/20")[8] ^= 1;
}

static void cut_authorization(struct good *good)
{
        *strstr(good->signature.authorization.bytes, ", Signature") = '\0';
}

static void spoil_date(struct good *good)
{
        good->signature.date[4] = '9';
}

static void claim_other_payload(struct good *good)
{
        good->headers[good->received.header_count++] =
                (struct sigv4_header){ "x-amz-content-sha256", SIGV4_UNSIGNED_PAYLOAD };
}

static void each_fault_has_its_verdict(void **state) /* rules 4 and 5 */
{
        static const struct {
                const char *name;
                void (*spoil)(struct good *good);
                int64_t later_seconds;
                enum sigv4_verdict verdict;
        } rows[] = {
                { "as signed", break_nothing, 0, SIGV4_GOOD },
                { "299 s later", break_nothing, 299, SIGV4_GOOD },
                { "301 s later", break_nothing, 301, SIGV4_EXPIRED },
                { "301 s early", break_nothing, -301, SIGV4_NOT_YET },
                { "method", break_method, 0, SIGV4_MISMATCH },
                { "path", break_path, 0, SIGV4_MISMATCH },
                { "query", break_query, 0, SIGV4_MISMATCH },
                { "escape", break_escape, 0, SIGV4_MALFORMED },
                { "header", break_header, 0, SIGV4_MISMATCH },
                { "body", break_body, 0, SIGV4_MISMATCH },
                { "secret", break_secret, 0, SIGV4_MISMATCH },
                { "key", break_key, 0, SIGV4_UNKNOWN_KEY },
                { "token", break_token, 0, SIGV4_WRONG_TOKEN },
                { "no token", leave_out_token, 0, SIGV4_MALFORMED },
                { "token for nothing", send_token_for_nothing, 0, SIGV4_WRONG_TOKEN },
                { "no authorization", leave_out_authorization, 0, SIGV4_MISSING },
                { "unsigned header", add_unsigned_header, 0, SIGV4_UNSIGNED_HEADER },
                { "plain header", add_plain_header, 0, SIGV4_GOOD },
                { "signed header not sent", leave_out_signed_header, 0, SIGV4_MALFORMED },
                { "other day", change_day, 0, SIGV4_MALFORMED },
                { "no signature", cut_authorization, 0, SIGV4_MALFORMED },
                { "month 90", spoil_date, 0, SIGV4_MALFORMED },
                { "unsigned payload claimed", claim_other_payload, 0, SIGV4_UNSIGNED_HEADER },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct sigv4_identity identity;
                enum sigv4_verdict verdict;
                struct good good;

                make_good(&good);
                rows[i].spoil(&good);
                verdict = judge(&good.received, &good.known, good_time + rows[i].later_seconds, &identity);
                if (verdict != rows[i].verdict)
                        fail_msg("%s: verdict %d, want %d: %s", rows[i].name, verdict, rows[i].verdict,
                                 identity.detail);
                assert_true((identity.detail[0] == '\0') == (verdict == SIGV4_GOOD));
                sigv4_signature_release(&good.signature);
        }
}

static void a_host_must_be_signed(void **state)
{
        static const struct sigv4_header headers[] = { { "x-amz-checksum", "a" } };
        struct sigv4_request request = { "GET", "/", "", headers, 1, "", false, "r", "s", false };
        struct sigv4_credentials credentials = { KEY, SECRET, NULL };
        struct sigv4_signature signature;

        (void)state;
        assert_int_equal(sigv4_sign(&request, &credentials, 0, &signature, NULL), INGOT_E_USAGE);
}

static void hostile_authorizations_are_malformed(void **state)
{
        static const char *const texts[] = {
                "",
                "Basic dTpw",
                "AWS4-HMAC-SHA256",
                "AWS4-HMAC-SHA256 Credential=",
                "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host, Signature=",
                "AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, SignedHeaders=, Signature=0",
                "AWS4-HMAC-SHA256 ,,,,,,,",
                "AWS4-HMAC-SHA256 Credential=////aws4_request,SignedHeaders=host,Signature=00",
                "AWS4-HMAC-SHA256 x",
        };

        (void)state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                struct sigv4_header headers[] = { { "host", "h" }, { "Authorization", texts[i] } };
                struct digest body = { { 0 } };
                struct sigv4_received received = { "GET", "/", NULL, headers, 2, &body };
                struct sigv4_credentials known = { "a", "b", NULL };
                struct sigv4_identity identity;

                assert_int_equal(judge(&received, &known, 0, &identity), SIGV4_MALFORMED);
        }
}

/* A presigned query that verifies, with the first `from` in it made `to`. */
static enum sigv4_verdict judge_presigned(const char *from, const char *to,
                                          struct sigv4_identity *ret_identity)
{
        static const struct sigv4_header host = { "Host", "localhost" };
        OWNED(buffer_release) struct buffer query = BUFFER_INIT(8192), broken = BUFFER_INIT(65536);
        struct sigv4_credentials known = { KEY, SECRET, NULL };
        struct sigv4_request request = { "GET", "/",       "Action=DescribeImages",
                                         &host, 1,         SIGV4_UNSIGNED_PAYLOAD,
                                         false, "local-1", "s3",
                                         true };
        struct sigv4_received received = { "GET", "/", NULL, &host, 1, NULL };
        const char *at;

        assert_int_equal(sigv4_presign(&request, &known, good_time, 3600, &query, NULL), INGOT_OK);
        at = strstr(query.bytes, from);
        assert_non_null(at);
        buffer_appendf(&broken, "%.*s%s%s", (int)(at - query.bytes), query.bytes, to, at + strlen(from));
        received.query = broken.bytes;
        return judge(&received, &known, good_time, ret_identity);
}

static void hostile_queries_are_malformed(void **state)
{
        char many_names[2048] = "SignedHeaders=", long_key[1024] = "Credential=";
        const struct {
                const char *from, *to;
                enum sigv4_verdict verdict;
        } rows[] = {
                { "Action", "Action", SIGV4_GOOD },
                { "Action", "action", SIGV4_MISMATCH },
                { "X-Amz-Algorithm", "X-Amz-Algo", SIGV4_MALFORMED },
                { "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", SIGV4_MALFORMED },
                { "X-Amz-Credential", "X-Amz-Creds", SIGV4_MALFORMED },
                { "Credential=", "Credential=%2F%2F%2F%2F", SIGV4_MALFORMED },
                { "%2Faws4_request", "", SIGV4_MALFORMED },
                { "Credential=", long_key, SIGV4_MALFORMED },
                { "X-Amz-Date=2", "X-Amz-Date=", SIGV4_MALFORMED },
                { "X-Amz-Date=2", "X-Amz-Date=x", SIGV4_MALFORMED },
                { "X-Amz-Date=", "X-Amz-Date=0", SIGV4_MALFORMED },
                { "X-Amz-Expires=3600", "X-Amz-Expires=", SIGV4_MALFORMED },
                { "X-Amz-Expires=3600", "X-Amz-Expires=0", SIGV4_MALFORMED },
                { "X-Amz-Expires=3600", "X-Amz-Expires=-1", SIGV4_MALFORMED },
                { "X-Amz-Expires=3600", "X-Amz-Expires=604801", SIGV4_MALFORMED },
                { "X-Amz-Expires=3600", "X-Amz-Expires=18446744073709555216", SIGV4_MALFORMED },
                { "SignedHeaders=host", "SignedHeaders=", SIGV4_MALFORMED },
                { "SignedHeaders=host", "SignedHeaders=Host", SIGV4_MALFORMED },
                { "SignedHeaders=host", "SignedHeaders=host%3Bhost", SIGV4_MALFORMED },
                { "SignedHeaders=host", "SignedHeaders=host%3B", SIGV4_MALFORMED },
                { "SignedHeaders=host", "SignedHeaders=host%3Bnone", SIGV4_MALFORMED },
                { "SignedHeaders=", many_names, SIGV4_MALFORMED },
                { "X-Amz-Signature=", "X-Amz-Signature=0", SIGV4_MALFORMED },
                { "X-Amz-Signature=", "X-Amz-Signature=%00", SIGV4_MALFORMED },
        };

        (void)state;
        memset(many_names + strlen(many_names), 'a', sizeof(many_names) - strlen(many_names) - 1);
        memset(long_key + strlen(long_key), 'K', sizeof(long_key) - strlen(long_key) - 1);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct sigv4_identity identity;
                enum sigv4_verdict verdict = judge_presigned(rows[i].from, rows[i].to, &identity);

                if (verdict != rows[i].verdict)
                        fail_msg("'%s' as '%.80s': verdict %d: %s", rows[i].from, rows[i].to, (int)verdict,
                                 identity.detail);
        }
}

static void an_unsigned_payload_needs_no_digest(void **state)
{
        static const struct sigv4_header unsigned_body[] = { { "X-Amz-Content-SHA256",
                                                               SIGV4_UNSIGNED_PAYLOAD } };

        (void)state;
        assert_false(sigv4_needs_body_digest(unsigned_body, 1));
        assert_true(sigv4_needs_body_digest(unsigned_body, 0));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(published_vectors_by_header),
                cmocka_unit_test(published_vectors_by_query),
                cmocka_unit_test(other_signers_agree),
                cmocka_unit_test(each_fault_has_its_verdict),
                cmocka_unit_test(a_host_must_be_signed),
                cmocka_unit_test(hostile_authorizations_are_malformed),
                cmocka_unit_test(hostile_queries_are_malformed),
                cmocka_unit_test(an_unsigned_payload_needs_no_digest),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
