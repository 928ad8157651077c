/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/endian.h"
#include "base/own.h"
#include "filesystem/swap_writer.h"
#include "model/memory_source.h"

enum {
        VERSION_AT = 1024,
        LAST_PAGE_AT = 1028,
        BAD_PAGES_AT = 1032,
        UUID_AT = 1036,
        LABEL_AT = 1052,
        SIGNATURE_AT = SWAP_PAGE_BYTES - 10,
};
_Static_assert(UUID_AT + GUID_BYTES == LABEL_AT, "the label follows the UUID");

static const char signature[] = "SWAPSPACE2";

struct swap_image {
        uint8_t page[SWAP_PAGE_BYTES];
        struct memory_source source;
};

enum ingot_code swap_image_new(uint64_t size_bytes, const struct guid *uuid, const char *label,
                               struct swap_image **ret_image, struct ingot_error *err)
{
        struct swap_image *image;
        size_t label_bytes = label ? strlen(label) : 0;

        if (size_bytes < SWAP_MIN_BYTES || size_bytes / SWAP_PAGE_BYTES > UINT32_MAX)
                return ingot_fail(err, INGOT_E_LAYOUT,
                                  "a swap area of %" PRIu64
                                  " bytes is not possible; give it %d bytes to 16TiB",
                                  size_bytes, SWAP_MIN_BYTES);
        if (label_bytes >= SWAP_LABEL_BYTES)
                return ingot_fail(err, INGOT_E_LAYOUT,
                                  "the swap label '%s' has %zu bytes; give it at most %d", label, label_bytes,
                                  SWAP_LABEL_BYTES - 1);
        image = calloc(1, sizeof(*image));
        if (!image)
                return ingot_fail_memory(err, sizeof(*image));
        put_le32(image->page + VERSION_AT, 1);
        put_le32(image->page + LAST_PAGE_AT, (uint32_t)(size_bytes / SWAP_PAGE_BYTES - 1));
        memcpy(image->page + UUID_AT, uuid->bytes, GUID_BYTES);
        if (label_bytes)
                memcpy(image->page + LABEL_AT, label, label_bytes);
        memcpy(image->page + SIGNATURE_AT, signature, sizeof(signature) - 1);
        memory_source_init(&image->source, image->page, sizeof(image->page));
        *ret_image = image;
        return INGOT_OK;
}

void swap_image_free(struct swap_image *image)
{
        free(image);
}

void swap_image_drop(struct swap_image **image)
{
        swap_image_free(*image);
}

enum ingot_code swap_image_extents(const struct swap_image *image, struct extent_list *list,
                                   struct ingot_error *err)
{
        const struct extent extent = {
                .end_lba = SWAP_PAGE_BYTES / SECTOR_BYTES,
                .source = &image->source.source,
                .size_bytes = SWAP_PAGE_BYTES,
        };

        return extent_list_add(list, &extent, err);
}

bool swap_page_decode(const uint8_t page[SWAP_PAGE_BYTES], struct guid *ret_uuid, char *label,
                      uint64_t *ret_size_bytes)
{
        if (memcmp(page + SIGNATURE_AT, signature, sizeof(signature) - 1) != 0 ||
            get_le32(page + VERSION_AT) != 1)
                return false;
        memcpy(ret_uuid->bytes, page + UUID_AT, GUID_BYTES);
        memcpy(label, page + LABEL_AT, SWAP_LABEL_BYTES);
        label[SWAP_LABEL_BYTES] = '\0';
        *ret_size_bytes = ((uint64_t)get_le32(page + LAST_PAGE_AT) + 1) * SWAP_PAGE_BYTES;
        return true;
}
