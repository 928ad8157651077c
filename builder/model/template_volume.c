/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/spelling.h"
#include "model/template_content.h"
#include "model/template_partition.h"
#include "model/template_rules.h"
#include "model/template_volume.h"

enum { VOLUMES_MAX = 28, PARTITIONS_MAX = 128 };

/* A volume as the keys say it; its file system's keys are for a volume without a table. */
struct asked_volume {
        struct template_volume volume;
        struct text_value partition_table;
        const struct node *partitions;
        struct asked_partition whole;
};

static const char *const whole_file_system_choices[] = { "ext4", "vfat", "swap", NULL };
static const char *const table_choices[] = { "gpt", "none", NULL };

#define AT(member) offsetof(struct asked_volume, member)
static const struct field volume_fields[] = {
        { .key = "partition-table",
          .take = take_text,
          .offset = AT(partition_table),
          .choices = table_choices },
        { .key = "partitions", .take = take_node, .offset = AT(partitions) },
        { .key = "content", .take = take_content, .offset = AT(volume) },
        { .key = "file-system",
          .take = take_text,
          .offset = AT(whole.file_system),
          .choices = whole_file_system_choices },
        { .key = "size", .take = take_node, .offset = AT(whole.size) },
        { .key = "label", .take = take_text, .offset = AT(whole.partition.label), .rule = rule_one_line },
        { .key = "mount", .take = take_text, .offset = AT(whole.partition.mount), .rule = rule_mount },
        { .key = "uuid", .take = take_text, .offset = AT(whole.partition.uuid), .rule = rule_one_line },
};
#undef AT

/* Rule 3. */
static void check_order(struct checker *checker, const struct template_volume *volume)
{
        for (size_t i = 0; i + 1 < volume->partition_count; i++) {
                const struct template_partition *partition = &volume->partitions[i];
                size_t outer = checker_enter_index(checker, i);

                if (partition->mount.text && strcmp(partition->mount.text, "/") == 0)
                        checker_complain(
                                checker, &partition->mark,
                                "the root partition stands last, so that it can grow; move it below the "
                                "others");
                else if (partition->size.kind == SIZE_REST)
                        checker_complain_at(
                                checker, "size", &partition->size.mark,
                                "'rest' leaves nothing for the partitions after it; move it below them");
                checker_leave(checker, outer);
        }
}

/* Rule 2, within one table. */
static void check_unique(struct checker *checker, const struct template_volume *volume)
{
        for (size_t i = 0; i < volume->partition_count; i++) {
                const struct template_partition *b = &volume->partitions[i];
                size_t outer = checker_enter_index(checker, i);

                for (size_t j = 0; j < i; j++) {
                        const struct template_partition *a = &volume->partitions[j];

                        if (a->name.text && b->name.text && strcmp(a->name.text, b->name.text) == 0)
                                checker_complain_at(
                                        checker, "name", &b->name.mark,
                                        "the name '%s' is taken by the partition at line %" PRIu32,
                                        b->name.text, a->mark.line);
                        if (a->number.given && a->number.value == b->number.value)
                                checker_complain_at(checker, "number", &b->number.mark,
                                                    "the number %" PRIu64
                                                    " is taken by the partition at line %" PRIu32,
                                                    b->number.value, a->mark.line);
                }
                checker_leave(checker, outer);
        }
}

static void take_partitions(struct checker *checker, const struct node *value, struct template_volume *volume)
{
        size_t outer = checker_enter_key(checker, "partitions");

        if (!checker_need(checker, value, NODE_SEQUENCE)) {
                checker_leave(checker, outer);
                return;
        }
        if (value->count == 0 || value->count > PARTITIONS_MAX) {
                checker_complain(checker, &value->mark, "has %zu partitions; 1 to %d are possible",
                                 value->count, PARTITIONS_MAX);
                checker_leave(checker, outer);
                return;
        }
        volume->partitions = checker_allocate(checker, value->count, sizeof(*volume->partitions));
        for (size_t i = 0; volume->partitions && i < value->count; i++) {
                size_t list = checker_enter_index(checker, i);

                take_partition(checker, value->children[i].value, i, &volume->partitions[i]);
                volume->partition_count++;
                checker_leave(checker, list);
        }
        if (volume->partitions) {
                check_unique(checker, volume);
                check_order(checker, volume);
        }
        checker_leave(checker, outer);
}

/* The keys of a file system have no place beside a partition table. */
static void complain_whole_keys(struct checker *checker, const struct node *value)
{
        static const char *const keys[] = { "file-system", "size", "label", "mount", "uuid" };

        for (size_t i = 0; i < FIELD_COUNT(keys); i++) {
                const struct node_child *child = node_find(value, keys[i]);

                if (child)
                        checker_complain(
                                checker, &child->key_mark,
                                "'%s' belongs to one of the partitions, since there is a partition table",
                                keys[i]);
        }
}

