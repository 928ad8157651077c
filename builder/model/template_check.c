/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "model/template_ami.h"
#include "model/template_check.h"
#include "model/template_expand.h"
#include "model/template_fields.h"
#include "model/template_reader.h"
#include "model/template_release.h"
#include "model/template_rules.h"
#include "model/template_volume.h"

/* The first day that a FAT can say, and the end of the last year that everything can. */
#define EPOCH_MIN_SECONDS UINT64_C(315532800)  /* 1980-01-01T00:00:00Z */
#define EPOCH_MAX_SECONDS UINT64_C(4102444799) /* 2099-12-31T23:59:59Z */

static const char *const architectures[] = { "x86_64", "arm64", NULL };
static const char *const loaders[] = { "grub", "none", NULL };
static void take_boot(struct checker *checker, const struct node *value, const struct field *field,
                      void *member);
static void take_loader(struct checker *checker, const struct node *value, const struct field *field,
                        void *member);

#define AT(member) offsetof(struct template, member)
static const struct field top_fields[] = {
        { .key = "name",
          .take = take_text,
          .offset = AT(name),
          .required = true,
          .min = 3,
          .max = 128,
          .rule = rule_ami_name },
        { .key = "description",
          .take = take_text,
          .offset = AT(description),
          .min = 0,
          .max = 255,
          .rule = rule_one_line },
        { .key = "architecture",
          .take = take_text,
          .offset = AT(architecture),
          .required = true,
          .choices = architectures },
        { .key = "version",
          .take = take_text,
          .offset = AT(version),
          .min = 1,
          .max = 128,
          .rule = rule_one_line },
        { .key = "root-device",
          .take = take_text,
          .offset = AT(root_device),
          .required = true,
          .rule = rule_device_name },
        { .key = "volumes", .take = take_volumes, .offset = 0, .required = true },
        { .key = "boot", .take = take_boot, .offset = AT(boot) },
        { .key = "ami", .take = take_ami, .offset = AT(ami) },
        { .key = "release", .take = take_release, .offset = AT(release) },
        { .key = "seed", .take = take_text, .offset = AT(seed), .rule = rule_uuid },
        { .key = "source-date-epoch",
          .take = take_number,
          .offset = AT(source_date_epoch),
          .min = EPOCH_MIN_SECONDS,
          .max = EPOCH_MAX_SECONDS },
};
#undef AT
#define AT(member) offsetof(struct template_boot, member)
static const struct field boot_fields[] = {
        { .key = "bios", .take = take_loader, .offset = AT(bios), .choices = loaders },
        { .key = "uefi", .take = take_loader, .offset = AT(uefi), .choices = loaders },
        { .key = "command-line",
          .take = take_text,
          .offset = AT(command_line),
          .max = 2048,
          .rule = rule_one_line },
        { .key = "timeout", .take = take_number, .offset = AT(timeout_seconds), .max = 3600 },
};
#undef AT

static void take_loader(struct checker *checker, const struct node *value, const struct field *field,
                        void *member)
{
        struct text_value text = { 0 };

        take_text(checker, value, field, &text);
        if (text.text)
                *(enum boot_loader *)member = strcmp(text.text, "grub") == 0 ? BOOT_GRUB : BOOT_NONE;
        free(text.text);
}

static void take_boot(struct checker *checker, const struct node *value, const struct field *field,
                      void *member)
{
        struct template_boot *boot = member;

        (void)field;
        boot->mark = value->mark;
        (void)checker_take_fields(checker, value, boot_fields, FIELD_COUNT(boot_fields), boot);
}

/* Whether the root device has a partition of that type. */
static bool root_has(const struct template *template, enum partition_type type)
{
        const struct template_volume *root =
                template->root_device.text ? template_volume_find(template, template->root_device.text)
                                           : NULL;

        if (!root || !root->partition_count)
                return true; /* that is another mistake, told already */
        for (size_t i = 0; i < root->partition_count; i++) {
                if (root->partition_table == PARTITION_TABLE_GPT && root->partitions[i].type == type)
                        return true;
        }
        return false;
}

