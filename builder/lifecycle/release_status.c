/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/own.h"
#include "lifecycle/release_status.h"
#include "model/manifest_members.h"

enum { STATUS_BYTES_MAX = 4 << 20, ID_CHARS_MAX = 64 };

const char release_status_name[] = "release.json";
static const char format_name[] = "ingot-release";

static const char *const release_states[] = { "preparing", "committing", "released", "failed",
                                              "rolled-back" };
static const char *const region_states[] = { "waiting", "uploading", "uploaded", "registered",
                                             "ready",   "released",  "failed",   "rolled-back" };

_Static_assert(sizeof(release_states) / sizeof(release_states[0]) == INGOT_RELEASE_STATE_COUNT, "one each");
_Static_assert(sizeof(region_states) / sizeof(region_states[0]) == INGOT_REGION_STATE_COUNT, "one each");

const char *ingot_release_state_name(enum ingot_release_state state)
{
        return (unsigned)state < INGOT_RELEASE_STATE_COUNT ? release_states[state] : "unknown";
}

const char *ingot_region_state_name(enum ingot_region_state state)
{
        return (unsigned)state < INGOT_REGION_STATE_COUNT ? region_states[state] : "unknown";
}

void release_status_forget(struct ingot_release_region *region)
{
        for (size_t i = 0; i < region->snapshot_count; i++) {
                free(region->snapshots[i].device_name);
                free(region->snapshots[i].snapshot_id);
        }
        free(region->snapshots);
        region->snapshots = NULL;
        region->snapshot_count = 0;
        free(region->ami_id);
        region->ami_id = NULL;
}

void ingot_release_clear(struct ingot_release *release)
{
        for (size_t i = 0; i < release->region_count; i++) {
                struct ingot_release_region *region = &release->regions[i];

                release_status_forget(region);
                free(region->region);
                free(region->error);
                free(region->error_name);
                ingot_receipt_free(region->receipt);
        }
        free(release->regions);
        free(release->name);
        free(release->content_digest);
        *release = (struct ingot_release){ 0 };
}

struct ingot_release_region *release_status_find(const struct ingot_release *release, const char *region)
{
        for (size_t i = 0; i < release->region_count; i++)
                if (strcmp(release->regions[i].region, region) == 0)
                        return &release->regions[i];
        return NULL;
}

/* ---- printing ---- */

static enum ingot_code put_receipt(struct json_doc *doc, struct json_value *object,
                                   const struct ingot_receipt *receipt, struct ingot_error *err)
{
        OWNED(heap_drop) char *json = NULL;
        OWNED(json_value_drop) struct json_value *value = NULL;
        enum ingot_code r = ingot_receipt_json(receipt, &json, err);

        if (!r)
                r = json_value_parse(json, strlen(json), "receipt", &value, err);
        if (!r)
                json_doc_put_copy(doc, object, "receipt", value);
        return r;
}

static enum ingot_code put_region(struct json_doc *doc, struct json_value *object,
                                  const struct ingot_release_region *region, bool with_receipts,
                                  struct ingot_error *err)
{
        struct json_value *list;

        json_doc_put_text(doc, object, "region", region->region);
        json_doc_put_bool(doc, object, "required", region->required);
        json_doc_put_text(doc, object, "state", ingot_region_state_name(region->state));
        if (region->ami_id)
                json_doc_put_text(doc, object, "ami_id", region->ami_id);
        list = json_doc_put_array(doc, object, "snapshots");
        for (size_t i = 0; i < region->snapshot_count; i++) {
                struct json_value *one = json_doc_push_object(doc, list);

                json_doc_put_text(doc, one, "device_name", region->snapshots[i].device_name);
                json_doc_put_text(doc, one, "snapshot_id", region->snapshots[i].snapshot_id);
                json_doc_put_bool(doc, one, "made", region->snapshots[i].made);
        }
        if (region->error) {
                struct json_value *error = json_doc_put_object(doc, object, "error");

                json_doc_put_text(doc, error, "code", region->error_name);
                json_doc_put_text(doc, error, "text", region->error);
        }
        return with_receipts && region->receipt ? put_receipt(doc, object, region->receipt, err) : INGOT_OK;
}

static enum ingot_code print(const struct ingot_release *release, bool with_receipts, char **ret_json,
                             struct ingot_error *err)
{
        OWNED(json_doc_release) struct json_doc doc;
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(STATUS_BYTES_MAX);
        struct json_value *list;
        char updated[CLOCK_ISO_CHARS + 1];
        enum ingot_code r = INGOT_OK;

