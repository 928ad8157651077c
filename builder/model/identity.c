/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/endian.h"
#include "base/own.h"
#include "model/identity.h"

static const char seed_prefix[] = "ingot seed 1\n";

/* The length goes first, so that ("ab", "c") and ("a", "bc") differ. */
static void add_text(struct digest_stream *stream, const char *text)
{
        size_t size_bytes = text ? strlen(text) : 0;
        uint8_t length[8];

        put_be64(length, size_bytes);
        digest_stream_update(stream, length, sizeof(length));
        digest_stream_update(stream, text ? text : "", size_bytes);
}

enum ingot_code identity_seed(const struct template *template, struct guid *ret_seed, struct ingot_error *err)
{
        OWNED(digest_stream_drop) struct digest_stream *stream = NULL;
        struct digest digest;
        enum ingot_code r;

        if (template->seed.text) {
                if (!guid_parse(template->seed.text, ret_seed))
                        return mark_fail(err, INGOT_E_BUG, &template->seed.mark, "seed was not checked");
                return INGOT_OK;
        }
        r = digest_stream_new(&stream, err);
        if (r)
                return r;
        digest_stream_update(stream, seed_prefix, sizeof(seed_prefix) - 1);
        digest_stream_update(stream, template->digest.bytes, DIGEST_BYTES);
        add_text(stream, template->name.text);
        add_text(stream, template->version.text);
        for (size_t i = 0; i < template->setting_count; i++) {
                add_text(stream, template->settings[i].key);
                add_text(stream, template->settings[i].value);
        }
        r = digest_stream_finish(stream, &digest, err);
        if (r)
                return r;
        memcpy(ret_seed->bytes, digest.bytes, GUID_BYTES);
        ret_seed->bytes[6] = (uint8_t)((ret_seed->bytes[6] & 0x0f) | 0x80); /* RFC 9562, version 8 */
        ret_seed->bytes[8] = (uint8_t)((ret_seed->bytes[8] & 0x3f) | 0x80);
        return INGOT_OK;
}

enum ingot_code identity_derive(const struct guid *seed, enum identity_purpose purpose,
                                const char *device_name, uint32_t number, struct guid *ret_guid,
                                struct ingot_error *err)
{
        static const char *const words[] = {
                [IDENTITY_DISK] = "disk",
                [IDENTITY_PARTITION] = "partition",
                [IDENTITY_FILE_SYSTEM] = "file-system",
                [IDENTITY_HASH_SEED] = "hash-seed",
        };
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(1024);
        enum ingot_code r;

        buffer_appendf(&text, "%s %s", words[purpose], device_name);
        if (purpose != IDENTITY_DISK)
                buffer_appendf(&text, " %" PRIu32, number);
        r = buffer_check(&text, err);
        if (!r)
                r = guid_derive(seed, text.bytes, ret_guid, err);
        return r;
}
