/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "content/boot_files.h"
#include "content/fstab.h"
#include "content/identity_reset.h"
#include "content/tree_edit.h"

/* A root volume as the Debian template asks for it, and a data volume. */
struct machine {
        struct tree *tree;
        struct content_store *store;
        struct template template;
        struct layout_partition root_parts[3], data_part;
        struct layout layouts[2];
        struct boot_files_request boot;
        struct fstab_request fstab;
};

static void machine_init(struct machine *machine, void *const *state)
{
        static const struct guid root_uuid = { { 0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x83, 0x33, 0x84, 0x44,
                                                 1, 2, 3, 4, 5, 6 } };

        memset(machine, 0, sizeof(*machine));
        assert_int_equal(tree_new(&machine->tree, NULL), INGOT_OK);
        assert_int_equal(store_new(*state, &machine->store, NULL), INGOT_OK);
        machine->template.architecture.text = (char *)"x86_64";
        machine->template.boot.command_line.text = (char *)"console=tty0 console=ttyS0,115200n8";
        machine->template.boot.mark = (struct mark){ .file = "web.yaml", .line = 9, .column = 1 };
        machine->root_parts[0] =
                (struct layout_partition){ .name = (char *)"bios", .type = PARTITION_BIOS_BOOT };
        machine->root_parts[1] = (struct layout_partition){ .name = (char *)"esp",
                                                            .type = PARTITION_ESP,
                                                            .file_system = FILE_SYSTEM_VFAT,
                                                            .mount = (char *)"/boot/efi",
                                                            .vfat_serial = 0xABCD1234 };
        machine->root_parts[2] = (struct layout_partition){ .name = (char *)"root",
                                                            .type = PARTITION_ROOT,
                                                            .file_system = FILE_SYSTEM_EXT4,
                                                            .mount = (char *)"/",
                                                            .uuid = root_uuid };
        machine->data_part =
                (struct layout_partition){ .file_system = FILE_SYSTEM_EXT4, .mount = (char *)"/srv" };
        machine->layouts[0].partitions = machine->root_parts;
        machine->layouts[0].partition_count = 3;
        machine->layouts[1].partitions = &machine->data_part;
        machine->layouts[1].partition_count = 1;
        machine->boot = (struct boot_files_request){ .tree = machine->tree,
                                                     .store = machine->store,
                                                     .template = &machine->template,
                                                     .root_layout = &machine->layouts[0] };
        machine->fstab = (struct fstab_request){ .tree = machine->tree,
                                                 .store = machine->store,
                                                 .layouts = machine->layouts,
                                                 .layout_count = 2,
                                                 .root_layout = &machine->layouts[0] };
}

static void machine_release(struct machine *machine)
{
        tree_free(machine->tree);
        store_free(machine->store);
}

