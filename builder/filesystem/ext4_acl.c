/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/own.h"
#include "filesystem/ext4_acl.h"

enum {
        OUTER_VERSION = 2,
        INNER_VERSION = 1,
        VERSION_BYTES = 4,
        LONG_BYTES = 8,
        SHORT_BYTES = 4,
        TAG_USER = 0x02,
        TAG_GROUP = 0x08,
};

static bool tag_is_known(uint16_t tag)
{
        return tag && tag <= 0x20 && (tag & (tag - 1)) == 0;
}

static size_t inner_bytes(uint16_t tag)
{
        return tag == TAG_USER || tag == TAG_GROUP ? LONG_BYTES : SHORT_BYTES;
}

static enum ingot_code no_acl(struct ingot_error *err)
{
        return ingot_fail(err, INGOT_E_FORMAT, "the value is no POSIX ACL");
}

enum ingot_code ext4_acl_encode(const uint8_t *value, size_t value_bytes, uint8_t **ret_bytes,
                                size_t *ret_size_bytes, struct ingot_error *err)
{
        OWNED(heap_drop) uint8_t *bytes = NULL;
        size_t at = VERSION_BYTES;

        if (value_bytes <= VERSION_BYTES || (value_bytes - VERSION_BYTES) % LONG_BYTES ||
            get_le32(value) != OUTER_VERSION)
                return no_acl(err);
        bytes = calloc(1, value_bytes);
        if (!bytes)
                return ingot_fail_memory(err, value_bytes);
        put_le32(bytes, INNER_VERSION);
        for (const uint8_t *entry = value + VERSION_BYTES; entry < value + value_bytes; entry += LONG_BYTES) {
                if (!tag_is_known(get_le16(entry)))
                        return no_acl(err);
                memcpy(bytes + at, entry, inner_bytes(get_le16(entry)));
                at += inner_bytes(get_le16(entry));
        }
        *ret_size_bytes = at;
        *ret_bytes = TAKE(bytes);
        return INGOT_OK;
}

enum ingot_code ext4_acl_decode(const uint8_t *bytes, size_t size_bytes, uint8_t **ret_value,
                                size_t *ret_value_bytes, struct ingot_error *err)
{
        OWNED(heap_drop) uint8_t *value = NULL;
        size_t at = VERSION_BYTES, out = VERSION_BYTES;

        if (size_bytes < VERSION_BYTES || get_le32(bytes) != INNER_VERSION)
                return no_acl(err);
        value = calloc(2, size_bytes);
        if (!value)
                return ingot_fail_memory(err, 2 * size_bytes);
        put_le32(value, OUTER_VERSION);
        while (at < size_bytes) {
                uint16_t tag = size_bytes - at >= SHORT_BYTES ? get_le16(bytes + at) : 0;

                if (!tag_is_known(tag) || inner_bytes(tag) > size_bytes - at)
                        return no_acl(err);
                put_le32(value + out + SHORT_BYTES, UINT32_MAX);
                memcpy(value + out, bytes + at, inner_bytes(tag));
                at += inner_bytes(tag);
                out += LONG_BYTES;
        }
        *ret_value_bytes = out;
        *ret_value = TAKE(value);
        return INGOT_OK;
}
