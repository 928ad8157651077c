/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/endian.h"
#include "image/vmdk_descriptor.h"

/* The geometry that VMware gives a SCSI disk of that size; BIOSes of long ago asked for it. */
enum { GEOMETRY_HEADS = 255, GEOMETRY_SECTORS = 63, GEOMETRY_CYLINDERS_MAX = 65535 };

static bool extent_name_is_good(const char *name)
{
        size_t length = strlen(name);

        if (length < 1 || length > 255)
                return false;
        for (const char *at = name; *at; at++)
                if (*at == '/' || *at == '"' || (unsigned char)*at < ' ' || *at == 127)
                        return false;
        return true;
}

/* CID: 32 bits that change with the content; the two highest values mean something else. */
static uint32_t content_id(const struct digest *content)
{
        uint32_t id = content ? get_be32(content->bytes) : 0;

        return id >= UINT32_MAX - 1 ? id - 2 : id;
}

enum ingot_code vmdk_descriptor_print(uint64_t capacity_sectors, const struct vmdk_identity *identity,
                                      char out[VMDK_DESCRIPTOR_BYTES], struct ingot_error *err)
{
        char long_id[2 * 16 + 1] = "00000000000000000000000000000000";
        uint64_t cylinders = capacity_sectors / (GEOMETRY_HEADS * GEOMETRY_SECTORS);

        if (!extent_name_is_good(identity->extent_name))
                return ingot_fail(
                        err, INGOT_E_USAGE,
                        "'%.64s' cannot be the name of a VMDK: 1 to 255 bytes without '/', '\"' and "
                        "control characters are needed",
                        identity->extent_name);
        if (identity->content)
                hex_encode(identity->content->bytes, 16, long_id);
        memset(out, 0, VMDK_DESCRIPTOR_BYTES);
        (void)snprintf(out, VMDK_DESCRIPTOR_BYTES,
                       "# Disk DescriptorFile\n"
                       "version=1\n"
                       "encoding=\"UTF-8\"\n"
                       "CID=%08" PRIx32 "\n"
                       "parentCID=ffffffff\n"
                       "createType=\"streamOptimized\"\n"
                       "\n"
                       "# Extent description\n"
                       "RW %" PRIu64 " SPARSE \"%s\"\n"
                       "\n"
                       "# The Disk Data Base\n"
                       "#DDB\n"
                       "\n"
                       "ddb.adapterType = \"lsilogic\"\n"
                       "ddb.geometry.cylinders = \"%" PRIu64 "\"\n"
                       "ddb.geometry.heads = \"%d\"\n"
                       "ddb.geometry.sectors = \"%d\"\n"
                       "ddb.longContentID = \"%s\"\n"
                       "ddb.toolsInstallType = \"4\"\n"
                       "ddb.toolsVersion = \"2147483647\"\n"
                       "ddb.virtualHWVersion = \"7\"\n",
                       content_id(identity->content), capacity_sectors, identity->extent_name,
                       min_u64(max_u64(cylinders, 1), GEOMETRY_CYLINDERS_MAX), GEOMETRY_HEADS,
                       GEOMETRY_SECTORS, long_id);
        return INGOT_OK;
}

bool vmdk_descriptor_find(const char *descriptor, size_t size_bytes, const char *key, char *out,
                          size_t room_bytes)
{
        const char *end = descriptor + strnlen(descriptor, size_bytes);
        size_t key_bytes = strlen(key);

        for (const char *line = descriptor; line < end;) {
                const char *stop = memchr(line, '\n', (size_t)(end - line));
                const char *at = line, *last = stop ? stop : end;
                size_t value_bytes;

                line = stop ? stop + 1 : end;
                if ((size_t)(last - at) <= key_bytes || strncmp(at, key, key_bytes) != 0)
                        continue;
                at += key_bytes;
                while (at < last && *at == ' ')
                        at++;
                if (at == last || *at++ != '=')
                        continue;
                while (at < last && (*at == ' ' || *at == '"'))
                        at++;
                while (last > at && (last[-1] == ' ' || last[-1] == '"' || last[-1] == '\r'))
                        last--;
                value_bytes = (size_t)min_u64((uint64_t)(last - at), room_bytes - 1);
                memcpy(out, at, value_bytes);
                out[value_bytes] = '\0';
                return true;
        }
        return false;
}