static void put(struct machine *machine, const char *folder, const char *name, const char *text)
{
        char path[256];

        assert_int_equal(tree_edit_mkdir(machine->tree, folder, 0755, NULL, NULL), INGOT_OK);
        (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
        assert_int_equal(tree_edit_write_text(machine->tree, machine->store, path, text, 0644, NULL),
                         INGOT_OK);
}

static char *get(const struct machine *machine, const char *path)
{
        char *text = NULL;

        assert_int_equal(tree_edit_read_text(machine->tree, path, 1 << 20, &text, NULL, NULL), INGOT_OK);
        return text;
}

static bool is_there(const struct machine *machine, const char *path)
{
        struct tree_entry *entry;

        return tree_find(machine->tree, path, &entry, NULL) == INGOT_OK;
}

static void grub_cfg_boots_the_newest_kernel_first(void **state) /* rule 1 */
{
        struct machine machine;
        char *text;

        machine_init(&machine, state);
        put(&machine, "/boot", "vmlinuz-6.1.0-9-cloud-amd64", "k");
        put(&machine, "/boot", "vmlinuz-6.1.0-10-cloud-amd64", "k");
        put(&machine, "/boot", "initrd.img-6.1.0-10-cloud-amd64", "i");
        put(&machine, "/etc", "os-release", "ID=debian\nNAME=\"Debian GNU/Linux\"\n");
        assert_int_equal(boot_files_write_grub(&machine.boot, NULL), INGOT_OK);
        text = get(&machine, "/boot/grub/grub.cfg");
        assert_non_null(strstr(
                text, "search --no-floppy --fs-uuid --set=root 11111111-2222-8333-8444-010203040506\n"));
        assert_non_null(strstr(text, "menuentry \"Debian GNU/Linux, 6.1.0-10-cloud-amd64\""));
        assert_non_null(strstr(text, "\tlinux /boot/vmlinuz-6.1.0-10-cloud-amd64 "
                                     "root=UUID=11111111-2222-8333-8444-010203040506 ro \"console=tty0\" "
                                     "\"console=ttyS0,115200n8\"\n"));
        assert_non_null(strstr(text, "\tinitrd /boot/initrd.img-6.1.0-10-cloud-amd64\n"));
        assert_true(strstr(text, "6.1.0-10") < strstr(text, "6.1.0-9"));
        free(text);
        machine_release(&machine);
}

static void command_line_cannot_leave_its_quotes(void **state)
{
        struct machine machine;
        char *text;

        machine_init(&machine, state);
        machine.template.boot.command_line.text = (char *)"a\"b;reboot $x";
        put(&machine, "/boot", "vmlinuz-1", "k");
        assert_int_equal(boot_files_write_grub(&machine.boot, NULL), INGOT_OK);
        text = get(&machine, "/boot/grub/grub.cfg");
        assert_non_null(strstr(text, " ro \"a\\\"b;reboot\" \"\\$x\"\n"));
        free(text);
        machine_release(&machine);
}

static void kernel_with_a_strange_name_is_left_out(void **state)
{
        struct machine machine;
        char *text;

        machine_init(&machine, state);
        put(&machine, "/boot", "vmlinuz-1", "k");
        put(&machine, "/boot", "vmlinuz-2 }; reboot", "k");
        assert_int_equal(boot_files_write_grub(&machine.boot, NULL), INGOT_OK);
        text = get(&machine, "/boot/grub/grub.cfg");
        assert_null(strstr(text, "reboot"));
        free(text);
        machine_release(&machine);
}

static void missing_kernel_names_the_package(void **state)
{
        struct machine machine;
        struct ingot_error err;

        machine_init(&machine, state);
        assert_int_equal(boot_files_write_grub(&machine.boot, &err), INGOT_E_TEMPLATE);
        assert_non_null(strstr(ingot_error_frame(&err, 0), "web.yaml:9:1: "));
        assert_non_null(strstr(ingot_error_frame(&err, 0), "linux-image-cloud-amd64"));
        machine_release(&machine);
}

static void esp_gets_the_prebuilt_grub(void **state) /* rule 2 */
{
        struct machine machine;
        char *text;

        machine_init(&machine, state);
        put(&machine, "/usr/lib/grub/x86_64-efi/monolithic", "grubx64.efi", "MZ plain");
        assert_int_equal(boot_files_fill_esp(&machine.boot, NULL), INGOT_OK);
        text = get(&machine, "/boot/efi/EFI/BOOT/BOOTX64.EFI");
        assert_string_equal(text, "MZ plain");
        free(text);
        text = get(&machine, "/boot/efi/EFI/debian/grub.cfg");
        assert_string_equal(text,
                            "search --no-floppy --fs-uuid --set=root 11111111-2222-8333-8444-010203040506\n"
                            "set prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n");
        free(text);
        machine_release(&machine);
}

static void esp_prefers_shim_and_signed_grub(void **state) /* rule 2 */
{
        struct machine machine;
        char *text;

        machine_init(&machine, state);
        put(&machine, "/usr/lib/grub/x86_64-efi/monolithic", "grubx64.efi", "MZ plain");
        put(&machine, "/usr/lib/grub/x86_64-efi-signed", "grubx64.efi.signed", "MZ signed");
        put(&machine, "/usr/lib/shim", "shimx64.efi.signed", "MZ shim");
        assert_int_equal(boot_files_fill_esp(&machine.boot, NULL), INGOT_OK);
        text = get(&machine, "/boot/efi/EFI/BOOT/BOOTX64.EFI");
        assert_string_equal(text, "MZ shim");
        free(text);
        text = get(&machine, "/boot/efi/EFI/BOOT/grubx64.efi");
        assert_string_equal(text, "MZ signed");
        free(text);
        machine_release(&machine);
}

static void missing_grub_names_the_package(void **state)
{
        struct machine machine;
        struct ingot_error err;

        machine_init(&machine, state);
        assert_int_equal(boot_files_fill_esp(&machine.boot, &err), INGOT_E_TEMPLATE);
        assert_non_null(strstr(ingot_error_frame(&err, 0), "grub-efi-amd64-bin"));
        machine_release(&machine);
}

static void fstab_names_every_file_system_by_uuid(void **state) /* fstab.h rules 1 to 4 */
{
        struct machine machine;
        char *text;

        machine_init(&machine, state);
        put(&machine, "/etc", "fstab",
            "# a comment\n/dev/xvda1 / ext4 defaults 0 1\ntmpfs /scratch tmpfs size=1G 0 0\n\n");
        assert_int_equal(fstab_write(&machine.fstab, NULL), INGOT_OK);
        text = get(&machine, "/etc/fstab");
        assert_string_equal(
                text, "# file system, mount point, type, options, dump, pass: written by ingot\n"
                      "UUID=ABCD-1234 /boot/efi vfat umask=0077,nofail,x-systemd.device-timeout=30s 0 0\n"
                      "UUID=11111111-2222-8333-8444-010203040506 / ext4 defaults,errors=remount-ro 0 1\n"
                      "UUID=00000000-0000-0000-0000-000000000000 /srv ext4 "
                      "defaults,nofail,x-systemd.device-timeout=30s 0 2\n"
                      "tmpfs /scratch tmpfs size=1G 0 0\n");
        free(text);
        assert_true(is_there(&machine, "/boot/efi"));
        assert_true(is_there(&machine, "/srv"));
        machine_release(&machine);
}

static void fstab_written_twice_is_the_same(void **state)
{
        struct machine machine;
        char *first, *second;

        machine_init(&machine, state);
        assert_int_equal(fstab_write(&machine.fstab, NULL), INGOT_OK);
        first = get(&machine, "/etc/fstab");
        assert_int_equal(fstab_write(&machine.fstab, NULL), INGOT_OK);
        second = get(&machine, "/etc/fstab");
        assert_string_equal(first, second);
        free(first);
        free(second);
        machine_release(&machine);
}

static void identity_is_taken_out_of_a_system(void **state) /* identity_reset.h rules 2 and 3 */
{
        struct machine machine;
        char *text;

        machine_init(&machine, state);
        put(&machine, "/etc", "machine-id", "0123456789abcdef0123456789abcdef\n");
        put(&machine, "/etc", "hostname", "build-host\n");
        put(&machine, "/etc", "resolv.conf", "nameserver 192.0.2.1\n");
        put(&machine, "/etc/ssh", "ssh_host_ed25519_key", "secret");
        put(&machine, "/etc/ssh", "sshd_config", "keep");
        put(&machine, "/var/lib/systemd", "random-seed", "x");
        put(&machine, "/var/tmp", "left", "x");
        assert_int_equal(identity_reset(machine.tree, machine.store, NULL), INGOT_OK);
        text = get(&machine, "/etc/machine-id");
        assert_string_equal(text, "");
        free(text);
        assert_false(is_there(&machine, "/etc/hostname"));
        assert_false(is_there(&machine, "/etc/resolv.conf"));
        assert_false(is_there(&machine, "/etc/ssh/ssh_host_ed25519_key"));
        assert_true(is_there(&machine, "/etc/ssh/sshd_config"));
        assert_false(is_there(&machine, "/var/lib/systemd/random-seed"));
        assert_true(is_there(&machine, "/var/tmp"));
        assert_false(is_there(&machine, "/var/tmp/left"));
        machine_release(&machine);
}

static void data_without_etc_is_left_alone(void **state) /* identity_reset.h rule 4 */
{
        struct machine machine;

        machine_init(&machine, state);
        put(&machine, "/tmp", "data", "x");
        assert_int_equal(identity_reset(machine.tree, machine.store, NULL), INGOT_OK);
        assert_true(is_there(&machine, "/tmp/data"));
        assert_false(is_there(&machine, "/etc"));
        machine_release(&machine);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                ONE(grub_cfg_boots_the_newest_kernel_first),
                ONE(command_line_cannot_leave_its_quotes),
                ONE(kernel_with_a_strange_name_is_left_out),
                ONE(missing_kernel_names_the_package),
                ONE(esp_gets_the_prebuilt_grub),
                ONE(esp_prefers_shim_and_signed_grub),
                ONE(missing_grub_names_the_package),
                ONE(fstab_names_every_file_system_by_uuid),
                ONE(fstab_written_twice_is_the_same),
                ONE(identity_is_taken_out_of_a_system),
                ONE(data_without_etc_is_left_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
