/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/own.h"
#include "region/s3_call.h"

enum { CHUNKED_BYTES_MAX = 256 << 20, CHUNK_HEAD_CHARS = 16, SUM_BYTES_MAX = 32, SHA1_BYTES = 20 };

/* ---- checksums ---- */

/* The remainder by a reflected polynomial of bits bits, by a table. */
static uint64_t crc_of(uint64_t polynomial, unsigned bits, const uint8_t *bytes, size_t size_bytes)
{
        const uint64_t ones = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
        uint64_t table[256], crc = ones;

        for (unsigned i = 0; i < 256; i++) {
                table[i] = i;
                for (int bit = 0; bit < 8; bit++)
                        table[i] = (table[i] >> 1) ^ (table[i] & 1 ? polynomial : 0);
        }
        for (size_t i = 0; i < size_bytes; i++)
                crc = table[(crc ^ bytes[i]) & 0xff] ^ (crc >> 8);
        return crc ^ ones;
}

static void put_big_endian(uint8_t *out, uint64_t value, unsigned size_bytes)
{
        for (unsigned i = 0; i < size_bytes; i++)
                out[i] = (uint8_t)(value >> (8 * (size_bytes - 1 - i)));
}

static const char *const algorithms[] = { "SHA256", "SHA1", "CRC32", "CRC32C", "CRC64NVME" };
enum { SHA256, SHA1, CRC32, CRC32C, CRC64NVME, ALGORITHMS };

/* Computes a checksum of the body; returns its bytes, 0 on failure. */
static unsigned compute(const struct s3_call *s3, int algorithm, uint8_t out[SUM_BYTES_MAX])
{
        char sha1[DIGEST_SHA1_HEX_CHARS + 1];

        switch (algorithm) {
        case SHA256: memcpy(out, s3->digest.bytes, DIGEST_BYTES); return DIGEST_BYTES;
        case SHA1:
                return digest_sha1_hex(s3->body, s3->body_bytes, sha1, NULL) == INGOT_OK &&
                                       hex_decode(sha1, out, SHA1_BYTES)
                               ? SHA1_BYTES
                               : 0;
        case CRC32:
                put_big_endian(out, crc_of(UINT64_C(0xEDB88320), 32, s3->body, s3->body_bytes), 4);
                return 4;
        case CRC32C:
                put_big_endian(out, crc_of(UINT64_C(0x82F63B78), 32, s3->body, s3->body_bytes), 4);
                return 4;
        default:
                put_big_endian(out, crc_of(UINT64_C(0x9A6C9329AC4BC9B5), 64, s3->body, s3->body_bytes), 8);
                return 8;
        }
}

/* Compares one "x-amz-checksum-ALGORITHM" with the body; false when it was refused. */
static bool check_sum(struct s3_call *s3, const char *name, const char *value)
{
        static const char prefix[] = "x-amz-checksum-";
        uint8_t sum[SUM_BYTES_MAX];
        char text[2 * SUM_BYTES_MAX];

        if (strncasecmp(name, prefix, sizeof(prefix) - 1) != 0)
                return true;
        for (int i = 0; i < ALGORITHMS; i++) {
                unsigned sum_bytes;

                if (strcasecmp(name + sizeof(prefix) - 1, algorithms[i]) != 0)
                        continue;
                (void)snprintf(s3->checksum_algorithm, sizeof(s3->checksum_algorithm), "%s", algorithms[i]);
                sum_bytes = compute(s3, i, sum);
                base64_encode(sum, sum_bytes, text);
                if (strcmp(text, value) == 0)
                        return true;
                (void)s3_refuse(s3, 400, "BadDigest",
                                "The %s you specified did not match the calculated checksum.", algorithms[i]);
                return false;
        }
        return true; /* x-amz-checksum-algorithm, -mode, -type */
}

static bool check_md5(struct s3_call *s3, const uint8_t md5[DIGEST_MD5_BYTES])
{
        const char *said = region_request_header(s3->request, "content-md5");
        uint8_t sent[DIGEST_MD5_BYTES];

        if (!said)
                return true;
        if (!base64_decode(said, sent, sizeof(sent))) {
                (void)s3_refuse(s3, 400, "InvalidDigest", "The Content-MD5 you specified is not valid.");
                return false;
        }
        if (memcmp(sent, md5, sizeof(sent)) == 0)
                return true;
        (void)s3_refuse(s3, 400, "BadDigest",
                        "The Content-MD5 you specified did not match what we received.");
        return false;
}

/* ---- aws-chunked ---- */

struct chunks {
        const char *at, *end;
};

/* Takes a line without its CRLF; false when there is none that short. */
static bool take_line(struct chunks *chunks, char *out, size_t room_bytes)
{
        const char *stop = memchr(chunks->at, '\r', (size_t)(chunks->end - chunks->at));
        size_t chars = stop ? (size_t)(stop - chunks->at) : 0;

        if (!stop || stop + 1 == chunks->end || stop[1] != '\n' || chars >= room_bytes)
                return false;
        memcpy(out, chunks->at, chars);
        out[chars] = '\0';
        chunks->at = stop + 2;
        return true;
}

