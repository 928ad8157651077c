/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "lifecycle/folder.h"
#include "lifecycle/region_publication.h"

static enum ingot_code run(struct region_publication *publication, struct ingot_error *err)
{
        enum ingot_code r = region_publication_open(publication, err);

        if (!r)
                r = region_publication_upload(publication, err);
        if (!r)
                r = region_publication_register(publication, err);
        return r ? r : region_publication_finish(publication, err);
}

enum ingot_code ingot_publish(const struct ingot_publish_request *request, const struct ingot_target *target,
                              const struct ingot_observer *observer, struct ingot_receipt **ret_receipt,
                              struct ingot_error *err)
{
        OWNED(manifest_drop) struct manifest *manifest = NULL;
        struct region_publication publication = { .request = *request,
                                                  .target = *target,
                                                  .observer = observer };
        enum ingot_code r = folder_read_build(request->folder, &manifest, err);

        publication.manifest = manifest;
        if (!r)
                r = run(&publication, err);
        if (!r)
                *ret_receipt = TAKE(publication.receipt);
        if (manifest)
                region_publication_close(&publication);
        return ingot_while(err, r, "publishing '%s' to '%s'", request->folder, target->to);
}