/* A volume whose one file system starts at its first sector. */
static void take_whole(struct checker *checker, const struct node *value, bool is_whole,
                       struct asked_volume *asked)
{
        struct template_partition *partition = &asked->whole.partition;

        partition->mark = value->mark;
        partition->type = PARTITION_LINUX;
        partition->size = (struct size_value){ .kind = SIZE_FIT };
        if (asked->whole.size) {
                size_t outer = checker_enter_key(checker, "size");

                take_size(checker, asked->whole.size, &partition->size);
                checker_leave(checker, outer);
        }
        if (!asked->whole.file_system.text) {
                if (is_whole && !node_find(value, "file-system"))
                        checker_complain(
                                checker, &value->mark,
                                "has neither 'partition-table: gpt' with 'partitions', nor 'file-system'");
                return;
        }
        settle_partition(checker, &asked->whole);
        if (partition->file_system == FILE_SYSTEM_SWAP) {
                partition->type = PARTITION_SWAP;
                if (!asked->whole.size)
                        checker_complain(checker, &value->mark,
                                         "a swap needs a size; add 'size: 2GiB' or 'size: rest'");
        }
        if (!partition->size.mark.line)
                partition->size.mark = value->mark;
        asked->volume.partitions = checker_allocate(checker, 1, sizeof(*asked->volume.partitions));
        if (asked->volume.partitions) {
                asked->volume.partitions[0] = *partition;
                asked->volume.partition_count = 1;
                *partition = (struct template_partition){ .mark = value->mark };
        }
}

/* is_whole: every key was one; if not, what is missing may be there under a name that is not. */
static void settle_volume(struct checker *checker, const struct node *value, bool is_whole,
                          struct asked_volume *asked)
{
        bool has_table = asked->partition_table.text && strcmp(asked->partition_table.text, "gpt") == 0;

        if (has_table || asked->partitions) {
                asked->volume.partition_table = PARTITION_TABLE_GPT;
                if (!has_table && node_find(value, "partition-table") == NULL)
                        checker_complain(checker, &value->mark,
                                         "there are partitions, but no table; add 'partition-table: gpt'");
                else if (asked->partition_table.text && !has_table)
                        checker_complain(checker, &asked->partition_table.mark,
                                         "there are partitions; write 'partition-table: gpt'");
                if (asked->partitions)
                        take_partitions(checker, asked->partitions, &asked->volume);
                else if (is_whole)
                        checker_complain(checker, &value->mark, "key 'partitions' is missing");
                complain_whole_keys(checker, value);
        } else {
                take_whole(checker, value, is_whole, asked);
        }
}

static void take_volume(struct checker *checker, const struct node_child *child,
                        struct template_volume *ret_volume)
{
        struct asked_volume asked = { .volume = { .device_name = { .mark = child->key_mark } } };
        size_t unknown;

        asked.volume.device_name.text = strdup(child->key);
        if (!asked.volume.device_name.text) {
                checker->out_of_memory = true;
                return;
        }
        rule_device_name(checker, &asked.volume.device_name);
        unknown = checker->unknown_count;
        if (checker_take_fields(checker, child->value, volume_fields, FIELD_COUNT(volume_fields), &asked))
                settle_volume(checker, child->value, checker->unknown_count == unknown, &asked);
        free(asked.partition_table.text);
        release_asked_partition(&asked.whole);
        free(asked.whole.partition.label.text);
        free(asked.whole.partition.mount.text);
        free(asked.whole.partition.uuid.text);
        *ret_volume = asked.volume;
}

void take_volumes(struct checker *checker, const struct node *value, const struct field *field, void *member)
{
        struct template *template = member;

        (void)field;
        if (!checker_need(checker, value, NODE_MAPPING))
                return;
        if (value->count == 0 || value->count > VOLUMES_MAX) {
                checker_complain(checker, &value->mark, "has %zu volumes; 1 to %d are possible", value->count,
                                 VOLUMES_MAX);
                return;
        }
        template->volumes = checker_allocate(checker, value->count, sizeof(*template->volumes));
        for (size_t i = 0; template->volumes && i < value->count && !checker->out_of_memory; i++) {
                size_t outer = checker_enter_key(checker, value->children[i].key);

                take_volume(checker, &value->children[i], &template->volumes[i]);
                if (template->volumes[i].device_name.text)
                        template->volume_count++;
                checker_leave(checker, outer);
        }
}

/* ---- the volumes together ---- */