static bool read_chunk_bytes(const char *line, uint64_t *ret_size_bytes)
{
        size_t digits = strspn(line, "0123456789abcdefABCDEF");
        uint64_t size_bytes = 0;

        if (digits < 1 || digits > 8 || (line[digits] && line[digits] != ';'))
                return false;
        for (size_t i = 0; i < digits; i++) {
                int digit = line[i] <= '9' ? line[i] - '0' : (line[i] | 0x20) - 'a' + 10;

                size_bytes = size_bytes * 16 + (uint64_t)digit;
        }
        *ret_size_bytes = size_bytes;
        return true;
}

/* Unpacks the chunks to s3->decoded, which has room for room_bytes; false when they are none. */
static bool take_chunks(struct s3_call *s3, struct chunks *chunks, uint64_t room_bytes)
{
        char line[128];
        uint64_t size_bytes;

        s3->body_bytes = 0;
        for (;;) {
                if (!take_line(chunks, line, sizeof(line)) || !read_chunk_bytes(line, &size_bytes))
                        return false;
                if (!size_bytes)
                        return s3->body_bytes == room_bytes;
                if (size_bytes > room_bytes - s3->body_bytes ||
                    size_bytes + 2 > (uint64_t)(chunks->end - chunks->at) ||
                    memcmp(chunks->at + size_bytes, "\r\n", 2) != 0)
                        return false;
                memcpy((char *)s3->decoded + s3->body_bytes, chunks->at, size_bytes);
                s3->body_bytes += size_bytes;
                chunks->at += size_bytes + 2;
        }
}

/* Decodes; false when it was refused, or *ret_code is a failure. */
static bool decode(struct s3_call *s3, struct chunks *chunks, enum ingot_code *ret_code,
                   struct ingot_error *err)
{
        const char *said = region_request_header(s3->request, "x-amz-decoded-content-length");
        uint64_t size_bytes;

        *ret_code = INGOT_OK;
        if (!said || !read_digits(said, &size_bytes)) {
                (void)s3_refuse(s3, 411, "MissingContentLength",
                                "You must provide the X-Amz-Decoded-Content-Length HTTP header.");
                return false;
        }
        if (size_bytes > CHUNKED_BYTES_MAX) {
                (void)s3_refuse(s3, 400, "EntityTooLarge",
                                "In aws-chunked encoding, %d bytes are the most here.", CHUNKED_BYTES_MAX);
                return false;
        }
        s3->decoded = malloc(size_bytes + 1);
        if (!s3->decoded) {
                *ret_code = ingot_fail_memory(err, size_bytes);
                return false;
        }
        if (!take_chunks(s3, chunks, size_bytes)) {
                (void)s3_refuse(s3, 400, "IncompleteBody",
                                "The chunks are not what the request says of them.");
                return false;
        }
        s3->body = s3->decoded;
        return true;
}

/* The lines behind the last chunk. */
static bool check_trailers(struct s3_call *s3, struct chunks *chunks)
{
        const char *promised = region_request_header(s3->request, "x-amz-trailer");
        bool has_come = false;
        char line[256];

        while (take_line(chunks, line, sizeof(line)) && *line) {
                char *colon = strchr(line, ':');

                if (!colon)
                        break;
                *colon = '\0';
                has_come |= promised && strcasecmp(line, promised) == 0;
                if (!check_sum(s3, line, colon + 1 + strspn(colon + 1, " ")))
                        return false;
        }
        if (promised && !has_come) {
                (void)s3_refuse(s3, 400, "MalformedTrailerError", "The trailer '%.80s' did not come.",
                                promised);
                return false;
        }
        return true;
}

/* ---- the whole ---- */

bool s3_take_body(struct s3_call *s3, enum ingot_code *ret_code, struct ingot_error *err)
{
        const struct region_request *request = s3->request;
        const char *payload = region_request_header(request, "x-amz-content-sha256");
        bool is_chunked = payload && strcmp(payload, SIGV4_STREAMING_UNSIGNED) == 0;
        struct chunks chunks = { request->body, (const char *)request->body + request->body_bytes };
        uint8_t md5[DIGEST_MD5_BYTES];
        char hex[2 * DIGEST_MD5_BYTES + 1];

        *ret_code = INGOT_OK;
        s3->body = request->body;
        s3->body_bytes = request->body_bytes;
        s3->digest = request->body_digest;
        if (is_chunked) {
                if (!decode(s3, &chunks, ret_code, err))
                        return false;
                *ret_code = digest_of(s3->body, s3->body_bytes, &s3->digest, err);
        }
        if (!*ret_code)
                *ret_code = digest_md5(s3->body, s3->body_bytes, md5, err);
        if (*ret_code)
                return false;
        if (s3->body_bytes > S3_PART_BYTES_MAX) {
                (void)s3_refuse(s3, 400, "EntityTooLarge",
                                "Your proposed upload exceeds the maximum allowed size");
                return false;
        }
        hex_encode(md5, sizeof(md5), hex);
        (void)snprintf(s3->etag, sizeof(s3->etag), "\"%s\"", hex);
        if (!check_md5(s3, md5))
                return false;
        for (size_t i = 0; i < request->header_count; i++)
                if (!check_sum(s3, request->headers[i].name, request->headers[i].value))
                        return false;
        return !is_chunked || check_trailers(s3, &chunks);
}
