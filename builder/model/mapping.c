/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/own.h"
#include "model/json_marks.h"
#include "model/mapping.h"
#include "model/template_fields.h"
#include "model/template_rules.h"

enum { MAPPING_ENTRIES_MAX = 100 };

static void entry_release(struct mapping_entry *entry)
{
        free(entry->device_name);
        free(entry->virtual_name);
        free(entry->snapshot_id);
        free(entry->volume_type);
}

void mapping_free(struct mapping *mapping)
{
        if (!mapping)
                return;
        for (size_t i = 0; i < mapping->entry_count; i++)
                entry_release(&mapping->entries[i]);
        free(mapping->entries);
        free(mapping->file);
        free(mapping);
}

void mapping_drop(struct mapping **mapping)
{
        mapping_free(*mapping);
        *mapping = NULL;
}

const struct mapping_entry *mapping_find(const struct mapping *mapping, const char *device_name)
{
        for (size_t i = 0; i < mapping->entry_count; i++) {
                if (strcmp(mapping->entries[i].device_name, device_name) == 0)
                        return &mapping->entries[i];
        }
        return NULL;
}

void mapping_volume_size_range(const char *volume_type, uint64_t *ret_min_gib, uint64_t *ret_max_gib)
{
        static const struct {
                const char *volume_type;
                uint64_t min_gib, max_gib;
        } ranges[] = {
                { "gp2", 1, 16384 },   { "gp3", 1, 65536 },   { "io1", 4, 16384 },     { "io2", 4, 65536 },
                { "st1", 125, 16384 }, { "sc1", 125, 16384 }, { "standard", 1, 1024 },
        };

        *ret_min_gib = 1;
        *ret_max_gib = 65536;
        for (size_t i = 0; volume_type && i < sizeof(ranges) / sizeof(ranges[0]); i++) {
                if (strcmp(ranges[i].volume_type, volume_type) == 0) {
                        *ret_min_gib = ranges[i].min_gib;
                        *ret_max_gib = ranges[i].max_gib;
                }
        }
}

/* ---- reading ---- */

struct asked_ebs {
        struct text_value snapshot_id, volume_type;
        struct number_value size, iops, throughput, rate;
        enum tri_state encrypted, delete_on_termination;
        bool given;
        struct mark mark;
};

struct asked_entry {
        struct text_value device_name, virtual_name;
        bool has_no_device;
        struct asked_ebs ebs;
};

static const char *const volume_types[] = { "gp3", "gp2", "io2", "io1", "st1", "sc1", "standard", NULL };

static void rule_snapshot_id(struct checker *checker, const struct text_value *value)
{
        size_t digits =
                strncmp(value->text, "snap-", 5) == 0 ? strspn(value->text + 5, "0123456789abcdef") : 0;

        if (!digits || value->text[5 + digits] || digits > 59)
                checker_complain(checker, &value->mark, "'%s' is no snapshot id (snap-0123456789abcdef0)",
                                 value->text);
}

static void rule_virtual_name(struct checker *checker, const struct text_value *value)
{
        const char *number = value->text + strlen("ephemeral");

        if (strncmp(value->text, "ephemeral", strlen("ephemeral")) != 0 || strlen(number) < 1 ||
            strlen(number) > 2 || strspn(number, "0123456789") != strlen(number) ||
            (number[0] == '0' && number[1]) || (number[1] && strcmp(number, "23") > 0))
                checker_complain(checker, &value->mark,
                                 "'%s' is no instance store; they are ephemeral0 to ephemeral23",
                                 value->text);
}

static void take_no_device(struct checker *checker, const struct node *value, const struct field *field,
                           void *member)
{
        struct asked_entry *entry = member;

        (void)field;
        entry->has_no_device = true;
        if (checker_need(checker, value, NODE_SCALAR) && (!value->quoted || *value->text))
                checker_complain(checker, &value->mark, "must be an empty text: \"NoDevice\": \"\"");
}

