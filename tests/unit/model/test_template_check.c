/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/example.h"

#include "base/own.h"
#include "model/template_check.h"

static void the_example_parses(void **state)
{
        OWNED(template_drop) struct template *template = example_parse_template(example_template);
        const struct template_volume *root, *data;
        const struct content_step *steps;

        (void)state;
        assert_string_equal(template->name.text, "debian-12-web");
        assert_int_equal(template->volume_count, 2);
        root = template_volume_find(template, "/dev/xvda");
        data = template_volume_find(template, "/dev/sdf");
        assert_int_equal(root->partition_table, PARTITION_TABLE_GPT);
        assert_int_equal(root->partition_count, 3);
        assert_int_equal(root->partitions[0].file_system, FILE_SYSTEM_NONE);
        assert_int_equal(root->partitions[1].size.bytes, 64 << 20);
        assert_int_equal(root->partitions[2].size.kind, SIZE_FIT);
        assert_int_equal(root->partitions[2].size.extra_percent, 30);
        assert_int_equal(root->partitions[2].size.mark.line, 12);
        assert_int_equal(root->partitions[2].number.value, 3);
        assert_int_equal(root->content_count, 6);
        steps = root->content;
        assert_int_equal(steps[0].packages.count, 4);
        assert_string_equal(steps[0].to.text, "/");
        assert_int_equal(steps[1].strip_components.value, 1);
        assert_string_equal(steps[3].text.text, "built by ingot 2026.11\n");
        assert_string_equal(steps[4].name.text, "app.service");
        assert_true(steps[5].system && steps[5].uid.value == 990);
        assert_int_equal(data->partition_table, PARTITION_TABLE_NONE);
        assert_int_equal(data->partition_count, 1);
        assert_int_equal(data->partitions[0].file_system, FILE_SYSTEM_EXT4);
        assert_int_equal(data->partitions[0].size.kind, SIZE_FIT);
        assert_string_equal(template->ami.boot_mode.text, "uefi-preferred");
        assert_string_equal(template->ami.sriov.text, "simple");
        assert_string_equal(template->folder, ".");
}

static void every_verb_and_short_form_is_taken(void **state)
{
        static const char content[] = "    content:\n"
                                      "      - tar: root.tar\n"
                                      "      - tar: {source: r.tar.xz, sha256: "
                                      "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}\n"
                                      "      - append: {to: /etc/hosts, text: \"127.0.1.1 web\\n\"}\n"
                                      "      - mkdir: /var/lib/app\n"
                                      "      - mkdir: {to: /run/app, mode: '0750', owner: 'app:app'}\n"
                                      "      - link: {to: /usr/bin/app, target: ../../opt/app/bin/app}\n"
                                      "      - link: {to: /a, target: /b, hard: true}\n"
                                      "      - delete: /etc/motd\n"
                                      "      - delete: {to: /usr/share/doc, recursive: true}\n"
                                      "      - mode: {to: /opt, mode: 755, recursive: false}\n"
                                      "      - owner: {to: /opt, owner: '0:0', recursive: true}\n"
                                      "      - user: deploy\n"
                                      "      - group: {name: ops, gid: 950, system: true}\n"
                                      "      - group: ops2\n"
                                      "      - hostname: web\n"
                                      "      - disable: apt-daily.timer\n"
                                      "      - mask: {unit: getty@tty1.service}\n"
                                      "      - authorized-key: {user: admin, key: ssh-ed25519 AAAAC3 me}\n"
                                      "      - authorized-key: {name: admin, text: ssh-ed25519 AAAAC3 me}\n"
                                      "  /dev/sdf:\n";
        static const enum content_verb verbs[] = {
                CONTENT_TAR,
                CONTENT_TAR,
                CONTENT_APPEND,
                CONTENT_MKDIR,
                CONTENT_MKDIR,
                CONTENT_LINK,
                CONTENT_LINK,
                CONTENT_DELETE,
                CONTENT_DELETE,
                CONTENT_MODE,
                CONTENT_OWNER,
                CONTENT_USER,
                CONTENT_GROUP,
                CONTENT_GROUP,
                CONTENT_HOSTNAME,
                CONTENT_DISABLE,
                CONTENT_MASK,
                CONTENT_AUTHORIZED_KEY,
                CONTENT_AUTHORIZED_KEY,
        };
        char text[8192];
        const char *start = strstr(example_template, "    content:\n"), *end = strstr(start, "  /dev/sdf:\n");
        OWNED(template_drop) struct template *template = NULL;
        const struct template_volume *volume;

        (void)state;
        (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(start - example_template), example_template,
                       content, end + strlen("  /dev/sdf:\n"));
        template = example_parse_template(text);
        volume = template_volume_find(template, "/dev/xvda");
        assert_int_equal(volume->content_count, sizeof(verbs) / sizeof(verbs[0]));
        for (size_t i = 0; i < volume->content_count; i++)
                assert_int_equal(volume->content[i].verb, verbs[i]);
        assert_string_equal(volume->content[14].text.text, "web");
        assert_string_equal(volume->content[18].text.text, "ssh-ed25519 AAAAC3 me");
        assert_string_equal(volume->content[18].name.text, "admin");
        assert_string_equal(volume->content[7].to.text, "/etc/motd");
        assert_string_equal(volume->content[11].name.text, "deploy");
}

