/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/own.h"
#include "content/boot_files.h"
#include "content/tree_edit.h"

enum {
        BOOT_TEXT_MAX_BYTES = 1 << 20, /* fstab and grub.cfg are some kilobytes; a hostile image may differ */
        BOOT_KERNELS_MAX = 32
};

/* ---- GRUB ---- */

struct kernel {
        const char *name;    /* of the file: "vmlinuz-6.1.0-56-cloud-amd64"; borrowed from the tree */
        const char *version; /* the part behind "vmlinuz-" */
        char initrd[TREE_NAME_MAX_BYTES + 1]; /* "" when there is none */
};

/* Compares runs of digits by value and the rest bytewise, as versions are meant. */
static int version_compare(const char *a, const char *b)
{
        while (*a && *b) {
                size_t digits_a = strspn(a, "0123456789"), digits_b = strspn(b, "0123456789");

                if (digits_a && digits_b) {
                        while (digits_a > 1 && *a == '0') {
                                a++;
                                digits_a--;
                        }
                        while (digits_b > 1 && *b == '0') {
                                b++;
                                digits_b--;
                        }
                        if (digits_a != digits_b)
                                return digits_a < digits_b ? -1 : 1;
                        if (memcmp(a, b, digits_a) != 0)
                                return memcmp(a, b, digits_a);
                        a += digits_a;
                        b += digits_b;
                        continue;
                }
                if (*a != *b)
                        return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
                a++;
                b++;
        }
        return (*a != '\0') - (*b != '\0');
}

static int kernel_compare_newest_first(const void *a, const void *b)
{
        const struct kernel *left = a, *right = b;
        int order = version_compare(right->version, left->version);

        return order ? order : strcmp(left->version, right->version);
}

/* A name that GRUB's script would take apart is not put into it. */
static bool name_is_plain(const char *name)
{
        return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+~-")] ==
               '\0';
}

static void kernel_find_initrd(const struct tree_entry *boot, struct kernel *kernel)
{
        static const struct {
                const char *before, *after;
        } spellings[] = { { "initrd.img-", "" }, { "initramfs-", ".img" }, { "initrd-", "" } };

        kernel->initrd[0] = '\0';
        for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
                int size = snprintf(kernel->initrd, sizeof(kernel->initrd), "%s%s%s", spellings[i].before,
                                    kernel->version, spellings[i].after);

                if (size > 0 && (size_t)size < sizeof(kernel->initrd) &&
                    tree_child(boot, kernel->initrd, (size_t)size))
                        return;
        }
        kernel->initrd[0] = '\0';
}

static enum ingot_code find_kernels(const struct boot_files_request *request, struct kernel *kernels,
                                    size_t *ret_count, struct ingot_error *err)
{
        struct tree_entry *boot;
        size_t count = 0;
        enum ingot_code r = tree_resolve(request->tree, "/boot", true, &boot, err);

        if (r && r != INGOT_E_NOT_FOUND)
                return ingot_while(err, r, "looking for kernels");
        for (size_t i = 0; !r && i < boot->child_count && count < BOOT_KERNELS_MAX; i++) {
                const struct tree_entry *child = boot->children[i];

                if (strncmp(child->name, "vmlinuz-", 8) != 0 || child->inode->kind != TREE_FILE ||
                    !name_is_plain(child->name))
                        continue;
                kernels[count].name = child->name;
                kernels[count].version = child->name + 8;
                kernel_find_initrd(boot, &kernels[count]);
                count++;
        }
        if (!count)
                return mark_fail(
                        err, INGOT_E_TEMPLATE, &request->template->boot.mark,
                        "there is no kernel '/boot/vmlinuz-VERSION' to boot; add a kernel package to "
                        "the bootstrap, such as linux-image-cloud-amd64");
        qsort(kernels, count, sizeof(*kernels), kernel_compare_newest_first);
        *ret_count = count;
        return INGOT_OK;
}