static void take_refused(struct checker *checker, const struct node *value, const struct field *field,
                         void *member)
{
        (void)member;
        checker_complain(checker, &value->mark,
                         "'%s' is for launching instances; an AMI that is registered cannot have it",
                         field->key);
}

static void take_ebs(struct checker *checker, const struct node *value, const struct field *field,
                     void *member);

#define AT(member) offsetof(struct asked_ebs, member)
static const struct field ebs_fields[] = {
        { .key = "SnapshotId", .take = take_text, .offset = AT(snapshot_id), .rule = rule_snapshot_id },
        { .key = "VolumeSize", .take = take_number, .offset = AT(size), .min = 1, .max = 65536 },
        { .key = "VolumeType", .take = take_text, .offset = AT(volume_type), .choices = volume_types },
        { .key = "Iops", .take = take_number, .offset = AT(iops), .min = 1, .max = UINT32_MAX },
        { .key = "Throughput", .take = take_number, .offset = AT(throughput), .min = 1, .max = UINT32_MAX },
        { .key = "VolumeInitializationRate",
          .take = take_number,
          .offset = AT(rate),
          .min = 100,
          .max = 300 },
        { .key = "Encrypted", .take = take_tri, .offset = AT(encrypted) },
        { .key = "DeleteOnTermination", .take = take_tri, .offset = AT(delete_on_termination) },
        { .key = "KmsKeyId", .take = take_refused },
        { .key = "OutpostArn", .take = take_refused },
        { .key = "AvailabilityZone", .take = take_refused },
        { .key = "AvailabilityZoneId", .take = take_refused },
        { .key = "EbsCardIndex", .take = take_refused },
};
#undef AT
#define AT(member) offsetof(struct asked_entry, member)
static const struct field entry_fields[] = {
        { .key = "DeviceName",
          .take = take_text,
          .offset = AT(device_name),
          .required = true,
          .rule = rule_device_name },
        { .key = "VirtualName", .take = take_text, .offset = AT(virtual_name), .rule = rule_virtual_name },
        { .key = "NoDevice", .take = take_no_device, .offset = 0 },
        { .key = "Ebs", .take = take_ebs, .offset = AT(ebs) },
};
#undef AT

/* IOPS and throughput that a VolumeType may have; 0 to 0: none. */
struct performance {
        const char *volume_type;
        uint64_t min_iops, max_iops, min_mibs, max_mibs;
        uint64_t iops_for_one_gib; /* the most that a volume of its size may have beyond min_iops */
        bool needs_iops;
};
static const struct performance performances[] = {
        { "gp3", 3000, 80000, 125, 2000, 500, false },
        { "io1", 100, 64000, 0, 0, 50, true },
        { "io2", 100, 256000, 0, 0, 1000, true },
};

static const struct performance *find_performance(const char *volume_type)
{
        for (size_t i = 0; volume_type && i < FIELD_COUNT(performances); i++) {
                if (strcmp(performances[i].volume_type, volume_type) == 0)
                        return &performances[i];
        }
        return NULL;
}

static void check_iops(struct checker *checker, const struct asked_ebs *ebs, uint64_t max_gib)
{
        const char *type = ebs->volume_type.text ? ebs->volume_type.text : "gp2";
        const struct performance *performance = find_performance(type);

        if (!performance && ebs->iops.given)
                checker_complain_at(checker, "Iops", &ebs->iops.mark,
                                    "volumes of type %s%s have no Iops; leave it out, or use gp3, io1 or io2",
                                    type, ebs->volume_type.text ? "" : ", which is the default,");
        if (performance && performance->needs_iops && !ebs->iops.given)
                checker_complain(checker, &ebs->mark, "volumes of type %s need Iops, %" PRIu64 " to %" PRIu64,
                                 type, performance->min_iops, performance->max_iops);
        if (performance && ebs->iops.given &&
            (ebs->iops.value < performance->min_iops || ebs->iops.value > performance->max_iops))
                checker_complain_at(checker, "Iops", &ebs->iops.mark,
                                    "%" PRIu64 " is not within the %" PRIu64 " to %" PRIu64 " of type %s",
                                    ebs->iops.value, performance->min_iops, performance->max_iops, type);
        else if (performance && ebs->iops.given && ebs->size.given && ebs->size.value <= max_gib &&
                 ebs->iops.value > performance->min_iops &&
                 ebs->iops.value > ebs->size.value * performance->iops_for_one_gib)
                checker_complain_at(
                        checker, "Iops", &ebs->iops.mark,
                        "%" PRIu64 " is over the %" PRIu64
                        " IOPS for each GiB of type %s: a volume of %" PRIu64 " GiB has at most %" PRIu64,
                        ebs->iops.value, performance->iops_for_one_gib, type, ebs->size.value,
                        max_u64(performance->min_iops, ebs->size.value * performance->iops_for_one_gib));
}