/* What the template says once `from` is `to`: all complaints, a line each. */
static void complaints_of(const char *from, const char *to, struct buffer *text)
{
        OWNED(complaint_list_release) struct complaint_list list = { 0 };
        OWNED(template_drop) struct template *template = NULL;
        const char *yaml = from ? example_with(example_template, from, to) : to;
        enum ingot_code r = template_parse(yaml, strlen(yaml), "t", NULL, 0, &list, &template, NULL);

        assert_true(!r == !!template && !r == !list.count);
        for (size_t i = 0; i < list.count; i++) {
                complaint_print(&list.complaints[i], text);
                if (i + 1 < list.count)
                        buffer_append_char(text, '\n');
        }
}

/* clang-format off */
static const struct {
        const char *name, *from, *to, *complaint;
} bad_rows[] = {
        /* the ways a template is bad that the issue names */
        { "not YAML", "name: d", "name: [d", "t:2:1: not YAML: did not find expected ',' or ']', while parsing a flow sequence that starts at line 1" },
        { "a tab", "    partitions:", "\tpartitions:", "t:9:1: a tab in the indentation; YAML is indented with spaces" },
        { "duplicate key", "version:", "name:", "t:4:1: key 'name' is given twice; the first is at 1:1\nt:17:38: unknown variable '${version}'; give it with --set version=VALUE, or write $${ for a plain ${" },
        { "unknown key", "partitions:", "partitons:", "t:9:5: [volumes./dev/xvda.partitons] unknown key 'partitons'; did you mean 'partitions'?" },
        { "wrong type", "x86_64", "[x86_64]", "t:3:15: [architecture] must be a single value, not a list" },
        { "a size that is none", "64MiB", "64MB", "t:11:38: [volumes./dev/xvda.partitions[1].size] '64MB' is no size: write 64MiB, 8GiB, fit, fit+30%, fit+200MiB or rest" },
        { "a size that cannot fit", "64MiB", "65TiB", "t:11:38: [volumes./dev/xvda.partitions[1].size] '65TiB' is past 64TiB, the most that a volume of EBS holds" },
        /* top level */
        { "empty", NULL, "", "t: there is nothing in it" },
        { "a list", NULL, "- a\n", "t:1:1: not a template: it starts with keys, as 'name:', 'architecture:', 'volumes:'" },
        { "nothing that matters", NULL, "version: 1\n", "t:1:1: key 'architecture' is missing\nt:1:1: key 'name' is missing\nt:1:1: key 'root-device' is missing\nt:1:1: key 'volumes' is missing" },
        { "short name", "debian-12-web  ", "d ", "t:1:7: [name] has 1 characters; from 3 to 128 are allowed" },
        { "name with a plus", "debian-12-web", "debian+12", "t:1:7: [name] '+' cannot be in the name of an AMI; letters, digits, spaces and ( ) [ ] . / - ' @ _ can" },
        { "architecture", "x86_64", "amd64", "t:3:15: [architecture] 'amd64' is not x86_64 or arm64" },
        { "no value", "architecture: x86_64", "architecture:", "t:3:14: [architecture] has no value; write \"\" for an empty text" },
        { "root device elsewhere", "root-device: /dev/xvda", "root-device: /dev/xvdb", "t:5:14: [root-device] '/dev/xvdb' is none of the volumes; did you mean '/dev/xvda'?\nt:12:88: [volumes./dev/xvda.partitions[2].mount] '/' is mounted from the root device, '/dev/xvdb', not from '/dev/xvda'" },
        { "device name", "  /dev/sdf:", "  /dev/nvme1n1:", "t:20:3: [volumes./dev/nvme1n1] '/dev/nvme1n1' is no device name that EC2 takes; use /dev/sda1 or /dev/xvda for the root volume, /dev/sdb to /dev/sdz or /dev/xvdb to /dev/xvdz for others" },
        { "seed", "boot:", "seed: 42\nboot:", "t:25:7: [seed] '42' is no UUID (1234abcd-12ab-12ab-12ab-123456abcdef)" },
        { "epoch", "boot:", "source-date-epoch: 12\nboot:", "t:25:20: [source-date-epoch] 12 is not within 315532800 to 4102444799" },
        { "epoch as a date", "boot:", "source-date-epoch: 2026-11-22\nboot:", "t:25:20: [source-date-epoch] must be a whole number, not 2026-11-22" },
        /* volumes and partitions */
        { "no table", "    partition-table: gpt\n", "", "t:8:5: [volumes./dev/xvda] there are partitions, but no table; add 'partition-table: gpt'" },
        { "mbr", "partition-table: gpt", "partition-table: mbr", "t:8:22: [volumes./dev/xvda.partition-table] 'mbr' is not gpt or none" },
        { "label beside a table", "partition-table: gpt", "partition-table: gpt\n    label: x", "t:9:5: [volumes./dev/xvda] 'label' belongs to one of the partitions, since there is a partition table" },
        { "esp is ext4", "file-system: vfat", "file-system: ext4", "t:11:58: [volumes./dev/xvda.partitions[1].file-system] a partition of type esp has 'vfat', not 'ext4'" },
        { "bios-boot is vfat", "type: bios-boot,", "type: bios-boot, file-system: vfat,", "t:10:52: [volumes./dev/xvda.partitions[0].file-system] a partition of type bios-boot has no file system, not 'vfat'" },
        { "bios-boot that fits", "size: 1MiB", "size: fit", "t:10:45: [volumes./dev/xvda.partitions[0].size] there are no files that it could fit; write a size, as 1MiB" },
        { "same name", "name: bios,", "name: root,", "t:12:16: [volumes./dev/xvda.partitions[2].name] the name 'root' is taken by the partition at line 10" },
        { "same number", "type: esp,", "type: esp, number: 1,", "t:11:40: [volumes./dev/xvda.partitions[1].number] the number 1 is taken by the partition at line 10" },
        { "same mount", "mount: /srv ", "mount: /boot/efi ", "t:23:12: [volumes./dev/sdf.mount] '/boot/efi' is given already at line 11" },
        { "same label", "label: data", "label: root", "t:22:12: [volumes./dev/sdf.label] 'root' is given already at line 12" },
        { "root not last", "{name: bios, type: bios-boot, size: 1MiB}\n", "{name: bios, type: bios-boot, size: 1MiB}\n      - {name: top, type: home, size: rest, mount: /home}\n", "t:11:39: [volumes./dev/xvda.partitions[1].size] 'rest' leaves nothing for the partitions after it; move it below them" },
        { "root before another", "label: root, mount: /}\n", "label: root, mount: /}\n      - {type: swap, size: 1GiB}\n", "t:12:9: [volumes./dev/xvda.partitions[2]] the root partition stands last, so that it can grow; move it below the others" },
        { "no root", "label: root, mount: /}", "label: root}", "t:7:3: [root-device] no file system of root device '/dev/xvda' has 'mount: /'" },
        { "long label", "label: root,", "label: a-label-of-root-17,", "t:12:75: [volumes./dev/xvda.partitions[2].label] 'a-label-of-root-17' is longer than the 16 bytes of an ext4 label" },
        { "vfat label", "file-system: vfat,", "file-system: vfat, label: efi,", "t:11:71: [volumes./dev/xvda.partitions[1].label] 'efi' is no vfat label: A-Z, 0-9, space, '-' and '_' will do" },
        { "long GPT name", "name: bios,", "name: a-name-that-is-longer-than-36-characters,", "t:10:16: [volumes./dev/xvda.partitions[0].name] 'a-name-that-is-longer-than-36-characters' is longer than the 36 characters that a GPT has for a name" },
        { "uneven size", "size: 1MiB", "size: 1000000", "t:10:45: [volumes./dev/xvda.partitions[0].size] '1000000' is not a multiple of 1MiB; write 1MiB" },
        { "fit with nonsense", "fit+30%", "fit+30", NULL },
        { "too many percent", "fit+30%", "fit+10001%", "t:12:40: [volumes./dev/xvda.partitions[2].size] 'fit+10001%' is no size: write 64MiB, 8GiB, fit, fit+30%, fit+200MiB or rest" },
        { "neither", "    file-system: ext4               # no partition table: the file system is the volume\n", "", "t:21:5: [volumes./dev/sdf] has neither 'partition-table: gpt' with 'partitions', nor 'file-system'" },
        { "mount with ..", "mount: /srv ", "mount: /srv/../x ", "t:23:12: [volumes./dev/sdf.mount] '/srv/../x' has '..' in it; write the path out" },
        { "relative mount", "mount: /srv ", "mount: srv ", "t:23:12: [volumes./dev/sdf.mount] 'srv' must be an absolute path; write '/srv'" },
        { "uuid of vfat", "file-system: vfat,", "file-system: vfat, uuid: 12,", "t:11:70: [volumes./dev/xvda.partitions[1].uuid] '12' is no serial of a vfat; it is written as ABCD-1234" },
        /* content */
        { "unknown verb", "- enable:", "- enabel:", "t:18:9: [volumes./dev/xvda.content[4]] unknown verb 'enabel'; did you mean 'enable'?" },
        { "key of a verb", "strip-components: 1", "strip_components: 1", "t:15:54: [volumes./dev/xvda.content[1].archive.strip_components] unknown key 'strip_components'; did you mean 'strip-components'?" },
        { "missing key", "source: app.service, ", "", "t:16:15: [volumes./dev/xvda.content[2].file] key 'source' is missing" },
        { "no step", "- enable: app.service", "- enable", "t:18:9: [volumes./dev/xvda.content[4]] must be a step: a verb with its value, as '- mkdir: /srv'" },
        { "two verbs", "- enable: app.service", "- enable: app.service\n        mkdir: /x", "t:19:9: [volumes./dev/xvda.content[4]] 'mkdir' is a second verb in one step; start it with its own '-', or indent it below 'enable' if it belongs to that" },
        { "climbs out", "to: /opt/app,", "to: /opt/../../app,", "t:15:44: [volumes./dev/xvda.content[1].archive.to] '/opt/../../app' has '..' in it; write the path out" },
        { "digest", "9f86", "9g86", "t:15:83: [volumes./dev/xvda.content[1].archive.sha256] '9g86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' is no SHA-256: it has 64 digits, 0-9 and a-f" },
        { "mode", "\"0644\"", "\"0698\"", "t:16:80: [volumes./dev/xvda.content[2].file.mode] '0698' is no mode: write 3 or 4 octal digits, as \"0644\"" },
        { "unit", "app.service\n", "app/x\n", "t:18:17: [volumes./dev/xvda.content[4].enable] 'app/x' is no name of a systemd unit" },
        { "uid", "uid: 990", "uid: 4294967295", "t:19:32: [volumes./dev/xvda.content[5].user.uid] 4294967295 is not within 0 to 4294967294" },
        { "user name", "name: app,", "name: App,", "t:19:22: [volumes./dev/xvda.content[5].user.name] 'App' is no name of a user or group: at most 32 of a-z, 0-9, '_' and '-', starting with a letter or '_'" },
        { "yes", "system: true", "system: yes", "t:19:45: [volumes./dev/xvda.content[5].user.system] must be true or false, not yes" },
        { "private key", "- enable: app.service", "- authorized-key: {user: app, key: '-----BEGIN OPENSSH PRIVATE KEY-----'}", "t:18:42: [volumes./dev/xvda.content[4].authorized-key.key] is a private key; it must not be in a template: use the line of its .pub file" },
        { "delete all", "- enable: app.service", "- delete: /", "t:18:17: [volumes./dev/xvda.content[4].delete] must be a path below '/', not '/' itself" },
        { "hostname", "- enable: app.service", "- hostname: web_1", "t:18:19: [volumes./dev/xvda.content[4].hostname] 'web_1' is no host name: at most 64 letters, digits, '-' and '.'" },
        { "distribution", "distribution: debian", "distribution: debain", "t:14:35: [volumes./dev/xvda.content[0].bootstrap.distribution] 'debain' is not debian; did you mean 'debian'?" },
        /* boot and ami */
        { "no place for GRUB", "      - {name: bios, type: bios-boot, size: 1MiB}\n", "", "t:24:7: [boot] 'bios: grub' needs a partition for GRUB's core on the root device; add {name: bios, type: bios-boot, size: 1MiB}" },
        { "no esp", "      - {name: esp, type: esp, size: 64MiB, file-system: vfat, mount: /boot/efi}\n", "", "t:24:7: [boot] 'uefi: grub' needs a partition of type esp on the root device; add {name: esp, type: esp, size: 64MiB, mount: /boot/efi}" },
        { "BIOS on arm64", "x86_64", "arm64", "t:25:7: [boot] arm64 has no BIOS; leave 'bios: grub' out\nt:26:18: [ami.boot-mode] arm64 boots by UEFI only; write 'uefi'" },
        { "loader", "uefi: grub", "uefi: systemd-boot", "t:25:26: [boot.uefi] 'systemd-boot' is not grub or none\nt:26:18: [ami.boot-mode] 'uefi-preferred' needs 'uefi: grub' in the boot section" },
        { "boot mode without loader", "bios: grub, ", "", "t:26:18: [ami.boot-mode] 'uefi-preferred' needs 'bios: grub' in the boot section" },
        { "TPM", "imds: v2.0,", "imds: v2.0, tpm: v2.0,", "t:26:62: [ami.tpm] EC2 gives a TPM to AMIs of boot mode 'uefi' only, and this one has 'uefi-preferred'; write 'boot-mode: uefi'" },
        { "tag", "team: web", "aws:team: web", "t:26:64: [ami.tags.aws:team] the key of a tag cannot start with 'aws:'" },
        { "ena", "ena: true", "ena: on", "t:26:39: [ami.ena] must be true or false, not on" },
};
/* clang-format on */

