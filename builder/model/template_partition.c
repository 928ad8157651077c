/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/byte_size.h"
#include "model/partition_type.h"
#include "model/template_partition.h"
#include "model/template_rules.h"

enum { PARTITION_NUMBER_MAX = 128, EXTRA_PERCENT_MAX = 10000 };
enum { EXT4_LABEL_BYTES = 16, VFAT_LABEL_CHARS = 11, SWAP_LABEL_BYTES = 15 };

#define MIB_BYTES UINT64_C(1048576)

static const char *const type_choices[] = { "bios-boot", "esp", "xbootldr", "root", "linux", "swap",
                                            "home",      "srv", "var",      "usr",  NULL };
static const char *const file_system_choices[] = { "ext4", "vfat", "swap", "none", NULL };
void take_node(struct checker *checker, const struct node *value, const struct field *field, void *member)
{
        (void)checker;
        (void)field;
        *(const struct node **)member = value;
}

#define AT(member) offsetof(struct asked_partition, member)
static const struct field partition_fields[] = {
        { .key = "name", .take = take_text, .offset = AT(partition.name), .rule = rule_gpt_name },
        { .key = "type", .take = take_text, .offset = AT(type), .required = true, .choices = type_choices },
        { .key = "size", .take = take_node, .offset = AT(size), .required = true },
        { .key = "file-system",
          .take = take_text,
          .offset = AT(file_system),
          .choices = file_system_choices },
        { .key = "label", .take = take_text, .offset = AT(partition.label), .rule = rule_one_line },
        { .key = "mount", .take = take_text, .offset = AT(partition.mount), .rule = rule_mount },
        { .key = "uuid", .take = take_text, .offset = AT(partition.uuid), .rule = rule_one_line },
        { .key = "number",
          .take = take_number,
          .offset = AT(partition.number),
          .min = 1,
          .max = PARTITION_NUMBER_MAX },
};
#undef AT

static bool parse_percent(const char *text, uint32_t *ret_percent)
{
        uint32_t percent = 0;
        const char *at = text;

        for (; *at >= '0' && *at <= '9' && percent <= EXTRA_PERCENT_MAX; at++)
                percent = percent * 10 + (uint32_t)(*at - '0');
        if (at == text || strcmp(at, "%") != 0 || percent > EXTRA_PERCENT_MAX)
                return false;
        *ret_percent = percent;
        return true;
}

/* What follows "fit": nothing, "+30%", "+200MiB"; spaces may stand around the '+'. */
static bool parse_fit(const char *text, struct size_value *size)
{
        size->kind = SIZE_FIT;
        text += strspn(text, " ");
        if (!*text)
                return true;
        if (*text++ != '+')
                return false;
        text += strspn(text, " ");
        return parse_percent(text, &size->extra_percent) || byte_size_parse(text, &size->extra_bytes);
}

void take_size(struct checker *checker, const struct node *value, struct size_value *ret_size)
{
        struct size_value size = { .kind = SIZE_FIXED, .mark = value->mark };
        char up[BYTE_SIZE_TEXT_CHARS + 1];

        if (!checker_need(checker, value, NODE_SCALAR))
                return;
        if (strncmp(value->text, "fit", 3) == 0 && parse_fit(value->text + 3, &size)) {
                *ret_size = size;
                return;
        }
        if (strcmp(value->text, "rest") == 0) {
                size.kind = SIZE_REST;
                *ret_size = size;
                return;
        }
        if (!byte_size_parse(value->text, &size.bytes)) {
                checker_complain(checker, &value->mark,
                                 "'%s' is no size: write 64MiB, 8GiB, fit, fit+30%%, fit+200MiB or rest",
                                 value->text);
        } else if (size.bytes == 0) {
                checker_complain(checker, &value->mark, "must be more than nothing; write 1MiB or more");
        } else if (size.bytes > UINT64_C(65536) << 30) {
                checker_complain(checker, &value->mark,
                                 "'%s' is past 64TiB, the most that a volume of EBS holds", value->text);
        } else if (size.bytes % MIB_BYTES) {
                byte_size_print_exact((size.bytes / MIB_BYTES + 1) * MIB_BYTES, up);
                checker_complain(checker, &value->mark, "'%s' is not a multiple of 1MiB; write %s",
                                 value->text, up);
        } else {
                *ret_size = size;
        }
}

/* The file system that a type has when the template does not say. */
static enum file_system default_file_system(enum partition_type type)
{
        if (type == PARTITION_BIOS_BOOT)
                return FILE_SYSTEM_NONE;
        if (type == PARTITION_ESP)
                return FILE_SYSTEM_VFAT;
        return type == PARTITION_SWAP ? FILE_SYSTEM_SWAP : FILE_SYSTEM_EXT4;
}

static void check_vfat_label(struct checker *checker, const struct text_value *label)
{
        if (strlen(label->text) > VFAT_LABEL_CHARS) {
                checker_complain_at(checker, "label", &label->mark,
                                    "'%s' is longer than the %d characters of a vfat label", label->text,
                                    VFAT_LABEL_CHARS);
                return;
        }
        for (const char *at = label->text; *at; at++) {
                if ((unsigned char)*at >= 0x80 || (*at >= 'a' && *at <= 'z') ||
                    strchr("\"*+,./:;<=>?[\\]|", *at)) {
                        checker_complain_at(checker, "label", &label->mark,
                                            "'%s' is no vfat label: A-Z, 0-9, space, '-' and '_' will do",
                                            label->text);
                        return;
                }
        }
}

