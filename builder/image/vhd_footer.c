/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/endian.h"
#include "image/vhd_footer.h"

/* Offsets of the fields, "Hard Disk Footer Format". */
enum { AT_COOKIE = 0, AT_VERSION = 12, AT_CURRENT_SIZE = 48, AT_TYPE = 60, AT_CHECKSUM = 64 };

/* The complement of the sum of all bytes but the checksum's own. */
static uint32_t checksum_of(const uint8_t bytes[VHD_FOOTER_BYTES])
{
        uint32_t sum = 0;

        for (unsigned i = 0; i < VHD_FOOTER_BYTES; i++)
                if (i < AT_CHECKSUM || i >= AT_CHECKSUM + 4)
                        sum += bytes[i];
        return ~sum;
}

enum ingot_code vhd_footer_decode(const uint8_t bytes[VHD_FOOTER_BYTES], const char *path,
                                  struct vhd_footer *ret_footer, struct ingot_error *err)
{
        uint32_t checksum = get_be32(bytes + AT_CHECKSUM), type = get_be32(bytes + AT_TYPE);
        uint64_t size_bytes = get_be64(bytes + AT_CURRENT_SIZE);

        if (memcmp(bytes + AT_COOKIE, "conectix", 8) != 0)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "the last sector of '%s' is no footer of a VHD: it is cut short", path);
        if (checksum != checksum_of(bytes))
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "the VHD footer of '%s' has the checksum 0x%08" PRIx32
                                  "; its bytes have 0x%08" PRIx32,
                                  path, checksum, checksum_of(bytes));
        if (get_be32(bytes + AT_VERSION) >> 16 != 1)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is a VHD of version %u, not 1", path,
                                  (unsigned)(get_be32(bytes + AT_VERSION) >> 16));
        if (type == VHD_DIFFERENCING)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s' holds only what differs from a parent; merge them into one VHD first",
                                  path);
        if (type != VHD_FIXED && type != VHD_DYNAMIC)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is a VHD of type %" PRIu32 ", not 2 or 3", path,
                                  type);
        if (!size_bytes || size_bytes % 512 || size_bytes >> 62)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is a VHD of %" PRIu64 " bytes", path,
                                  size_bytes);
        *ret_footer = (struct vhd_footer){ .type = (enum vhd_type)type, .size_bytes = size_bytes };
        return INGOT_OK;
}