static void each_mistake_is_named_at_its_place(void **state) /* rules 2 and 3 */
{
        size_t wrong = 0;

        (void)state;
        for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
                OWNED(buffer_release) struct buffer text = BUFFER_INIT(100000);

                complaints_of(bad_rows[i].from, bad_rows[i].to, &text);
                if (strcmp(text.bytes, bad_rows[i].complaint ? bad_rows[i].complaint : "") != 0) {
                        print_error("%s: {{%s}}\n", bad_rows[i].name, text.bytes);
                        wrong++;
                }
        }
        assert_int_equal(wrong, 0);
}

static void all_mistakes_are_told_at_once(void **state) /* rule 1 */
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(100000);
        const char *yaml = example_with(example_template, "x86_64", "x86-64");

        (void)state;
        yaml = example_with(yaml, "64MiB", "64MB");
        yaml = example_with(yaml, "- enable:", "- enabel:");
        complaints_of(NULL, example_with(yaml, "boot-mode:", "boot_mode:"), &text);
        assert_string_equal(
                text.bytes,
                "t:3:15: [architecture] 'x86-64' is not x86_64 or arm64; did you mean 'x86_64'?\n"
                "t:11:38: [volumes./dev/xvda.partitions[1].size] '64MB' is no size: write 64MiB, 8GiB, fit, "
                "fit+30%, "
                "fit+200MiB or rest\n"
                "t:18:9: [volumes./dev/xvda.content[4]] unknown verb 'enabel'; did you mean 'enable'?\n"
                "t:26:7: [ami.boot_mode] unknown key 'boot_mode'; did you mean 'boot-mode'?");
}

