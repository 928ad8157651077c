/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/own.h"
#include "lifecycle/folder.h"
#include "lifecycle/locks.h"

enum { LOCK_NAME_BYTES = 128 };

void locks_release(struct locks *locks)
{
        for (size_t i = 0; i < locks->count; i++)
                layout_lock_free(locks->locks[i]);
        free(locks->locks);
        free(locks->digests);
        *locks = (struct locks){ .locks = NULL };
}

/* "/dev/xvda" gives "xvda.lock". */
static void name_lock(const char *device_name, char out[LOCK_NAME_BYTES])
{
        const char *slash = strrchr(device_name, '/');

        (void)snprintf(out, LOCK_NAME_BYTES, "%.100s.lock", slash ? slash + 1 : device_name);
}

/* ---- reading ---- */

static enum ingot_code check_digest(const char *path, const struct manifest_volume *volume,
                                    const struct digest *digest, struct ingot_error *err)
{
        if (digest_equal(digest, &volume->lock.digest))
                return INGOT_OK;
        return ingot_fail(err, INGOT_E_CHECKSUM,
                          "'%s' is not the layout lock that the manifest beside it names for '%s'", path,
                          volume->layout.device_name);
}

/* volume: what a manifest says of it, or NULL. */
static enum ingot_code add_lock(struct locks *locks, const char *path, const struct manifest_volume *volume,
                                struct ingot_error *err)
{
        OWNED(layout_lock_drop) struct layout_lock *lock = NULL;
        OWNED(heap_drop) char *bytes = NULL;
        struct digest digest;
        size_t size_bytes = 0;
        enum ingot_code r;

        if ((r = fd_read_file(path, LAYOUT_LOCK_MAX_BYTES, &bytes, &size_bytes, err)) ||
            (r = digest_of(bytes, size_bytes, &digest, err)) ||
            (volume && (r = check_digest(path, volume, &digest, err))) ||
            (r = layout_lock_parse(bytes, size_bytes, path, &lock, err)))
                return r;
        locks->digests[locks->count] = digest;
        locks->locks[locks->count++] = TAKE(lock);
        return INGOT_OK;
}

/* The locks that a finished build names. */
static enum ingot_code read_folder(const char *folder, struct locks *locks, struct ingot_error *err)
{
        OWNED(manifest_drop) struct manifest *manifest = NULL;
        enum ingot_code r = folder_read_manifest(folder, &manifest, err);

        for (size_t i = 0; !r && i < manifest->volume_count; i++) {
                const struct manifest_volume *volume = &manifest->volumes[i];
                OWNED(heap_drop) char *path = NULL;

                if (!volume->lock.name)
                        continue;
                path = folder_path(folder, volume->lock.name);
                if (!path)
                        return ingot_fail_memory(err, strlen(folder));
                r = add_lock(locks, path, volume, err);
        }
        if (!r && !locks->count)
                r = ingot_fail(err, INGOT_E_NOT_FOUND,
                               "the build in '%s' left no layout lock; build it with this version of ingot",
                               folder);
        return r;
}

enum ingot_code locks_read(const char *path, struct locks *ret_locks, struct ingot_error *err)
{
        OWNED(locks_release) struct locks locks = { .count = 0 };
        enum ingot_code r;

        if (!path)
                return INGOT_OK;
        locks.locks = calloc(MANIFEST_VOLUMES_MAX, sizeof(struct layout_lock *));
        locks.digests = calloc(MANIFEST_VOLUMES_MAX, sizeof(*locks.digests));
        if (!locks.locks || !locks.digests)
                return ingot_fail_memory(err, MANIFEST_VOLUMES_MAX * sizeof(*locks.digests));
        r = folder_is_one(path) ? read_folder(path, &locks, err) : add_lock(&locks, path, NULL, err);
        if (r)
                return ingot_while(err, r, "reading the layout lock of '%s'", path);
        *ret_locks = locks;
        locks = (struct locks){ .count = 0 };
        return INGOT_OK;
}