static void check_boot(struct checker *checker, const struct template *template)
{
        const struct template_boot *boot = &template->boot;
        size_t outer = checker_enter_key(checker, "boot");

        if (boot->bios == BOOT_GRUB && template->architecture.text &&
            strcmp(template->architecture.text, "arm64") == 0)
                checker_complain(checker, &boot->mark, "arm64 has no BIOS; leave 'bios: grub' out");
        else if (boot->bios == BOOT_GRUB && !root_has(template, PARTITION_BIOS_BOOT))
                checker_complain(
                        checker, &boot->mark,
                        "'bios: grub' needs a partition for GRUB's core on the root device; add {name: "
                        "bios, type: bios-boot, size: 1MiB}");
        if (boot->uefi == BOOT_GRUB && !root_has(template, PARTITION_ESP))
                checker_complain(
                        checker, &boot->mark,
                        "'uefi: grub' needs a partition of type esp on the root device; add {name: esp, "
                        "type: esp, size: 64MiB, mount: /boot/efi}");
        checker_leave(checker, outer);
}

static int compare_settings(const void *left, const void *right)
{
        const struct template_setting *a = left, *b = right;

        return strcmp(a->key, b->key);
}

/* Keeps what the template was called with; false: out of memory. */
static bool keep_call(struct template *template, const char *file, const struct template_setting *settings,
                      size_t setting_count)
{
        const char *slash = strrchr(file, '/');
        size_t folder_bytes = slash ? (size_t)(slash - file) + (slash == file) : 0;

        template->file = strdup(file);
        template->folder = folder_bytes ? strndup(file, folder_bytes) : strdup(".");
        template->settings = calloc(setting_count ? setting_count : 1, sizeof(*template->settings));
        if (!template->file || !template->folder || !template->settings)
                return false;
        for (size_t i = 0; i < setting_count; i++) {
                struct template_setting *kept = &template->settings[template->setting_count++];

                kept->key = strdup(settings[i].key);
                kept->value = strdup(settings[i].value);
                if (!kept->key || !kept->value)
                        return false;
        }
        if (setting_count > 1)
                qsort(template->settings, setting_count, sizeof(*template->settings), compare_settings);
        return true;
}

static enum ingot_code fill_template(struct template *template, const struct node *root,
                                     struct complaint_list *complaints, struct ingot_error *err)
{
        struct checker checker = {
                .complaints = complaints,
                .path = CHECKER_PATH_INIT,
                .file = template->file,
                .context = template,
        };

        if (checker_take_fields(&checker, root, top_fields, FIELD_COUNT(top_fields), template)) {
                check_volumes(&checker, template);
                check_boot(&checker, template);
                check_ami(&checker, template);
                check_release(&checker, template);
                fill_ami(&checker, template);
        }
        return checker_finish(&checker, err);
}

enum ingot_code template_parse(const char *bytes, size_t size_bytes, const char *file,
                               const struct template_setting *settings, size_t setting_count,
                               struct complaint_list *complaints, struct template **ret_template,
                               struct ingot_error *err)
{
        OWNED(template_drop) struct template *template = calloc(1, sizeof(*template));
        OWNED(node_drop) struct node *root = NULL;
        size_t before = complaints->count + complaints->left_out;
        enum ingot_code r;

        if (!template || !keep_call(template, file, settings, setting_count))
                return ingot_fail_memory(err, sizeof(*template));
        r = digest_of(bytes, size_bytes, &template->digest, err);
        if (!r)
                r = template_read(bytes, size_bytes, template->file, complaints, &root, err);
        if (!r && root->kind != NODE_MAPPING)
                complain(complaints, &root->mark, NULL,
                         "not a template: it starts with keys, as 'name:', 'architecture:', 'volumes:'");
        else if (!r)
                r = template_expand(root, settings, setting_count, complaints, err);
        if (!r && root->kind == NODE_MAPPING)
                r = fill_template(template, root, complaints, err);
        complaint_list_sort(complaints);
        if (!r && complaints->count + complaints->left_out > before)
                r = complaint_list_fail(complaints, file, err);
        if (r) {
                complaint_list_rename(complaints, template->file, file);
                return r;
        }
        *ret_template = TAKE(template);
        return INGOT_OK;
}