static void defaults_follow_from_the_rest(void **state)
{
        static const char yaml[] = "name: arm\narchitecture: arm64\nroot-device: /dev/sda1\nvolumes:\n"
                                   "  /dev/sda1:\n    partition-table: gpt\n    partitions:\n"
                                   "      - {type: esp, size: 64MiB}\n"
                                   "      - {type: swap, size: 1GiB}\n"
                                   "      - {type: root, size: fit + 200 MiB, mount: /}\n"
                                   "boot: {uefi: grub}\nami: {imds: none}\n";
        OWNED(template_drop) struct template *template = example_parse_template(yaml);
        const struct template_partition *partitions = template->volumes[0].partitions;

        (void)state;
        assert_string_equal(template->ami.boot_mode.text, "uefi");
        assert_string_equal(template->ami.imds.text, "none");
        assert_string_equal(template->ami.sriov.text, "none");
        assert_int_equal(template->ami.ena, TRI_YES);
        assert_int_equal(partitions[0].file_system, FILE_SYSTEM_VFAT);
        assert_int_equal(partitions[1].file_system, FILE_SYSTEM_SWAP);
        assert_int_equal(partitions[2].file_system, FILE_SYSTEM_EXT4);
        assert_string_equal(partitions[2].name.text, "root");
        assert_int_equal(partitions[2].size.extra_bytes, 200 << 20);
        assert_null(template->version.text);
}