        clock_print_iso(release->updated_seconds, updated);
        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "format", format_name);
        json_doc_put_u64(&doc, doc.root, "format_version", RELEASE_STATUS_VERSION);
        json_doc_put_text(&doc, doc.root, "ingot_version", INGOT_VERSION);
        json_doc_put_text(&doc, doc.root, "name", release->name);
        json_doc_put_text(&doc, doc.root, "volumes_sha256", release->content_digest);
        json_doc_put_text(&doc, doc.root, "state", ingot_release_state_name(release->state));
        json_doc_put_text(&doc, doc.root, "updated", updated);
        list = json_doc_put_array(&doc, doc.root, "regions");
        for (size_t i = 0; !r && i < release->region_count; i++)
                r = put_region(&doc, json_doc_push_object(&doc, list), &release->regions[i], with_receipts,
                               err);
        if (!r)
                r = json_doc_print(&doc, false, &out, err);
        if (r)
                return r;
        *ret_json = buffer_take(&out);
        return *ret_json ? INGOT_OK : ingot_fail_memory(err, STATUS_BYTES_MAX);
}

enum ingot_code ingot_release_json(const struct ingot_release *release, char **ret_json,
                                   struct ingot_error *err)
{
        return print(release, true, ret_json, err);
}

enum ingot_code release_status_write(const struct ingot_release *release, const char *path,
                                     struct ingot_error *err)
{
        OWNED(heap_drop) char *json = NULL;
        enum ingot_code r = print(release, false, &json, err);

        if (!r)
                r = fd_replace_file(path, json, strlen(json), 0666, err);
        return ingot_while(err, r, "writing '%s'", path);
}

/* ---- reading ---- */

static enum ingot_code read_state(const struct json_value *object, const char *where,
                                  const char *const *names, size_t count, size_t *ret_state,
                                  struct ingot_error *err)
{
        const char *text;
        enum ingot_code r = json_need_text(object, where, "state", &text, err);

        if (r)
                return r;
        for (size_t i = 0; i < count; i++) {
                if (strcmp(names[i], text) == 0) {
                        *ret_state = i;
                        return INGOT_OK;
                }
        }
        return ingot_fail(err, INGOT_E_FORMAT, "'%.60s' is no state of a %s", text, where);
}

static enum ingot_code read_id(const struct json_value *object, const char *where, const char *key,
                               const char *begins, char **ret_id, struct ingot_error *err)
{
        enum ingot_code r = member_need_copy(object, where, key, ret_id, err);
        size_t chars = strlen(begins);

        if (!r && (strncmp(*ret_id, begins, chars) != 0 || strlen(*ret_id) > ID_CHARS_MAX ||
                   !(*ret_id)[chars] || (*ret_id)[chars + strspn(*ret_id + chars, "0123456789abcdef")]))
                r = ingot_fail(err, INGOT_E_FORMAT, "'%s' of %s is no id as %s0123abcd", key, where, begins);
        return r;
}

static enum ingot_code read_flag(const struct json_value *object, const char *where, const char *key,
                                 int *ret_flag, struct ingot_error *err)
{
        bool value;

        if (!json_value_bool(json_value_member(object, key), &value))
                return ingot_fail(err, INGOT_E_FORMAT, "%s has no truth value '%s'", where, key);
        *ret_flag = value;
        return INGOT_OK;
}

static enum ingot_code read_snapshots(const struct json_value *from, struct ingot_release_region *region,
                                      struct ingot_error *err)
{
        static const char where[] = "snapshot";
        const struct json_value *list;
        enum ingot_code r =
                member_need_list(from, "region", "snapshots", RELEASE_STATUS_VOLUMES_MAX, &list, err);

        if (r)
                return r;
        region->snapshots = calloc(json_value_count(list) + 1, sizeof(*region->snapshots));
        if (!region->snapshots)
                return ingot_fail_memory(err, json_value_count(list) * sizeof(*region->snapshots));
        for (size_t i = 0; !r && i < json_value_count(list); i++) {
                struct ingot_release_snapshot *one = &region->snapshots[region->snapshot_count++];
                const struct json_value *object = json_value_at(list, i);

                r = member_need_copy(object, where, "device_name", &one->device_name, err);
                if (!r)
                        r = read_id(object, where, "snapshot_id", "snap-", &one->snapshot_id, err);
                if (!r)
                        r = read_flag(object, where, "made", &one->made, err);
        }
        return r;
}

