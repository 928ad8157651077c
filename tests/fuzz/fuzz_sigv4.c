/* SPDX-License-Identifier: Apache-2.0 */
/* A received request, line by line: method, path, query, then "name:value" headers.  Nothing in it may be taken
 * for well signed, since it is signed with a secret that the fuzzer does not have. */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "wire/sigv4.h"

enum { HEADERS_MAX = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static bool find_any(void *context, const char *access_key_id, struct sigv4_credentials *ret_secret)
{
        (void)access_key_id;
        *ret_secret = *(const struct sigv4_credentials *)context;
        return true;
}

/* Cuts the next line off *rest; "" at the end. */
static char *next_line(char **rest)
{
        char *line = *rest, *end = strchr(line, '\n');

        *rest = end ? end + 1 : line + strlen(line);
        if (end)
                *end = '\0';
        return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
        OWNED(heap_drop) char *text = strndup((const char *)bytes, size_bytes);
        struct sigv4_credentials secret = { "AKID", "a secret that no corpus has seen", NULL };
        struct sigv4_keyring keyring = { &secret, find_any };
        struct sigv4_header headers[HEADERS_MAX];
        struct digest body = { { 0 } };
        struct sigv4_received received = { .headers = headers, .body_digest = &body };
        struct sigv4_identity identity;
        enum sigv4_verdict verdict;
        char *rest = text;

        if (!text)
                return 0;
        received.method = next_line(&rest);
        received.path = next_line(&rest);
        received.query = next_line(&rest);
        while (*rest && received.header_count < HEADERS_MAX) {
                char *line = next_line(&rest), *colon = strchr(line, ':');

                if (!colon)
                        continue;
                *colon = '\0';
                headers[received.header_count++] = (struct sigv4_header){ line, colon + 1 };
        }
        if (sigv4_verify(&received, &keyring, 1440938160, &verdict, &identity, NULL) == INGOT_OK &&
            verdict == SIGV4_GOOD)
                __builtin_trap();
        return 0;
}
