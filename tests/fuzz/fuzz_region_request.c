/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the region's dispatcher, without a socket.  The input:
 *
 *   service byte ('b' EBS, 'c' EC2, 's' STS, 'k' KMS, 'q' Service Quotas, 'i' IAM; '!' as it is, unsigned) | METHOD SP target LF
 *   { Name: value LF } | LF | body
 *
 * Whatever it is, the dispatcher must answer with a status. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "region/dispatcher.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADERS_MAX = 32, HEAD_BYTES_MAX = 8192 };

static struct region_store *store;

static int64_t wall(void *context)
{
        (void)context;
        return 1800000000;
}

static uint64_t monotonic(void *context)
{
        (void)context;
        return 0;
}

static const struct clock still = { NULL, wall, monotonic };

static void open_store(void)
{
        static char folder[] = "/tmp/ingot-fuzz.XXXXXX";
        struct ingot_error err = { 0 };

        if (!mkdtemp(folder) || region_store_new(folder, true, &still, &store, &err)) {
                (void)fprintf(stderr, "%s\n", ingot_error_frame(&err, 0));
                exit(1);
        }
}

/* Cuts a line off; NULL when there is none. */
static char *cut_line(char **text)
{
        char *line = *text, *end = strchr(line, '\n');

        if (!end)
                return NULL;
        *end = '\0';
        *text = end + 1;
        return line;
}

static size_t read_headers(char **text, struct sigv4_header *headers)
{
        size_t count = 1;
        char *line;

        headers[0] = (struct sigv4_header){ "Host", "localhost" };
        while ((line = cut_line(text)) && *line && count < HEADERS_MAX - 2) {
                char *colon = strstr(line, ": ");

                if (!colon)
                        continue;
                *colon = '\0';
                headers[count++] = (struct sigv4_header){ line, colon + 2 };
        }
        return count;
}

static void dispatch(struct region_request *request, struct sigv4_header *headers, const char *service)
{
        const struct sigv4_credentials credentials = { .access_key_id = store->access_key_id,
                                                       .secret_access_key = store->secret_access_key };
        struct sigv4_signature signature;
        char hash[DIGEST_HEX_CHARS + 1];
        struct sigv4_request signing = { .method = request->method,
                                         .path = request->path,
                                         .query = request->query,
                                         .headers = headers,
                                         .header_count = request->header_count,
                                         .payload_hash = hash,
                                         .region = "us-east-1",
                                         .service = service };
        struct region_reply reply;
        bool is_signed;

        hex_encode(request->body_digest.bytes, DIGEST_BYTES, hash);
        is_signed = service && sigv4_sign(&signing, &credentials, wall(NULL), &signature, NULL) == INGOT_OK;
        if (is_signed) {
                headers[request->header_count++] = (struct sigv4_header){ "X-Amz-Date", signature.date };
                headers[request->header_count++] =
                        (struct sigv4_header){ "Authorization", signature.authorization.bytes };
        }
        region_reply_init(&reply, "00000000-0000-4000-8000-000000000001");
        region_dispatch(store, request, &reply);
        if (reply.status < 200 || reply.status > 599 || !reply.content_type)
                abort();
        region_reply_release(&reply);
        if (is_signed)
                sigv4_signature_release(&signature);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct sigv4_header headers[HEADERS_MAX];
        struct region_request request = { .headers = headers };
        char *text, *rest, *line, *target, *question;

        if (!store)
                open_store();
        if (size < 4 || size > HEAD_BYTES_MAX + BLOCK_BYTES)
                return 0;
        text = malloc(size + 1);
        if (!text)
                return 0;
        memcpy(text, data, size);
        text[size] = '\0';
        rest = text + 1;
        line = cut_line(&rest);
        target = line ? strchr(line, ' ') : NULL;
        if (target) {
                *target++ = '\0';
                question = strchr(target, '?');
                if (question)
                        *question++ = '\0';
                request.method = line;
                request.path = target;
                request.query = question ? question : "";
                request.header_count = read_headers(&rest, headers);
                request.body = rest;
                request.body_bytes = size - (size_t)(rest - text);
                if (digest_of(request.body, request.body_bytes, &request.body_digest, NULL) == INGOT_OK)
                        dispatch(&request, headers,
                                 *text == 'b'   ? "ebs"
                                 : *text == 'c' ? "ec2"
                                 : *text == 's' ? "sts"
                                 : *text == 'k' ? "kms"
                                 : *text == 'q' ? "servicequotas"
                                 : *text == 'i' ? "iam"
                                                : NULL);
        }
        free(text);
        return 0;
}