void locks_give(const struct locks *locks, struct volume *volume)
{
        for (size_t i = 0; i < locks->count; i++) {
                if (strcmp(locks->locks[i]->device_name, volume->layout.device_name) != 0)
                        continue;
                volume->lock = locks->locks[i];
                volume->lock_digest = locks->digests[i];
                layout_lock_pin(volume->lock, &volume->layout);
        }
}

/* ---- leaving one behind ---- */

static enum ingot_code print_lock(struct volume *volume, struct buffer *out, struct ingot_error *err)
{
        OWNED(layout_lock_drop) struct layout_lock *lock = NULL;
        enum ingot_code r = layout_lock_new(&volume->layout, &lock, err);

        for (size_t i = 0; !r && i < volume->layout.partition_count; i++)
                if (volume->parts[i].ext4)
                        r = ext4_image_lock(volume->parts[i].ext4, &lock->partitions[i], err);
        return r ? r : layout_lock_print(lock, out, err);
}

static enum ingot_code warn(const struct volume *volume, bool has_locks, struct manifest *manifest,
                            struct ingot_error *err)
{
        if (has_locks && !volume->lock)
                return manifest_add_warning(manifest, err, "there is no layout lock for volume '%s'",
                                            volume->layout.device_name);
        for (size_t i = 0; volume->lock && i < volume->layout.partition_count; i++) {
                const char *refusal =
                        volume->parts[i].ext4 ? ext4_image_lock_refusal(volume->parts[i].ext4) : NULL;
                enum ingot_code r;

                if (!refusal)
                        continue;
                r = manifest_add_warning(
                        manifest, err, "the layout lock of partition '%s' of volume '%s' was left aside: %s",
                        volume->layout.partitions[i].name, volume->layout.device_name, refusal);
                if (r)
                        return r;
        }
        return INGOT_OK;
}

enum ingot_code locks_record(struct volume *volume, bool has_locks, struct manifest *manifest,
                             struct manifest_volume *described, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(LAYOUT_LOCK_MAX_BYTES);
        struct manifest_lock *lock = &described->lock;
        char name[LOCK_NAME_BYTES];
        enum ingot_code r;

        name_lock(volume->layout.device_name, name);
        if ((r = print_lock(volume, &out, err)) ||
            (r = digest_of(out.bytes, out.size_bytes, &lock->digest, err)) ||
            (r = warn(volume, has_locks, manifest, err)))
                return r;
        lock->name = strdup(name);
        lock->size_bytes = out.size_bytes;
        lock->has_followed = volume->lock != NULL;
        lock->followed = volume->lock_digest;
        volume->lock_text_bytes = out.size_bytes;
        volume->lock_text = buffer_take(&out);
        return lock->name && volume->lock_text ? INGOT_OK : ingot_fail_memory(err, volume->lock_text_bytes);
}

enum ingot_code locks_write(const char *folder, const struct volume *volume, struct ingot_error *err)
{
        OWNED(heap_drop) char *path = NULL;
        char name[LOCK_NAME_BYTES];

        name_lock(volume->layout.device_name, name);
        path = folder_path(folder, name);
        if (!path)
                return ingot_fail_memory(err, strlen(folder));
        return fd_replace_file(path, volume->lock_text, volume->lock_text_bytes, 0666, err);
}

enum ingot_code locks_verify(const char *folder, const struct manifest_volume *volume,
                             struct ingot_error *err)
{
        OWNED(heap_drop) char *path = NULL;
        OWNED(heap_drop) char *bytes = NULL;
        struct digest digest;
        size_t size_bytes = 0;
        enum ingot_code r;

        if (!volume->lock.name)
                return INGOT_OK;
        path = folder_path(folder, volume->lock.name);
        if (!path)
                return ingot_fail_memory(err, strlen(folder));
        if ((r = fd_read_file(path, LAYOUT_LOCK_MAX_BYTES, &bytes, &size_bytes, err)) ||
            (r = digest_of(bytes, size_bytes, &digest, err)))
                return r;
        return check_digest(path, volume, &digest, err);
}
