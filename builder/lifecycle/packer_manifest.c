/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ingot/release.h>

#include "base/fd.h"
#include "base/guid.h"
#include "base/json.h"
#include "base/own.h"

enum { MANIFEST_BYTES_MAX = 16 << 20, ARTIFACT_CHARS_MAX = 64 * 160, BUILDS_MAX = 10000 };

static int compare_regions(const void *left, const void *right)
{
        const struct ingot_release_region *const *a = left, *const *b = right;

        return strcmp((*a)->region, (*b)->region);
}

/* "eu-west-1:ami-1,us-east-1:ami-2" */
static enum ingot_code print_artifact(const struct ingot_release *release, struct buffer *out,
                                      int64_t *ret_finished_seconds, struct ingot_error *err)
{
        OWNED(heap_drop)
        const struct ingot_release_region **sorted = calloc(release->region_count + 1, sizeof(*sorted));
        size_t count = 0;

        if (!sorted)
                return ingot_fail_memory(err, release->region_count * sizeof(*sorted));
        for (size_t i = 0; i < release->region_count; i++)
                if (release->regions[i].receipt)
                        sorted[count++] = &release->regions[i];
        if (count)
                qsort(sorted, count, sizeof(*sorted), compare_regions);
        *ret_finished_seconds = 0;
        for (size_t i = 0; i < count; i++) {
                const struct ingot_receipt *receipt = sorted[i]->receipt;

                buffer_appendf(out, "%s%s:%s", i ? "," : "", receipt->region, receipt->ami_id);
                if (receipt->finished_seconds > *ret_finished_seconds)
                        *ret_finished_seconds = receipt->finished_seconds;
        }
        return buffer_check(out, err);
}

/* One run has one identifier: of what was published, and when. */
static enum ingot_code make_run(const struct ingot_release *release, const char *artifact, int64_t seconds,
                                char out[GUID_TEXT_CHARS + 1], struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(ARTIFACT_CHARS_MAX + 1024);
        const struct guid seed = { { 'p', 'a', 'c', 'k', 'e', 'r' } };
        struct guid guid;
        enum ingot_code r;

        buffer_appendf(&text, "%s %s %lld", release->content_digest, artifact, (long long)seconds);
        r = buffer_check(&text, err);
        if (!r)
                r = guid_derive(&seed, text.bytes, &guid, err);
        if (!r)
                guid_print(&guid, out);
        return r;
}

/* The builds that the file has, but for one of the same AMIs; a file that is not there has none. */
static enum ingot_code keep_builds(struct json_doc *doc, struct json_value *list, const char *path,
                                   const char *artifact, struct ingot_error *err)
{
        OWNED(json_value_drop) struct json_value *root = NULL;
        OWNED(heap_drop) char *bytes = NULL;
        size_t size_bytes;
        const struct json_value *builds;
        enum ingot_code r = fd_read_file(path, MANIFEST_BYTES_MAX, &bytes, &size_bytes, err);

        if (r)
                return r == INGOT_E_NOT_FOUND ? INGOT_OK : r;
        r = json_value_parse(bytes, size_bytes, path, &root, err);
        if (!r)
                r = json_need_array(root, "packer manifest", "builds", &builds, err);
        if (!r && json_value_count(builds) > BUILDS_MAX)
                r = ingot_fail(err, INGOT_E_FORMAT, "'%s' has more than %d builds", path, BUILDS_MAX);
        for (size_t i = 0; !r && i < json_value_count(builds); i++) {
                const struct json_value *build = json_value_at(builds, i);
                const char *id = json_value_text(json_value_member(build, "artifact_id"));

                if (!id || strcmp(id, artifact) != 0)
                        json_doc_push_copy(doc, list, build);
        }
        return r;
}

enum ingot_code ingot_release_packer_manifest(const struct ingot_release *release, const char *path,
                                              struct ingot_error *err)
{
        OWNED(json_doc_release) struct json_doc doc;
        OWNED(buffer_release) struct buffer artifact = BUFFER_INIT(ARTIFACT_CHARS_MAX);
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(2 * MANIFEST_BYTES_MAX);
        struct json_value *list, *build;
        char run[GUID_TEXT_CHARS + 1];
        int64_t seconds = 0;
        enum ingot_code r = print_artifact(release, &artifact, &seconds, err);

        json_doc_init(&doc);
        if (!r && !artifact.size_bytes)
                return ingot_fail(err, INGOT_E_USAGE, "no region has an AMI");
        if (!r)
                r = make_run(release, artifact.bytes, seconds, run, err);
        list = json_doc_put_array(&doc, doc.root, "builds");
        if (!r)
                r = keep_builds(&doc, list, path, artifact.bytes, err);
        if (r)
                return ingot_while(err, r, "adding to '%s'", path);
        build = json_doc_push_object(&doc, list);
        json_doc_put_text(&doc, build, "name", release->name);
        json_doc_put_text(&doc, build, "builder_type", "ingot");
        json_doc_put_i64(&doc, build, "build_time", seconds);
        json_doc_put_text(&doc, build, "files", NULL);
        json_doc_put_text(&doc, build, "artifact_id", artifact.bytes);
        json_doc_put_text(&doc, build, "packer_run_uuid", run);
        json_doc_put_text(&doc, build, "custom_data", NULL);
        json_doc_put_text(&doc, doc.root, "last_run_uuid", run);
        r = json_doc_print(&doc, false, &out, err);
        if (!r)
                r = fd_replace_file(path, out.bytes, out.size_bytes, 0666, err);
        return ingot_while(err, r, "writing '%s'", path);
}
