/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/own.h"
#include "lifecycle/folder.h"

const char folder_manifest_name[] = "manifest.json";

char *folder_path(const char *folder, const char *name)
{
        size_t size_bytes = strlen(folder) + strlen(name) + 2;
        char *path = malloc(size_bytes);

        if (path)
                (void)snprintf(path, size_bytes, "%s/%s", folder, name);
        return path;
}

void folder_image_name(const char *device_name, const char *ending, char out[FOLDER_IMAGE_NAME_BYTES])
{
        const char *slash = strrchr(device_name, '/');

        (void)snprintf(out, FOLDER_IMAGE_NAME_BYTES, "%.100s.%s", slash ? slash + 1 : device_name, ending);
}

bool folder_is_one(const char *path)
{
        struct stat status;

        return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

enum ingot_code folder_read_manifest(const char *folder, struct manifest **ret_manifest,
                                     struct ingot_error *err)
{
        OWNED(heap_drop) char *path = folder_path(folder, folder_manifest_name);
        OWNED(heap_drop) char *bytes = NULL;
        size_t size_bytes = 0;
        enum ingot_code r;

        if (!path)
                return ingot_fail_memory(err, strlen(folder));
        r = fd_read_file(path, MANIFEST_MAX_BYTES, &bytes, &size_bytes, err);
        if (r == INGOT_E_NOT_FOUND)
                return ingot_fail(err, r, "there is no finished build in '%s': it has no %s", folder,
                                  folder_manifest_name);
        if (!r)
                r = manifest_parse(bytes, size_bytes, path, ret_manifest, err);
        return r;
}

enum ingot_code folder_read_build(const char *folder, struct manifest **ret_manifest, struct ingot_error *err)
{
        OWNED(manifest_drop) struct manifest *manifest = NULL;
        enum ingot_code r = folder_read_manifest(folder, &manifest, err);

        if (!r && manifest->is_plan)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "'%s' holds a plan; build it first", folder);
        if (!r)
                *ret_manifest = TAKE(manifest);
        return r;
}