static size_t enter_partition(struct checker *checker, const struct template_volume *volume, size_t index)
{
        size_t outer = checker_enter_key(checker, "volumes");

        (void)checker_enter_key(checker, volume->device_name.text);
        if (volume->partition_table == PARTITION_TABLE_GPT) {
                (void)checker_enter_key(checker, "partitions");
                (void)checker_enter_index(checker, index);
        }
        return outer;
}

static void complain_taken(struct checker *checker, const char *key, const struct text_value *first,
                           const struct text_value *second)
{
        if (!first->text || !second->text || strcmp(first->text, second->text) != 0)
                return;
        checker_complain_at(checker, key, &second->mark, "'%s' is given already at line %" PRIu32,
                            second->text, first->mark.line);
}

/* Compares one partition with all before it, in all volumes. */
static void check_against_earlier(struct checker *checker, const struct template *template,
                                  size_t volume_index, size_t index)
{
        const struct template_partition *later = &template->volumes[volume_index].partitions[index];

        for (size_t v = 0; v <= volume_index; v++) {
                const struct template_volume *volume = &template->volumes[v];
                size_t count = v < volume_index ? volume->partition_count : index;

                for (size_t i = 0; i < count; i++) {
                        complain_taken(checker, "mount", &volume->partitions[i].mount, &later->mount);
                        complain_taken(checker, "label", &volume->partitions[i].label, &later->label);
                }
        }
}

/* Rule 4. */
static void check_content_has_a_place(struct checker *checker, const struct template_volume *volume)
{
        size_t holders = 0, outer;

        for (size_t i = 0; i < volume->partition_count; i++)
                holders += volume->partitions[i].file_system == FILE_SYSTEM_EXT4 ||
                           volume->partitions[i].file_system == FILE_SYSTEM_VFAT;
        if (!volume->content_count || !volume->partition_count || holders == 1)
                return;
        outer = checker_enter_key(checker, "volumes");
        (void)checker_enter_key(checker, volume->device_name.text);
        (void)checker_enter_key(checker, "content");
        checker_complain(
                checker, &volume->content[0].mark,
                "the volume has %zu file systems that could take it; beside the root volume, content "
                "needs exactly one",
                holders);
        checker_leave(checker, outer);
}

static void check_root(struct checker *checker, const struct template *template)
{
        const struct template_volume *root = template_volume_find(template, template->root_device.text);
        const char *names[VOLUMES_MAX], *nearest;
        size_t outer = checker_enter_key(checker, "root-device");

        if (!root) {
                for (size_t i = 0; i < template->volume_count; i++)
                        names[i] = template->volumes[i].device_name.text;
                nearest = spelling_nearest(template->root_device.text, names, template->volume_count);
                checker_complain(checker, &template->root_device.mark, "'%s' is none of the volumes%s%s%s",
                                 template->root_device.text, nearest ? "; did you mean '" : "",
                                 nearest ? nearest : "", nearest ? "'?" : "");
        } else {
                bool has_root = false;

                for (size_t i = 0; i < root->partition_count; i++)
                        has_root |= root->partitions[i].mount.text &&
                                    strcmp(root->partitions[i].mount.text, "/") == 0;
                if (root->partition_count && !has_root)
                        checker_complain(checker, &root->device_name.mark,
                                         "no file system of root device '%s' has 'mount: /'",
                                         template->root_device.text);
        }
        checker_leave(checker, outer);
}

static void check_root_is_here(struct checker *checker, const struct template *template,
                               const struct template_volume *volume,
                               const struct template_partition *partition)
{
        if (partition->mount.text && strcmp(partition->mount.text, "/") == 0 && template->root_device.text &&
            strcmp(volume->device_name.text, template->root_device.text) != 0)
                checker_complain_at(checker, "mount", &partition->mount.mark,
                                    "'/' is mounted from the root device, '%s', not from '%s'",
                                    template->root_device.text, volume->device_name.text);
}

void check_volumes(struct checker *checker, const struct template *template)
{
        const struct template_volume *root =
                template->root_device.text ? template_volume_find(template, template->root_device.text)
                                           : NULL;

        for (size_t v = 0; v < template->volume_count; v++) {
                const struct template_volume *volume = &template->volumes[v];

                for (size_t i = 0; i < volume->partition_count; i++) {
                        size_t outer = enter_partition(checker, volume, i);

                        check_against_earlier(checker, template, v, i);
                        check_root_is_here(checker, template, volume, &volume->partitions[i]);
                        checker_leave(checker, outer);
                }
                if (root && volume != root)
                        check_content_has_a_place(checker, volume);
        }
        if (template->root_device.text && template->volume_count)
                check_root(checker, template);
}