static void check_throughput(struct checker *checker, const struct asked_ebs *ebs)
{
        const char *type = ebs->volume_type.text ? ebs->volume_type.text : "gp2";
        const struct performance *performance = find_performance(type);

        if (!ebs->throughput.given)
                return;
        if (!performance || !performance->max_mibs)
                checker_complain_at(checker, "Throughput", &ebs->throughput.mark,
                                    "volumes of type %s%s have no Throughput; only gp3 has", type,
                                    ebs->volume_type.text ? "" : ", which is the default,");
        else if (ebs->throughput.value < performance->min_mibs ||
                 ebs->throughput.value > performance->max_mibs)
                checker_complain_at(
                        checker, "Throughput", &ebs->throughput.mark,
                        "%" PRIu64 " is not within the %" PRIu64 " to %" PRIu64 " MiB/s of type %s",
                        ebs->throughput.value, performance->min_mibs, performance->max_mibs, type);
}

static void check_ebs(struct checker *checker, const struct node *value, const struct asked_ebs *ebs)
{
        uint64_t min_gib, max_gib;

        if (ebs->snapshot_id.text && ebs->encrypted != TRI_UNSET)
                checker_complain(checker, &ebs->mark,
                                 "EC2 refuses Encrypted with a SnapshotId, true or false: the volume is "
                                 "encrypted as its snapshot is; leave Encrypted out");
        if (node_find(value, "VolumeType") && !ebs->volume_type.text)
                return; /* what it should have been decides about the rest */
        mapping_volume_size_range(ebs->volume_type.text, &min_gib, &max_gib);
        if (ebs->size.given && (ebs->size.value < min_gib || ebs->size.value > max_gib))
                checker_complain_at(checker, "VolumeSize", &ebs->size.mark,
                                    "%" PRIu64 " is not within the %" PRIu64 " to %" PRIu64 " GiB of type %s",
                                    ebs->size.value, min_gib, max_gib, ebs->volume_type.text);
        check_iops(checker, ebs, max_gib);
        check_throughput(checker, ebs);
}

static void take_ebs(struct checker *checker, const struct node *value, const struct field *field,
                     void *member)
{
        struct asked_ebs *ebs = member;

        (void)field;
        ebs->given = true;
        ebs->mark = value->mark;
        if (checker_take_fields(checker, value, ebs_fields, FIELD_COUNT(ebs_fields), ebs))
                check_ebs(checker, value, ebs);
}

/* Rule 2. */
static void check_kind(struct checker *checker, const struct node *value, const struct asked_entry *asked)
{
        int kinds = (node_find(value, "Ebs") != NULL) + (node_find(value, "VirtualName") != NULL) +
                    (node_find(value, "NoDevice") != NULL);

        if (kinds > 1)
                checker_complain(checker, &value->mark,
                                 "has %d of Ebs, VirtualName and NoDevice; an entry is one of them", kinds);
        else if (!kinds && asked->device_name.text)
                checker_complain(checker, &value->mark, "'%s' has none of Ebs, VirtualName and NoDevice",
                                 asked->device_name.text);
}