/* The file system that holds /boot, and how its root is called in the running system: "" or "/boot". */
static const struct layout_partition *find_boot_partition(const struct boot_files_request *request,
                                                          const char **ret_folder)
{
        const struct layout_partition *boot = layout_find_mount(request->root_layout, "/boot");

        *ret_folder = boot ? "" : "/boot";
        return boot ? boot : layout_find_mount(request->root_layout, "/");
}

/* "Debian GNU/Linux" from NAME= of /etc/os-release, for the menu; "Linux" where it says nothing plain. */
static void read_system_name(const struct boot_files_request *request, char *out, size_t out_bytes)
{
        OWNED(heap_drop) char *text = NULL;
        const char *at;
        size_t size_bytes;

        (void)snprintf(out, out_bytes, "Linux");
        if (tree_edit_read_text(request->tree, "/etc/os-release", BOOT_TEXT_MAX_BYTES, &text, NULL, NULL))
                return;
        at = strncmp(text, "NAME=", 5) == 0 ? text : strstr(text, "\nNAME=");
        if (!at)
                return;
        at += (*at == '\n') + 5;
        at += *at == '"';
        size_bytes = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 /._+-");
        if (size_bytes && size_bytes < out_bytes)
                (void)snprintf(out, out_bytes, "%.*s", (int)size_bytes, at);
}

/* Quotes for GRUB's script: inside double quotes only these four mean something. */
static void append_grub_quoted(struct buffer *out, const char *text)
{
        for (; *text; text++) {
                if (strchr("\"\\$`", *text))
                        buffer_append_char(out, '\\');
                buffer_append_char(out, *text);
        }
}

static void grub_add_entry(struct buffer *out, const struct boot_files_request *request,
                           const struct kernel *kernel, const char *system, const char *folder)
{
        const char *command_line = request->template->boot.command_line.text;
        char root[48];

        layout_partition_print_uuid(layout_find_mount(request->root_layout, "/"), root);
        buffer_appendf(out, "menuentry \"%s, %s\" {\n", system, kernel->version);
        buffer_appendf(out, "\tlinux %s/%s root=%s ro", folder, kernel->name, root);
        if (command_line && *command_line) {
                buffer_append_char(out, ' ');
                for (const char *word = command_line;
                     *word;) { /* each word quoted, so that ';' stays a byte */
                        size_t size_bytes = strcspn(word, " \t\n");
                        char one[1024];

                        (void)snprintf(one, sizeof(one), "%.*s", (int)size_bytes, word);
                        buffer_append_char(out, '"');
                        append_grub_quoted(out, one);
                        buffer_append_char(out, '"');
                        word += size_bytes;
                        word += strspn(word, " \t\n");
                        if (*word)
                                buffer_append_char(out, ' ');
                }
        }
        buffer_append_char(out, '\n');
        if (*kernel->initrd)
                buffer_appendf(out, "\tinitrd %s/%s\n", folder, kernel->initrd);
        buffer_append_text(out, "}\n");
}

/* What a later update-grub in the running system should keep (Debian's grub-mkconfig reads it). */
static enum ingot_code write_grub_defaults(const struct boot_files_request *request, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(BOOT_TEXT_MAX_BYTES);
        const char *command_line = request->template->boot.command_line.text;
        struct tree_entry *folder;
        enum ingot_code r;

        if (tree_resolve(request->tree, "/etc/default/grub.d", true, &folder, NULL))
                return INGOT_OK; /* no grub-common in the image: nobody would read it */
        buffer_append_text(&out, "# written by ingot\nGRUB_TIMEOUT=0\nGRUB_TERMINAL=\"console serial\"\n"
                                 "GRUB_SERIAL_COMMAND=\"serial --unit=0 --speed=115200\"\n"
                                 "GRUB_CMDLINE_LINUX=\"");
        append_grub_quoted(&out, command_line ? command_line : "");
        buffer_append_text(&out, "\"\n");
        r = buffer_check(&out, err);
        if (r)
                return r;
        return tree_edit_write_text(request->tree, request->store, "/etc/default/grub.d/50-ingot.cfg",
                                    out.bytes, 0644, err);
}

