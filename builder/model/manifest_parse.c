/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "model/manifest.h"
#include "model/manifest_members.h"
#include "model/manifest_release.h"
#include "model/manifest_volume.h"

/* Far beyond what a build makes, and small beside the document that would have to hold them. */
enum { LIST_MAX = 100000, MAPPING_TEXT_MAX_BYTES = 1 << 20 };

/* An object of texts: tags, settings. */
static enum ingot_code read_pairs(const struct json_value *object, const char *where, const char *key,
                                  struct manifest_tag **pairs, size_t *count, struct ingot_error *err)
{
        const struct json_value *from;
        enum ingot_code r = json_need_object(object, where, key, &from, err);
        size_t total = 0;

        if (r)
                return r;
        for (void *at = json_value_first(from); at; at = json_value_next(from, at))
                total++;
        *pairs = calloc(total ? total : 1, sizeof(**pairs));
        if (!*pairs)
                return ingot_fail_memory(err, total * sizeof(**pairs));
        for (void *at = json_value_first(from); at && !r; at = json_value_next(from, at)) {
                struct manifest_tag *pair = &(*pairs)[(*count)++];

                r = member_copy(json_value_key(at), &pair->key, err);
                if (!r)
                        r = member_need_copy(from, key, json_value_key(at), &pair->value, err);
        }
        return r;
}

static enum ingot_code read_volumes(const struct json_value *root, struct manifest *manifest,
                                    struct ingot_error *err)
{
        const struct json_value *list;
        enum ingot_code r = member_need_list(root, "manifest", "volumes", MANIFEST_VOLUMES_MAX, &list, err);

        if (r)
                return r;
        manifest->volumes = calloc(json_value_count(list) + 1, sizeof(*manifest->volumes));
        if (!manifest->volumes)
                return ingot_fail_memory(err, sizeof(*manifest->volumes));
        for (size_t i = 0; i < json_value_count(list) && !r; i++) {
                struct manifest_volume *volume = &manifest->volumes[i];

                manifest->volume_count++;
                r = manifest_read_volume(json_value_at(list, i), manifest->is_plan, volume, err);
                for (size_t j = 0; j < i && !r; j++) {
                        if (strcmp(manifest->volumes[j].layout.device_name, volume->layout.device_name) == 0)
                                r = member_fail(err, "two volumes are", volume->layout.device_name);
                }
        }
        return r;
}

static enum ingot_code read_source(const struct json_value *object, struct manifest_source *source,
                                   struct ingot_error *err)
{
        enum ingot_code r = member_may_copy(object, "source", "device_name", &source->device_name, err);

        if (!r)
                r = member_need_copy(object, "source", "kind", &source->kind, err);
        if (!r)
                r = member_need_copy(object, "source", "name", &source->name, err);
        if (!r)
                r = json_need_u64(object, "source", "size_bytes", &source->size_bytes, err);
        source->has_digest = json_value_member(object, "sha256") != NULL;
        if (!r && source->has_digest)
                r = member_need_hex(object, "source", "sha256", &source->digest, err);
        return r;
}

static enum ingot_code read_sources(const struct json_value *root, struct manifest *manifest,
                                    struct ingot_error *err)
{
        const struct json_value *list;
        enum ingot_code r = member_need_list(root, "manifest", "sources", LIST_MAX, &list, err);

        if (r)
                return r;
        manifest->sources = calloc(json_value_count(list) + 1, sizeof(*manifest->sources));
        if (!manifest->sources)
                return ingot_fail_memory(err, sizeof(*manifest->sources));
        for (size_t i = 0; i < json_value_count(list) && !r; i++)
                r = read_source(json_value_at(list, i), &manifest->sources[manifest->source_count++], err);
        return r;
}

static enum ingot_code read_tools(const struct json_value *root, struct manifest *manifest,
                                  struct ingot_error *err)
{
        const struct json_value *list;
        enum ingot_code r = member_need_list(root, "manifest", "tools", 1000, &list, err);

        for (size_t i = 0; !r && i < json_value_count(list); i++) {
                const char *name, *version;

                r = json_need_text(json_value_at(list, i), "tool", "name", &name, err);
                if (!r)
                        r = json_need_text(json_value_at(list, i), "tool", "version", &version, err);
                if (!r)
                        r = manifest_add_tool(manifest, name, version, err);
        }
        return r;
}

static enum ingot_code read_warnings(const struct json_value *root, struct manifest *manifest,
                                     struct ingot_error *err)
{
        const struct json_value *list;
        enum ingot_code r = member_need_list(root, "manifest", "warnings", LIST_MAX, &list, err);

        if (r)
                return r;
        manifest->warnings = calloc(json_value_count(list) + 1, sizeof(*manifest->warnings));
        if (!manifest->warnings)
                return ingot_fail_memory(err, sizeof(*manifest->warnings));
        for (size_t i = 0; !r && i < json_value_count(list); i++) {
                const char *text = json_value_text(json_value_at(list, i));

                if (!text)
                        return ingot_fail(err, INGOT_E_FORMAT, "a warning is no text");
                r = member_copy(text, &manifest->warnings[manifest->warning_count++], err);
        }
        return r;
}

static enum ingot_code read_mapping(const struct json_value *root, struct manifest *manifest,
                                    struct ingot_error *err)
{
        OWNED(complaint_list_release) struct complaint_list complaints = { 0 };
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(MAPPING_TEXT_MAX_BYTES);
        const struct json_value *from;
        enum ingot_code r = json_need_array(root, "manifest", "block_device_mapping", &from, err);