static void device_names_are_those_of_ec2(void **state)
{
        static const struct {
                const char *name;
                bool good;
        } rows[] = {
                { "/dev/sda1", true },  { "/dev/sda", true },      { "/dev/sda2", true },
                { "/dev/sda3", false }, { "/dev/sdb1", false },    { "/dev/sdz", true },
                { "/dev/xvda", true },  { "/dev/xvdz", true },     { "/dev/xvdba", true },
                { "/dev/xvddz", true }, { "/dev/xvdea", false },   { "/dev/xvda1", false },
                { "sdf", false },       { "/dev/sdF", false },     { "/dev/sd", false },
                { "/dev/hda", false },  { "/dev/nvme0n1", false }, { "/dev/xvdaaa", false },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(buffer_release) struct buffer text = BUFFER_INIT(10000);
                char key[64];

                (void)snprintf(key, sizeof(key), "  %s:\n    file-system", rows[i].name);
                if (strcmp(rows[i].name, "/dev/xvda") != 0)
                        complaints_of("  /dev/sdf:\n    file-system", key, &text);
                if (!text.size_bytes != rows[i].good)
                        fail_msg("%s: %s", rows[i].name, text.bytes);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_example_parses),
                cmocka_unit_test(every_verb_and_short_form_is_taken),
                cmocka_unit_test(each_mistake_is_named_at_its_place),
                cmocka_unit_test(all_mistakes_are_told_at_once),
                cmocka_unit_test(defaults_follow_from_the_rest),
                cmocka_unit_test(device_names_are_those_of_ec2),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