enum ingot_code boot_files_write_grub(const struct boot_files_request *request, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(BOOT_TEXT_MAX_BYTES);
        struct kernel kernels[BOOT_KERNELS_MAX];
        size_t count = 0;
        const char *folder;
        char uuid[48], system[128];
        enum ingot_code r;

        r = find_kernels(request, kernels, &count, err);
        if (r)
                return r;
        layout_partition_print_uuid(find_boot_partition(request, &folder), uuid);
        read_system_name(request, system, sizeof(system));
        buffer_appendf(&out,
                       "# written by ingot; update-grub replaces it\n"
                       "serial --unit=0 --speed=115200\n"
                       "terminal_input console serial\n"
                       "terminal_output console serial\n"
                       "set timeout=%" PRIu64 "\n"
                       "set default=0\n"
                       "search --no-floppy --fs-uuid --set=root %s\n",
                       request->template->boot.timeout_seconds.value, uuid + strlen("UUID="));
        for (size_t i = 0; i < count; i++)
                grub_add_entry(&out, request, &kernels[i], system, folder);
        r = buffer_check(&out, err);
        if (!r)
                r = tree_edit_mkdir(request->tree, "/boot/grub", 0755, NULL, err);
        if (!r)
                r = tree_edit_write_text(request->tree, request->store, "/boot/grub/grub.cfg", out.bytes,
                                         0600, err);
        if (!r)
                r = write_grub_defaults(request, err);
        return ingot_while(err, r, "writing '/boot/grub/grub.cfg'");
}

enum ingot_code boot_files_core_config(const struct boot_files_request *request, char **ret_config,
                                       const char **ret_prefix, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(4096);
        const char *folder;
        char uuid[48];
        enum ingot_code r;

        layout_partition_print_uuid(find_boot_partition(request, &folder), uuid);
        buffer_appendf(&out, "search.fs_uuid %s root\nset prefix=($root)%s/grub\n", uuid + strlen("UUID="),
                       folder);
        r = buffer_check(&out, err);
        if (r)
                return r;
        *ret_config = buffer_take(&out);
        if (!*ret_config)
                return ingot_fail_memory(err, out.size_bytes);
        *ret_prefix = *folder ? "/boot/grub" : "/grub";
        return INGOT_OK;
}

/* ---- the ESP ---- */

struct loader_file {
        const char *from, *to;
};

enum { LOADER_FILES_MAX = 2 };

/* For one architecture: the signed pair, the unsigned one, and who brings the latter. */
struct loader {
        const char *architecture, *package;
        struct loader_file with_shim[LOADER_FILES_MAX], plain;
};

static const struct loader loaders[] = {
        { .architecture = "x86_64",
          .package = "grub-efi-amd64-bin",
          .with_shim = { { "/usr/lib/shim/shimx64.efi.signed", "/EFI/BOOT/BOOTX64.EFI" },
                         { "/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed", "/EFI/BOOT/grubx64.efi" } },
          .plain = { "/usr/lib/grub/x86_64-efi/monolithic/grubx64.efi", "/EFI/BOOT/BOOTX64.EFI" } },
        { .architecture = "arm64",
          .package = "grub-efi-arm64-bin",
          .with_shim = { { "/usr/lib/shim/shimaa64.efi.signed", "/EFI/BOOT/BOOTAA64.EFI" },
                         { "/usr/lib/grub/arm64-efi-signed/grubaa64.efi.signed", "/EFI/BOOT/grubaa64.efi" } },
          .plain = { "/usr/lib/grub/arm64-efi/monolithic/grubaa64.efi", "/EFI/BOOT/BOOTAA64.EFI" } },
};

static const struct loader *find_loader(const struct template *template)
{
        for (size_t i = 0; i < sizeof(loaders) / sizeof(loaders[0]); i++)
                if (strcmp(loaders[i].architecture, template->architecture.text) == 0)
                        return &loaders[i];
        return NULL;
}