        if (!r)
                r = json_value_print(from, &text, err);
        if (!r)
                r = mapping_parse(text.bytes, text.size_bytes, "block_device_mapping", &complaints,
                                  &manifest->mapping, err);
        if (r == INGOT_E_TEMPLATE)
                r = ingot_fail(err, INGOT_E_FORMAT, "'block_device_mapping' is no good mapping: %s",
                               complaints.count ? complaints.complaints[0].text : "");
        if (!r)
                r = json_value_parse(text.bytes, text.size_bytes, "block_device_mapping",
                                     &manifest->mapping_json, err);
        return r;
}

static enum ingot_code read_ami(const struct json_value *root, struct manifest *manifest,
                                struct ingot_error *err)
{
        static const char where[] = "ami";
        struct manifest_ami *ami = &manifest->ami;
        const struct json_value *from;
        enum ingot_code r = json_need_object(root, "manifest", where, &from, err);

        if (!r)
                r = member_may_copy(from, where, "boot_mode", &ami->boot_mode, err);
        if (!r)
                r = member_may_copy(from, where, "imds", &ami->imds, err);
        if (!r)
                r = member_may_copy(from, where, "sriov", &ami->sriov, err);
        if (!r)
                r = member_may_copy(from, where, "tpm", &ami->tpm, err);
        if (!r && !json_value_bool(json_value_member(from, "ena"), &ami->ena))
                r = ingot_fail(err, INGOT_E_FORMAT, "ami has no truth value 'ena'");
        if (!r)
                r = manifest_read_ami_extras(from, ami, err);
        return r ? r : read_pairs(from, where, "tags", &ami->tags, &ami->tag_count, err);
}

static enum ingot_code read_head(const struct json_value *root, struct manifest *manifest,
                                 struct ingot_error *err)
{
        static const char where[] = "manifest";
        const struct json_value *from = NULL;
        enum ingot_code r = member_need_copy(root, where, "ingot_version", &manifest->ingot_version, err);

        if (!r)
                r = member_need_copy(root, where, "name", &manifest->name, err);
        if (!r)
                r = member_may_copy(root, where, "description", &manifest->description, err);
        if (!r)
                r = member_need_copy(root, where, "architecture", &manifest->architecture, err);
        if (!r)
                r = member_may_copy(root, where, "version", &manifest->version, err);
        if (!r)
                r = member_need_copy(root, where, "root_device", &manifest->root_device, err);
        if (!r)
                r = member_need_guid(root, where, "seed", &manifest->seed, err);
        if (!r)
                r = json_need_u64(root, where, "source_date_epoch", &manifest->source_date_epoch, err);
        if (!r && manifest->source_date_epoch > UINT32_MAX)
                r = ingot_fail(err, INGOT_E_FORMAT, "'source_date_epoch' is past the year 2106");
        if (!r)
                r = json_need_object(root, where, "template", &from, err);
        if (!r)
                r = member_need_copy(from, "template", "file", &manifest->template_name, err);
        if (!r)
                r = member_need_hex(from, "template", "sha256", &manifest->template_digest, err);
        return r ? r
                 : read_pairs(from, "template", "settings", &manifest->settings, &manifest->setting_count,
                              err);
}

static enum ingot_code check_format(const struct json_value *root, struct manifest *manifest,
                                    struct ingot_error *err)
{
        const char *format;
        uint64_t version;
        enum ingot_code r = json_need_text(root, "manifest", "format", &format, err);

        if (!r && strcmp(format, "ingot-manifest") != 0 && strcmp(format, "ingot-plan") != 0)
                r = member_fail(err, "neither a manifest nor a plan of ingot, but", format);
        if (!r)
                r = json_need_u64(root, "manifest", "format_version", &version, err);
        if (!r && version != MANIFEST_VERSION)
                r = ingot_fail(err, INGOT_E_FORMAT,
                               "it is a manifest of version %" PRIu64 "; this ingot reads version %d",
                               version, MANIFEST_VERSION);
        if (!r)
                manifest->is_plan = strcmp(format, "ingot-plan") == 0;
        return r;
}

/* Reads one part of a manifest. */
typedef enum ingot_code (*manifest_reader)(const struct json_value *root, struct manifest *manifest,
                                           struct ingot_error *err);

static const manifest_reader readers[] = { check_format, read_head,    read_ami,   manifest_read_release,
                                           read_mapping, read_sources, read_tools, read_warnings,
                                           read_volumes };

enum ingot_code manifest_parse(const char *bytes, size_t size_bytes, const char *name,
                               struct manifest **ret_manifest, struct ingot_error *err)
{
        OWNED(manifest_drop) struct manifest *manifest = NULL;
        OWNED(json_value_drop) struct json_value *root = NULL;
        enum ingot_code r;

        if (size_bytes > MANIFEST_MAX_BYTES)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' has %zu bytes; a manifest has at most %d", name,
                                  size_bytes, MANIFEST_MAX_BYTES);
        r = json_value_parse(bytes, size_bytes, name, &root, err);
        if (r)
                return r;
        manifest = calloc(1, sizeof(*manifest));
        if (!manifest)
                return ingot_fail_memory(err, sizeof(*manifest));
        for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]) && !r; i++)
                r = readers[i](root, manifest, err);
        if (r)
                return ingot_while(err, r, "reading manifest '%s'", name);
        *ret_manifest = TAKE(manifest);
        return INGOT_OK;
}
