/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_SIGV4_H
#define WIRE_SIGV4_H

/* builder/wire/sigv4.h
 * sigv4: sign a request, and verify one, by the same canonical request.
 *
 *   canonical request = METHOD \n path \n query \n { name ":" value \n } \n names \n payload hash
 *   string to sign    = AWS4-HMAC-SHA256 \n time \n scope \n hex(SHA-256(canonical request))
 *   signature         = hex(HMAC(HMAC(HMAC(HMAC(HMAC("AWS4" secret, day), region), service),
 *                       "aws4_request"), string to sign))
 *
 * Rules    (1) Headers are sorted by name, not by line: x-amz-checksum comes before
 *              x-amz-checksum-algorithm, although ':' sorts after '-'.
 *          (2) A value is trimmed and every run of white space in it becomes one space; the values of a name
 *              that comes more than once are joined by ',' in the order they came.
 *          (3) The path is encoded once more than it is on the wire, after dot segments and doubled slashes
 *              are resolved; S3's path is neither resolved nor encoded twice.
 *          (4) Verifying follows what SignedHeaders lists, whatever that is, but host must be in it and so
 *              must every x-amz-* header that was sent.
 *          (5) A signature is good for SIGV4_SKEW_SECONDS before and after its time; a presigned query for
 *              its X-Amz-Expires.
 *          (6) Signatures and tokens are compared in constant time.
 * Source   AWS Signature Version 4 ("create a signed AWS API request").
 * Tests    tests/unit/wire/test_sigv4.c with tests/golden/sigv4/: published vectors and other signers, never
 *          our own twin.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/digest.h"

enum {
        SIGV4_SKEW_SECONDS = 300,
        SIGV4_EXPIRES_MAX_SECONDS = 604800,
        SIGV4_HEADERS_MAX = 128,
        SIGV4_NAME_CHARS = 128 /* of an access key, a region, a service */
};

#define SIGV4_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"
/* S3: the body is in aws-chunked encoding, its checksum behind it, and neither is signed. */
#define SIGV4_STREAMING_UNSIGNED "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

struct sigv4_header {
        const char *name, *value; /* name in any case; value as it is on the wire */
};

struct sigv4_credentials {
        const char *access_key_id, *secret_access_key;
        const char *session_token; /* NULL: none */
};

/* ---- signing ---- */

struct sigv4_request {
        const char *method;
        const char *path;  /* as on the request line, percent-encoded once */
        const char *query; /* as on the request line, without '?'; NULL or "": none */
        /* All of these are signed; host must be among them.  x-amz-date, x-amz-security-token and
         * x-amz-content-sha256 must not: the signer adds them. */
        const struct sigv4_header *headers;
        size_t header_count;
        const char *payload_hash;     /* 64 hex digits, or SIGV4_UNSIGNED_PAYLOAD */
        bool has_content_sha256;      /* x-amz-content-sha256: payload_hash is sent, so it is signed */
        const char *region, *service; /* "us-east-1", "ebs" */
        bool is_s3_path;              /* rule 3 */
};

struct sigv4_signature {
        char date[CLOCK_BASIC_CHARS + 1]; /* for X-Amz-Date */
        struct buffer authorization;      /* for Authorization */
};

void sigv4_signature_release(struct sigv4_signature *signature); /* also for OWNED */

/*
 * Signs by header.  The caller sends the request's headers and X-Amz-Date, Authorization, and where there
 * is one X-Amz-Security-Token (and x-amz-content-sha256 where it said so).
 *
 * ret_signature  owned by the caller on INGOT_OK: sigv4_signature_release()
 * Fails with     INGOT_E_USAGE   no host among the headers, or more than SIGV4_HEADERS_MAX
 *                INGOT_E_FORMAT  the query is not percent-encoded
 *                INGOT_E_MEMORY, INGOT_E_BUG (OpenSSL)
 */
enum ingot_code sigv4_sign(const struct sigv4_request *request, const struct sigv4_credentials *credentials,
                           int64_t now_seconds, struct sigv4_signature *ret_signature,
                           struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Signs by query: appends to out the whole query (the request's own, X-Amz-* and X-Amz-Signature).
 *
 * Fails with   as sigv4_sign(); INGOT_E_USAGE also: expires_seconds is 0 or above SIGV4_EXPIRES_MAX_SECONDS
 */
enum ingot_code sigv4_presign(const struct sigv4_request *request,
                              const struct sigv4_credentials *credentials, int64_t now_seconds,
                              uint32_t expires_seconds, struct buffer *out,
                              struct ingot_error *err) INGOT_MUST_CHECK;

/* ---- verifying ---- */

enum sigv4_verdict {
        SIGV4_GOOD,
        SIGV4_MISSING,         /* neither an Authorization header nor X-Amz-Signature */
        SIGV4_MALFORMED,       /* there is one and it cannot be read, or it belies the request */
        SIGV4_UNKNOWN_KEY,     /* the keyring does not know the access key */
        SIGV4_WRONG_TOKEN,     /* the key wants a session token and another or none came, or one too many */
        SIGV4_EXPIRED,         /* rule 5: signed too long ago, or the presigned query has run out */
        SIGV4_NOT_YET,         /* rule 5: signed in our future */
        SIGV4_UNSIGNED_HEADER, /* rule 4 */
        SIGV4_WRONG_PAYLOAD,   /* x-amz-content-sha256 is not the body's digest */
        SIGV4_MISMATCH         /* everything is in place and the signature is another */
};

struct sigv4_received {
        const char *method, *path, *query; /* as on the request line */
        const struct sigv4_header *headers;
        size_t header_count;
        /* The body's SHA-256; sigv4_needs_body_digest() tells when it may be NULL. */
        const struct digest *body_digest;
};

/* Who may sign.  find() sets *ret_secret, borrowed until the next call, and returns whether it knows the key. */
struct sigv4_keyring {
        void *context;
        bool (*find)(void *context, const char *access_key_id, struct sigv4_credentials *ret_secret);
};

struct sigv4_identity {
        char access_key_id[SIGV4_NAME_CHARS + 1];
        char region[SIGV4_NAME_CHARS + 1],
                service[SIGV4_NAME_CHARS + 1]; /* of the scope: "us-east-1", "ebs" */
        int64_t signed_at_seconds;
        bool is_presigned;
        bool is_payload_unsigned;
        char detail[160]; /* what is wrong, in words, for any verdict but SIGV4_GOOD */
};

/* False when x-amz-content-sha256 says that the body is not signed: then it need not be hashed. */
bool sigv4_needs_body_digest(const struct sigv4_header *headers, size_t header_count);

/*
 * Judges a request.  A service that is "s3" in the scope is judged by S3's rules for path and payload.
 *
 * ret_verdict    the first of the complaints in the order of the enum
 * ret_identity   what the request claims, as far as it could be read; to be trusted only with SIGV4_GOOD
 * Fails with     INGOT_E_MEMORY, INGOT_E_BUG (OpenSSL; or body_digest is NULL and needed)
 */
enum ingot_code sigv4_verify(const struct sigv4_received *received, const struct sigv4_keyring *keyring,
                             int64_t now_seconds, enum sigv4_verdict *ret_verdict,
                             struct sigv4_identity *ret_identity, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