static bool tree_has_all(const struct tree *tree, const struct loader_file *files, size_t count)
{
        struct tree_entry *entry;

        for (size_t i = 0; i < count; i++)
                if (tree_resolve(tree, files[i].from, true, &entry, NULL) || entry->inode->kind != TREE_FILE)
                        return false;
        return true;
}

/* "/boot/efi" + "/EFI/BOOT" */
static enum ingot_code esp_path(const char *mount, const char *path, char **ret_path, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(2 * 4096);
        enum ingot_code r;

        buffer_append_text(&out, mount);
        buffer_append_text(&out, path);
        r = buffer_check(&out, err);
        if (r)
                return r;
        *ret_path = buffer_take(&out);
        return *ret_path ? INGOT_OK : ingot_fail_memory(err, 1);
}

static enum ingot_code esp_mkdir(struct tree *tree, const char *mount, const char *path,
                                 struct ingot_error *err)
{
        OWNED(heap_drop) char *whole = NULL;
        enum ingot_code r = esp_path(mount, path, &whole, err);

        return r ? r : tree_edit_mkdir(tree, whole, 0755, NULL, err);
}

static enum ingot_code esp_write_grub_cfg(const struct boot_files_request *request, struct tree *tree,
                                          const char *mount, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(4096);
        OWNED(heap_drop) char *path = NULL;
        const char *folder;
        char uuid[48];
        enum ingot_code r;

        layout_partition_print_uuid(find_boot_partition(request, &folder), uuid);
        buffer_appendf(&out,
                       "search --no-floppy --fs-uuid --set=root %s\n"
                       "set prefix=($root)%s/grub\n"
                       "configfile $prefix/grub.cfg\n",
                       uuid + strlen("UUID="), folder);
        r = buffer_check(&out, err);
        if (!r)
                r = esp_path(mount, "/EFI/debian/grub.cfg", &path, err);
        if (!r)
                r = tree_edit_write_text(tree, request->store, path, out.bytes, 0644, err);
        return r;
}

enum ingot_code boot_files_fill_esp(const struct boot_files_request *request, struct ingot_error *err)
{
        const struct layout *layout = request->root_layout;
        const struct loader *loader = find_loader(request->template);
        const struct loader_file *files;
        size_t count = 1;
        const char *mount = NULL;
        struct tree *tree;
        enum ingot_code r;

        for (size_t i = 0; i < layout->partition_count; i++)
                if (layout->partitions[i].type == PARTITION_ESP)
                        mount = layout->partitions[i].mount;
        tree = mount ? request->tree : request->esp_tree;
        if (!mount)
                mount = "";
        if (!loader)
                return mark_fail(err, INGOT_E_TEMPLATE, &request->template->architecture.mark,
                                 "there is no GRUB for UEFI on architecture '%s'",
                                 request->template->architecture.text);
        files = &loader->plain;
        if (tree_has_all(request->tree, loader->with_shim, LOADER_FILES_MAX)) {
                files = loader->with_shim;
                count = LOADER_FILES_MAX;
        }
        if (!tree_has_all(request->tree, files, count))
                return mark_fail(err, INGOT_E_TEMPLATE, &request->template->boot.mark,
                                 "the image has no GRUB for UEFI ('%s'); add package %s", loader->plain.from,
                                 loader->package);
        r = esp_mkdir(tree, mount, "/EFI/BOOT", err);
        if (!r)
                r = esp_mkdir(tree, mount, "/EFI/debian", err);
        for (size_t i = 0; !r && i < count; i++) {
                OWNED(heap_drop) char *to = NULL;

                r = esp_path(mount, files[i].to, &to, err);
                if (!r)
                        r = tree_edit_copy_file(request->tree, files[i].from, tree, to, err);
        }
        if (!r)
                r = esp_write_grub_cfg(request, tree, mount, err);
        return ingot_while(err, r, "filling the EFI system partition");
}
