/* SPDX-License-Identifier: Apache-2.0 */
/* What a container, an instance, a portal, a process or a cached login says in JSON; and the URLs it is said at. */
#include <string.h>

#include "base/clock.h"
#include "base/own.h"
#include "publish/credential_fetch.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void read_with(const struct json_value *json, const struct credential_members *members)
{
        OWNED(credentials_release) struct credentials made = { .origin = NULL };

        if (credential_of_json(json, members, "a test", &made, NULL) == INGOT_OK &&
            (!made.access_key_id || !*made.secret_access_key || !made.origin || made.expires_seconds < 0))
                __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
        static const struct credential_members container = { "AccessKeyId", "SecretAccessKey", "Token",
                                                             "Expiration", "AccountId" };
        static const struct credential_members portal = { "accessKeyId", "secretAccessKey", "sessionToken",
                                                          "expiration", NULL };
        OWNED(json_value_drop) struct json_value *json = NULL;
        OWNED(heap_drop) char *text = strndup((const char *)bytes, size_bytes);
        char path[CREDENTIAL_PATH_CHARS + 1];
        struct credential_fetch fetch = { .operation = "x" };

        if (text && credential_fetch_url(&fetch, text, path, NULL) == INGOT_OK && path[0] != '/')
                __builtin_trap();
        if (text)
                (void)clock_parse_iso(text);
        if (json_value_parse((const char *)bytes, size_bytes, "x", &json, NULL))
                return 0;
        read_with(json, &container);
        read_with(json, &portal);
        read_with(json_value_member(json, "roleCredentials"), &portal);
        return 0;
}
