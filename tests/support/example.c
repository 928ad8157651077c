/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/example.h"

#include "base/own.h"
#include "model/template_check.h"

/* The example of the template reference; sha256 is that of "test". */
const char example_template[] =
        "name: debian-12-web                 # EC2's rules: 3 to 128 characters of its alphabet\n"
        "description: Debian 12 with nginx\n"
        "architecture: x86_64\n"
        "version: \"2026.11\"                  # ${version} and --set values may be used in any string\n"
        "root-device: /dev/xvda\n"
        "volumes:\n"
        "  /dev/xvda:\n"
        "    partition-table: gpt\n"
        "    partitions:\n"
        "      - {name: bios, type: bios-boot, size: 1MiB}\n"
        "      - {name: esp, type: esp, size: 64MiB, file-system: vfat, mount: /boot/efi}\n"
        "      - {name: root, type: root, size: fit+30%, file-system: ext4, label: root, mount: /}\n"
        "    content:\n"
        "      - bootstrap: {distribution: debian, suite: bookworm, packages: [linux-image-cloud-amd64, "
        "cloud-init, openssh-server, chrony]}\n"
        "      - archive: {source: app.tar.zst, to: /opt/app, strip-components: 1, sha256: "
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08}\n"
        "      - file: {source: app.service, to: /etc/systemd/system/app.service, mode: \"0644\"}\n"
        "      - write: {to: /etc/motd, text: \"built by ingot ${version}\\n\"}\n"
        "      - enable: app.service\n"
        "      - user: {name: app, uid: 990, system: true, home: /opt/app}\n"
        "  /dev/sdf:\n"
        "    file-system: ext4               # no partition table: the file system is the volume\n"
        "    label: data\n"
        "    mount: /srv                     # goes into the root volume's fstab by UUID, nofail\n"
        "    content: [{directory: {source: ./data, to: /}}]\n"
        "boot: {bios: grub, uefi: grub, command-line: \"console=tty0 console=ttyS0,115200n8\"}\n"
        "ami: {boot-mode: uefi-preferred, ena: true, imds: v2.0, tags: {team: web}}\n";

const char example_mapping[] =
        "[\n"
        "  {\"DeviceName\": \"/dev/xvda\", \"Ebs\": {\"VolumeSize\": 8, \"VolumeType\": \"gp3\", \"Iops\": "
        "3000,\n"
        "    \"Throughput\": 125, \"DeleteOnTermination\": true}},\n"
        "  {\"DeviceName\": \"/dev/sdf\", \"Ebs\": {\"VolumeType\": \"gp2\"}},\n"
        "  {\"DeviceName\": \"/dev/sdg\", \"Ebs\": {\"SnapshotId\": \"snap-0123456789abcdef0\"}},\n"
        "  {\"DeviceName\": \"/dev/sdh\", \"Ebs\": {\"VolumeSize\": 10, \"Encrypted\": true}},\n"
        "  {\"DeviceName\": \"/dev/sdb\", \"VirtualName\": \"ephemeral0\"},\n"
        "  {\"DeviceName\": \"/dev/sdc\", \"NoDevice\": \"\"}\n"
        "]\n";

const char *example_with(const char *text, const char *from, const char *to)
{
        static char buffers[4][8192];
        static unsigned next;
        char *out = buffers[next++ % 4];
        const char *at = strstr(text, from);

        assert_non_null(at);
        (void)snprintf(out, sizeof(buffers[0]), "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
        return out;
}

struct template *example_parse_template(const char *text)
{
        OWNED(complaint_list_release) struct complaint_list list = { 0 };
        struct ingot_error err;
        struct template *template = NULL;

        if (template_parse(text, strlen(text), "web.yaml", NULL, 0, &list, &template, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        return template;
}

struct mapping *example_parse_mapping(const char *text)
{
        OWNED(complaint_list_release) struct complaint_list list = { 0 };
        struct ingot_error err;
        struct mapping *mapping = NULL;

        if (mapping_parse(text, strlen(text), "web.json", &list, &mapping, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        return mapping;
}