static void check_label(struct checker *checker, const struct template_partition *partition)
{
        const struct text_value *label = &partition->label;
        size_t most = partition->file_system == FILE_SYSTEM_SWAP ? SWAP_LABEL_BYTES : EXT4_LABEL_BYTES;

        if (!label->text)
                return;
        if (!*label->text)
                checker_complain_at(checker, "label", &label->mark,
                                    "is empty; leave the key out for no label");
        else if (partition->file_system == FILE_SYSTEM_NONE)
                checker_complain_at(checker, "label", &label->mark,
                                    "there is no file system that could bear it");
        else if (partition->file_system == FILE_SYSTEM_VFAT)
                check_vfat_label(checker, label);
        else if (strlen(label->text) > most)
                checker_complain_at(checker, "label", &label->mark,
                                    "'%s' is longer than the %zu bytes of %s label", label->text, most,
                                    partition->file_system == FILE_SYSTEM_SWAP ? "a swap" : "an ext4");
}

static void check_guid(struct checker *checker, const struct text_value *uuid)
{
        size_t outer = checker_enter_key(checker, "uuid");

        rule_uuid(checker, uuid);
        checker_leave(checker, outer);
}

static bool is_vfat_serial(const char *text)
{
        return strlen(text) == 9 && text[4] == '-' && strspn(text, "0123456789abcdefABCDEF") == 4 &&
               strspn(text + 5, "0123456789abcdefABCDEF") == 4;
}

static void check_uuid(struct checker *checker, const struct template_partition *partition)
{
        const struct text_value *uuid = &partition->uuid;

        if (!uuid->text)
                return;
        if (partition->file_system == FILE_SYSTEM_NONE)
                checker_complain_at(checker, "uuid", &uuid->mark,
                                    "there is no file system that could bear it");
        else if (partition->file_system != FILE_SYSTEM_VFAT)
                check_guid(checker, uuid);
        else if (!is_vfat_serial(uuid->text))
                checker_complain_at(checker, "uuid", &uuid->mark,
                                    "'%s' is no serial of a vfat; it is written as ABCD-1234", uuid->text);
}

/* Whether type and file system agree. */
static void check_type(struct checker *checker, const struct asked_partition *asked)
{
        const struct template_partition *partition = &asked->partition;
        const struct mark *mark = asked->file_system.text ? &asked->file_system.mark : &partition->mark;
        const char *given = file_system_name(partition->file_system);

        if (partition->type == PARTITION_ESP && partition->file_system != FILE_SYSTEM_VFAT)
                checker_complain_at(checker, "file-system", mark,
                                    "a partition of type esp has 'vfat', not '%s'", given);
        else if (partition->type == PARTITION_BIOS_BOOT && partition->file_system != FILE_SYSTEM_NONE)
                checker_complain_at(checker, "file-system", mark,
                                    "a partition of type bios-boot has no file system, not '%s'", given);
        else if ((partition->type == PARTITION_SWAP) != (partition->file_system == FILE_SYSTEM_SWAP))
                checker_complain_at(checker, "file-system", mark,
                                    "file system swap and type swap go together, not '%s' and type %s", given,
                                    partition_type_name(partition->type));
}

/* Sizes and mounts that this file system cannot have. */
static void check_shape(struct checker *checker, const struct template_partition *partition)
{
        bool takes_files =
                partition->file_system == FILE_SYSTEM_EXT4 || partition->file_system == FILE_SYSTEM_VFAT;

        if (!takes_files && partition->size.kind == SIZE_FIT && partition->size.mark.line)
                checker_complain_at(checker, "size", &partition->size.mark,
                                    "there are no files that it could fit; write a size, as 1MiB");
        if (!takes_files && partition->mount.text)
                checker_complain_at(checker, "mount", &partition->mount.mark,
                                    "there are no files that could be mounted");
        if (partition->mount.text && strcmp(partition->mount.text, "/") == 0 &&
            partition->file_system == FILE_SYSTEM_VFAT)
                checker_complain_at(checker, "mount", &partition->mount.mark,
                                    "the root file system cannot be a vfat");
}

/* Fills in defaults and checks what the table of fields could not. */
void settle_partition(struct checker *checker, struct asked_partition *asked)
{
        struct template_partition *partition = &asked->partition;

        partition->file_system = default_file_system(partition->type);
        if (asked->file_system.text)
                (void)file_system_parse(asked->file_system.text, &partition->file_system); /* a choice */
        check_label(checker, partition);
        check_uuid(checker, partition);
        check_shape(checker, partition);
}

void release_asked_partition(struct asked_partition *asked)
{
        free(asked->type.text);
        free(asked->file_system.text);
        asked->type.text = asked->file_system.text = NULL;
}

void take_partition(struct checker *checker, const struct node *node, size_t index,
                    struct template_partition *ret_partition)
{
        struct asked_partition asked = { .partition = { .mark = node->mark } };
        bool has_type;

        if (!checker_take_fields(checker, node, partition_fields, FIELD_COUNT(partition_fields), &asked))
                return;
        if (asked.size) {
                size_t outer = checker_enter_key(checker, "size");

                take_size(checker, asked.size, &asked.partition.size);
                checker_leave(checker, outer);
        }
        has_type = asked.type.text && partition_type_parse(asked.type.text, &asked.partition.type);
        if (has_type) {
                settle_partition(checker, &asked);
                check_type(checker, &asked);
                if (!asked.partition.name.text) {
                        asked.partition.name.text = strdup(asked.type.text);
                        asked.partition.name.mark = node->mark;
                        checker->out_of_memory |= !asked.partition.name.text;
                }
        }
        if (!asked.partition.number.given)
                asked.partition.number =
                        (struct number_value){ .value = index + 1, .given = true, .mark = node->mark };
        release_asked_partition(&asked);
        *ret_partition = asked.partition;
}
