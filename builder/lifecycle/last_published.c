/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/own.h"
#include "lifecycle/folder.h"
#include "lifecycle/last_published.h"

enum { RECEIPT_MAX_BYTES = 1 << 20 };

void last_published_release(struct last_published *last)
{
        manifest_free(last->manifest);
        json_value_free(last->receipt);
        *last = (struct last_published){ NULL, NULL };
}

static char *path_of(const char *folder, const char *what, const char *region)
{
        char name[160];

        (void)snprintf(name, sizeof(name), "%s-%.100s.json", what, region);
        return folder_path(folder, name);
}

enum ingot_code last_published_read(const char *folder, const char *region, struct last_published *ret_last,
                                    struct ingot_error *err)
{
        OWNED(last_published_release) struct last_published last = { NULL, NULL };
        OWNED(heap_drop) char *manifest_path = path_of(folder, "published", region);
        OWNED(heap_drop) char *receipt_path = path_of(folder, "receipt", region);
        OWNED(heap_drop) char *manifest = NULL;
        OWNED(heap_drop) char *receipt = NULL;
        size_t manifest_bytes = 0, receipt_bytes = 0;
        enum ingot_code r;

        *ret_last = last;
        if (!manifest_path || !receipt_path)
                return ingot_fail_memory(err, strlen(folder));
        r = fd_read_file(receipt_path, RECEIPT_MAX_BYTES, &receipt, &receipt_bytes, err);
        if (!r)
                r = fd_read_file(manifest_path, MANIFEST_MAX_BYTES, &manifest, &manifest_bytes, err);
        if (r)
                return r == INGOT_E_NOT_FOUND ? INGOT_OK : r;
        r = json_value_parse(receipt, receipt_bytes, receipt_path, &last.receipt, err);
        if (!r)
                r = manifest_parse(manifest, manifest_bytes, manifest_path, &last.manifest, err);
        if (r)
                return r;
        *ret_last = last;
        last = (struct last_published){ NULL, NULL };
        return INGOT_OK;
}

/* Finds the snapshot whose member key is value. */
static bool find(const struct last_published *last, const char *key, const char *value,
                 struct parent_wish *ret_wish)
{
        const struct json_value *list = last->receipt ? json_value_member(last->receipt, "snapshots") : NULL;

        for (size_t i = 0; i < json_value_count(list); i++) {
                const struct json_value *one = json_value_at(list, i);
                const char *is = json_value_text(json_value_member(one, key));
                const char *id = json_value_text(json_value_member(one, "snapshot_id"));
                const char *device = json_value_text(json_value_member(one, "device_name"));
                const char *digest = json_value_text(json_value_member(one, "image_sha256"));
                const struct manifest_volume *volume;
                char published[DIGEST_HEX_CHARS + 1];

                if (!is || strcmp(is, value) != 0 || !id || !device || !digest || !ebs_is_snapshot_id(id))
                        continue;
                volume = manifest_find_volume(last->manifest, device);
                if (!volume || !volume->built)
                        return false;
                hex_encode(volume->image_digest.bytes, DIGEST_BYTES, published);
                if (strcmp(published, digest) != 0)
                        return false; /* rule 1 */
                *ret_wish = (struct parent_wish){ .snapshot_id = id, .map = &volume->map };
                return true;
        }
        return false;
}

bool last_published_wish(const struct last_published *last, const char *device_name,
                         struct parent_wish *ret_wish)
{
        return find(last, "device_name", device_name, ret_wish);
}

bool last_published_find(const struct last_published *last, const char *snapshot_id,
                         struct parent_wish *ret_wish)
{
        return find(last, "snapshot_id", snapshot_id, ret_wish);
}

enum ingot_code last_published_keep(const char *folder, const char *region, struct ingot_error *err)
{
        OWNED(heap_drop) char *from = folder_path(folder, folder_manifest_name);
        OWNED(heap_drop) char *to = path_of(folder, "published", region);
        OWNED(heap_drop) char *bytes = NULL;
        size_t size_bytes = 0;
        enum ingot_code r;

        if (!from || !to)
                return ingot_fail_memory(err, strlen(folder));
        r = fd_read_file(from, MANIFEST_MAX_BYTES, &bytes, &size_bytes, err);
        if (!r)
                r = fd_replace_file(to, bytes, size_bytes, 0666, err);
        return ingot_while(err, r, "keeping the manifest as '%s'", to);
}
