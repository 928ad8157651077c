/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an image's front and end, as a VHD's footer, a VMDK's descriptor, the headers of qcow2 and VDI, and as a
 * page of ListSnapshotBlocks: no crash, no read outside.  The footer's checksum is mended first, or nothing behind it
 * would ever be reached. */
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "image/image_kind.h"
#include "image/qemu_export.h"
#include "image/vhd_footer.h"
#include "image/vmdk_set.h"
#include "wire/ebs_page.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void read_footer(const uint8_t *bytes)
{
        uint8_t mended[VHD_FOOTER_BYTES];
        struct vhd_footer footer;
        struct ingot_error err;
        uint32_t sum = 0;

        (void)!vhd_footer_decode(bytes, "x", &footer, &err);
        memcpy(mended, bytes, sizeof(mended));
        memcpy(mended, "conectix", 8);
        put_be32(mended + 64, 0);
        for (unsigned i = 0; i < sizeof(mended); i++)
                sum += mended[i];
        put_be32(mended + 64, ~sum);
        if (vhd_footer_decode(mended, "x", &footer, &err) == INGOT_OK &&
            (!footer.size_bytes || footer.size_bytes % 512))
                abort();
}

static void read_descriptor(const uint8_t *bytes, size_t size_bytes)
{
        static struct vmdk_extent extents[VMDK_SET_EXTENTS_MAX];
        struct ingot_error err;
        size_t count;

        if (vmdk_set_parse((const char *)bytes, size_bytes, "x", extents, &count, &err))
                return;
        for (size_t i = 0; i < count; i++)
                if (!extents[i].sectors || strchr(extents[i].name, '/') || strcmp(extents[i].name, "..") == 0)
                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
        uint8_t *exact = calloc(1, size_bytes ? size_bytes : 1);
        size_t tail_bytes = size_bytes < IMAGE_KIND_TAIL_BYTES ? size_bytes : IMAGE_KIND_TAIL_BYTES;
        struct ebs_page page;
        struct ingot_error err;
        const char *name = NULL;

        if (!exact)
                return 0;
        if (size_bytes)
                memcpy(exact, bytes, size_bytes);
        (void)image_kind_of(exact, size_bytes, exact + size_bytes - tail_bytes, tail_bytes, &name);
        if (!name)
                abort();
        if (size_bytes >= VHD_FOOTER_BYTES)
                read_footer(exact + size_bytes - VHD_FOOTER_BYTES);
        read_descriptor(exact, size_bytes);
        (void)!qcow2_check_header(exact, size_bytes, "x", &err);
        (void)!vdi_check_header(exact, size_bytes, size_bytes, "x", &err);
        if (ebs_page_parse((const char *)exact, size_bytes, &page, &err) == INGOT_OK)
                ebs_page_release(&page);
        free(exact);
        return 0;
}