static enum ingot_code read_region(const struct json_value *from, struct ingot_release_region *region,
                                   struct ingot_error *err)
{
        static const char where[] = "region";
        const struct json_value *error;
        size_t state = 0;
        enum ingot_code r = member_need_copy(from, where, "region", &region->region, err);

        if (!r && !*region->region)
                r = ingot_fail(err, INGOT_E_FORMAT, "a region has no name");
        if (!r)
                r = read_flag(from, where, "required", &region->required, err);
        if (!r)
                r = read_state(from, where, region_states, INGOT_REGION_STATE_COUNT, &state, err);
        region->state = (enum ingot_region_state)state;
        if (!r && json_value_member(from, "ami_id"))
                r = read_id(from, where, "ami_id", "ami-", &region->ami_id, err);
        if (!r)
                r = read_snapshots(from, region, err);
        if (r || !json_value_member(from, "error"))
                return r;
        r = json_need_object(from, where, "error", &error, err);
        if (!r)
                r = member_need_copy(error, "error", "code", &region->error_name, err);
        return r ? r : member_need_copy(error, "error", "text", &region->error, err);
}

static enum ingot_code read_regions(const struct json_value *root, struct ingot_release *release,
                                    struct ingot_error *err)
{
        const struct json_value *list;
        enum ingot_code r =
                member_need_list(root, "release", "regions", RELEASE_STATUS_REGIONS_MAX, &list, err);

        if (r)
                return r;
        release->regions = calloc(json_value_count(list) + 1, sizeof(*release->regions));
        if (!release->regions)
                return ingot_fail_memory(err, json_value_count(list) * sizeof(*release->regions));
        for (size_t i = 0; !r && i < json_value_count(list); i++) {
                struct ingot_release_region *region = &release->regions[release->region_count++];

                r = read_region(json_value_at(list, i), region, err);
                for (size_t j = 0; !r && j < i; j++)
                        if (strcmp(release->regions[j].region, region->region) == 0)
                                r = member_fail(err, "it names a region twice:", region->region);
        }
        return r;
}

static enum ingot_code read_all(const struct json_value *root, struct ingot_release *release,
                                struct ingot_error *err)
{
        static const char where[] = "release";
        const char *format, *updated;
        uint64_t version;
        size_t state = 0;
        enum ingot_code r = json_need_text(root, where, "format", &format, err);

        if (!r && strcmp(format, format_name) != 0)
                r = member_fail(err, "it is no status of a release, but", format);
        if (!r)
                r = json_need_u64(root, where, "format_version", &version, err);
        if (!r && version != RELEASE_STATUS_VERSION)
                r = ingot_fail(err, INGOT_E_FORMAT, "it has version %llu; this ingot reads version %d",
                               (unsigned long long)version, RELEASE_STATUS_VERSION);
        if (!r)
                r = member_need_copy(root, where, "name", &release->name, err);
        if (!r)
                r = member_need_copy(root, where, "volumes_sha256", &release->content_digest, err);
        if (!r)
                r = read_state(root, where, release_states, INGOT_RELEASE_STATE_COUNT, &state, err);
        release->state = (enum ingot_release_state)state;
        if (!r)
                r = json_need_text(root, where, "updated", &updated, err);
        if (!r && (release->updated_seconds = clock_parse_iso(updated)) < 0)
                r = member_fail(err, "'updated' is no time:", updated);
        return r ? r : read_regions(root, release, err);
}

enum ingot_code release_status_parse(const char *bytes, size_t size_bytes, const char *name,
                                     struct ingot_release *ret_release, struct ingot_error *err)
{
        OWNED(json_value_drop) struct json_value *root = NULL;
        enum ingot_code r = INGOT_OK;

        if (size_bytes > STATUS_BYTES_MAX)
                r = ingot_fail(err, INGOT_E_FORMAT, "it has %zu bytes; at most %d are read", size_bytes,
                               STATUS_BYTES_MAX);
        if (!r)
                r = json_value_parse(bytes, size_bytes, name, &root, err);
        if (!r)
                r = read_all(root, ret_release, err);
        return ingot_while(err, r, "reading the status '%s' of a release", name);
}