static void check_twice(struct checker *checker, const struct mapping *mapping, const struct text_value *name)
{
        const struct mapping_entry *first = name->text ? mapping_find(mapping, name->text) : NULL;

        if (first)
                checker_complain_at(checker, "DeviceName", &name->mark,
                                    "'%s' has an entry already, at line %" PRIu32, name->text,
                                    first->mark.line);
}

static void take_entry(struct checker *checker, const struct node *value, struct mapping *mapping)
{
        struct asked_entry asked = { .ebs = { .mark = value->mark } };
        struct mapping_entry *entry = &mapping->entries[mapping->entry_count];
        size_t unknown = checker->unknown_count;

        if (!checker_take_fields(checker, value, entry_fields, FIELD_COUNT(entry_fields), &asked))
                return;
        if (checker->unknown_count == unknown)
                check_kind(checker, value, &asked);
        check_twice(checker, mapping, &asked.device_name);
        *entry = (struct mapping_entry){
                .kind = asked.has_no_device       ? MAPPING_NO_DEVICE
                        : asked.virtual_name.text ? MAPPING_VIRTUAL
                                                  : MAPPING_EBS,
                .device_name = asked.device_name.text,
                .virtual_name = asked.virtual_name.text,
                .snapshot_id = asked.ebs.snapshot_id.text,
                .volume_type = asked.ebs.volume_type.text,
                .volume_size_gib = asked.ebs.size.value,
                .iops = asked.ebs.iops.value,
                .throughput_mibs = asked.ebs.throughput.value,
                .volume_initialization_rate_mibs = asked.ebs.rate.value,
                .encrypted = asked.ebs.encrypted,
                .delete_on_termination = asked.ebs.delete_on_termination,
                .mark = value->mark,
                .size_mark = asked.ebs.size.given ? asked.ebs.size.mark : asked.ebs.mark,
        };
        if (entry->device_name) {
                mapping->entry_count++;
        } else {
                entry_release(entry);
        }
}

static enum ingot_code fill_mapping(struct mapping *mapping, const struct node *root,
                                    struct complaint_list *complaints, struct ingot_error *err)
{
        struct checker checker = {
                .complaints = complaints,
                .path = CHECKER_PATH_INIT,
                .strict_types = true,
        };

        if (root->kind != NODE_SEQUENCE) {
                complain(complaints, &root->mark, NULL,
                         "must be an array of entries: [{\"DeviceName\": \"/dev/xvda\", \"Ebs\": {...}}]");
                return INGOT_OK;
        }
        if (root->count > MAPPING_ENTRIES_MAX) {
                complain(complaints, &root->mark, NULL, "has %zu entries; at most %d are possible",
                         root->count, MAPPING_ENTRIES_MAX);
                return INGOT_OK;
        }
        mapping->entries = checker_allocate(&checker, root->count, sizeof(*mapping->entries));
        for (size_t i = 0; mapping->entries && i < root->count; i++) {
                size_t outer = checker_enter_index(&checker, i);

                take_entry(&checker, root->children[i].value, mapping);
                checker_leave(&checker, outer);
        }
        return checker_finish(&checker, err);
}

enum ingot_code mapping_parse(const char *bytes, size_t size_bytes, const char *file,
                              struct complaint_list *complaints, struct mapping **ret_mapping,
                              struct ingot_error *err)
{
        OWNED(mapping_drop) struct mapping *mapping = calloc(1, sizeof(*mapping));
        OWNED(node_drop) struct node *root = NULL;
        size_t before = complaints->count + complaints->left_out;
        enum ingot_code r;

        if (!mapping || !(mapping->file = strdup(file)))
                return ingot_fail_memory(err, sizeof(*mapping));
        r = json_marks_read(bytes, size_bytes, mapping->file, complaints, &root, err);
        if (!r)
                r = fill_mapping(mapping, root, complaints, err);
        complaint_list_sort(complaints);
        if (!r && complaints->count + complaints->left_out > before)
                r = complaint_list_fail(complaints, file, err);
        if (r) {
                complaint_list_rename(complaints, mapping->file, file);
                return r;
        }
        *ret_mapping = TAKE(mapping);
        return INGOT_OK;
}
