/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/digest.h"
#include "base/guid.h"
#include "base/utf16.h"
#include "model/template_rules.h"

enum { PATH_MAX_BYTES = 4095, PATH_NAME_MAX_BYTES = 255, USER_NAME_MAX_CHARS = 32, GPT_NAME_UNITS = 36 };

static bool is_lower(char c)
{
        return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
        return is_lower(c) || (c >= 'A' && c <= 'Z') || is_digit(c);
}

static bool is_control(char c)
{
        return (unsigned char)c < 0x20 || c == 0x7f;
}

/* RegisterImage, Name: 3 to 128 of these; the length is the field's. */
void rule_ami_name(struct checker *checker, const struct text_value *value)
{
        for (const char *at = value->text; *at; at++) {
                if (!is_alphanumeric(*at) && !strchr("()[] ./-'@_", *at)) {
                        size_t bytes = 1;

                        while (((unsigned char)at[bytes] & 0xc0) == 0x80)
                                bytes++;
                        checker_complain(
                                checker, &value->mark,
                                "'%.*s' cannot be in the name of an AMI; letters, digits, spaces and "
                                "( ) [ ] . / - ' @ _ can",
                                (int)bytes, at);
                        return;
                }
        }
}

/* /dev/sda to /dev/sdz, /dev/sda1, /dev/sda2; /dev/xvda to /dev/xvdz, /dev/xvdaa to /dev/xvddz. */
static bool is_device_name(const char *text)
{
        if (strncmp(text, "/dev/sd", 7) == 0)
                return is_lower(text[7]) &&
                       (!text[8] || strcmp(text + 7, "a1") == 0 || strcmp(text + 7, "a2") == 0);
        if (strncmp(text, "/dev/xvd", 8) == 0)
                return is_lower(text[8]) && (!text[9] || (text[8] <= 'd' && is_lower(text[9]) && !text[10]));
        return false;
}

void rule_device_name(struct checker *checker, const struct text_value *value)
{
        if (!is_device_name(value->text))
                checker_complain(
                        checker, &value->mark,
                        "'%s' is no device name that EC2 takes; use /dev/sda1 or /dev/xvda for the root "
                        "volume, /dev/sdb to /dev/sdz or /dev/xvdb to /dev/xvdz for others",
                        value->text);
}

void rule_uuid(struct checker *checker, const struct text_value *value)
{
        struct guid guid;

        if (!guid_parse(value->text, &guid))
                checker_complain(checker, &value->mark,
                                 "'%s' is no UUID (1234abcd-12ab-12ab-12ab-123456abcdef)", value->text);
}

void rule_sha256(struct checker *checker, const struct text_value *value)
{
        uint8_t bytes[DIGEST_BYTES];

        if (!hex_decode(value->text, bytes, sizeof(bytes)))
                checker_complain(checker, &value->mark, "'%s' is no SHA-256: it has 64 digits, 0-9 and a-f",
                                 value->text);
}

static bool has_control(struct checker *checker, const struct text_value *value)
{
        for (const char *at = value->text; *at; at++) {
                if (is_control(*at)) {
                        checker_complain(checker, &value->mark,
                                         "must be one line without control characters");
                        return true;
                }
        }
        return false;
}

void rule_one_line(struct checker *checker, const struct text_value *value)
{
        (void)has_control(checker, value);
}

void rule_word(struct checker *checker, const struct text_value *value)
{
        if (has_control(checker, value))
                return;
        if (!*value->text || strchr(value->text, ' ') || value->text[0] == '-')
                checker_complain(checker, &value->mark,
                                 "'%s' must be a word: not empty, without spaces, not starting with '-'",
                                 value->text);
}

void rule_source(struct checker *checker, const struct text_value *value)
{
        if (!*value->text)
                checker_complain(checker, &value->mark, "is empty; name a file or folder");
        else if (strlen(value->text) > PATH_MAX_BYTES)
                checker_complain(checker, &value->mark, "is longer than %d bytes", PATH_MAX_BYTES);
}

/* Whether value is an absolute path without "..", as rule_path() wants it. */
static bool path_is_good(struct checker *checker, const struct text_value *value)
{
        const char *name = value->text;

        if (*name != '/') {
                checker_complain(checker, &value->mark, "'%s' must be an absolute path; write '/%s'",
                                 value->text, value->text);
                return false;
        }
        if (strlen(name) > PATH_MAX_BYTES) {
                checker_complain(checker, &value->mark, "is longer than %d bytes", PATH_MAX_BYTES);
                return false;
        }
        while (*name) {
                size_t bytes;

                name += strspn(name, "/");
                bytes = strcspn(name, "/");
                if (bytes == 2 && strncmp(name, "..", 2) == 0) {
                        checker_complain(checker, &value->mark, "'%s' has '..' in it; write the path out",
                                         value->text);
                        return false;
                }
                if (bytes > PATH_NAME_MAX_BYTES) {
                        checker_complain(checker, &value->mark, "a name in it is longer than %d bytes",
                                         PATH_NAME_MAX_BYTES);
                        return false;
                }
                name += bytes;
        }
        return true;
}

void rule_path(struct checker *checker, const struct text_value *value)
{
        (void)path_is_good(checker, value);
}

void rule_path_below(struct checker *checker, const struct text_value *value)
{
        if (path_is_good(checker, value) && !value->text[strspn(value->text, "/.")])
                checker_complain(checker, &value->mark, "must be a path below '/', not '%s' itself",
                                 value->text);
}

void rule_mount(struct checker *checker, const struct text_value *value)
{
        size_t bytes = strlen(value->text);

        if (!path_is_good(checker, value) || has_control(checker, value))
                return;
        if (strpbrk(value->text, " \\#\"'"))
                checker_complain(checker, &value->mark,
                                 "'%s' has a space, quote, '#' or '\\' in it, which /etc/fstab does not take",
                                 value->text);
        else if (strstr(value->text, "//") || strstr(value->text, "/./") ||
                 (bytes > 1 && value->text[bytes - 1] == '/') ||
                 (bytes > 1 && strcmp(value->text + bytes - 2, "/.") == 0))
                checker_complain(checker, &value->mark,
                                 "'%s' must be written plainly: no '//', no '/./', no '/' at the end",
                                 value->text);
}

void rule_link_target(struct checker *checker, const struct text_value *value)
{
        if (!*value->text || strlen(value->text) > PATH_MAX_BYTES)
                checker_complain(checker, &value->mark, "must have 1 to %d bytes", PATH_MAX_BYTES);
}

void rule_mode(struct checker *checker, const struct text_value *value)
{
        size_t digits = strspn(value->text, "01234567");

        if (value->text[digits] || digits < 3 || digits > 4)
                checker_complain(checker, &value->mark,
                                 "'%s' is no mode: write 3 or 4 octal digits, as \"0644\"", value->text);
}

static bool is_user_name(const char *text, size_t chars)
{
        if (!chars || chars > USER_NAME_MAX_CHARS || !(is_lower(text[0]) || text[0] == '_'))
                return false;
        for (size_t i = 1; i < chars; i++) {
                if (!is_lower(text[i]) && !is_digit(text[i]) && text[i] != '_' && text[i] != '-' &&
                    !(text[i] == '$' && i + 1 == chars))
                        return false;
        }
        return true;
}

static bool is_id(const char *text, size_t chars)
{
        uint64_t id = 0;

        if (!chars || chars > 10)
                return false;
        for (size_t i = 0; i < chars; i++) {
                if (!is_digit(text[i]))
                        return false;
                id = id * 10 + (uint64_t)(text[i] - '0');
        }
        return id < UINT32_MAX; /* 2^32 - 1 means "no user" to the kernel */
}

/* As chown(1) takes it: "user", "user:group", "user:" (the user's own group), ":group". */
void rule_owner(struct checker *checker, const struct text_value *value)
{
        const char *colon = strchr(value->text, ':');
        size_t user_chars = colon ? (size_t)(colon - value->text) : strlen(value->text);
        const char *group = colon ? colon + 1 : "";
        size_t group_chars = strlen(group);
        bool user_is_good = is_user_name(value->text, user_chars) || is_id(value->text, user_chars);
        bool group_is_good = is_user_name(group, group_chars) || is_id(group, group_chars);

        if (!((user_is_good && (group_is_good || !group_chars)) || (!user_chars && group_is_good)))
                checker_complain(
                        checker, &value->mark,
                        "'%s' is no owner: write USER, USER:GROUP or :GROUP, each a name or a number",
                        value->text);
}

void rule_user_name(struct checker *checker, const struct text_value *value)
{
        if (!is_user_name(value->text, strlen(value->text)))
                checker_complain(checker, &value->mark,
                                 "'%s' is no name of a user or group: at most %d of a-z, 0-9, '_' and '-', "
                                 "starting with a letter or '_'",
                                 value->text, USER_NAME_MAX_CHARS);
}

void rule_group(struct checker *checker, const struct text_value *value)
{
        if (!is_id(value->text, strlen(value->text)))
                rule_user_name(checker, value);
}

void rule_account_text(struct checker *checker, const struct text_value *value)
{
        if (!has_control(checker, value) && strchr(value->text, ':'))
                checker_complain(checker, &value->mark, "has a ':', which /etc/passwd does not take");
}

void rule_host_name(struct checker *checker, const struct text_value *value)
{
        const char *at = value->text;
        bool good = strlen(at) <= 64 && *at; /* HOST_NAME_MAX of Linux */

        while (good && *at) {
                size_t chars = strcspn(at, ".");

                good = chars > 0 && chars <= 63 && at[0] != '-' && at[chars - 1] != '-';
                for (size_t i = 0; i < chars; i++)
                        good = good && (is_alphanumeric(at[i]) || at[i] == '-');
                at += chars;
                if (*at == '.' && !*++at)
                        good = false;
        }
        if (!good)
                checker_complain(checker, &value->mark,
                                 "'%s' is no host name: at most 64 letters, digits, '-' and '.'",
                                 value->text);
}

/* A name without a suffix is a service, as for systemctl. */
void rule_unit(struct checker *checker, const struct text_value *value)
{
        size_t chars = strlen(value->text);
        bool good =
                chars > 0 && chars <= PATH_NAME_MAX_BYTES && value->text[0] != '.' && value->text[0] != '-';

        for (const char *at = value->text; good && *at; at++)
                good = is_alphanumeric(*at) || strchr(":-_.\\@", *at);
        if (!good)
                checker_complain(checker, &value->mark, "'%s' is no name of a systemd unit", value->text);
}

void rule_authorized_key(struct checker *checker, const struct text_value *value)
{
        static const char *const kinds[] = { "ssh-ed25519 ",
                                             "ssh-rsa ",
                                             "ecdsa-sha2-nistp256 ",
                                             "ecdsa-sha2-nistp384 ",
                                             "ecdsa-sha2-nistp521 ",
                                             "sk-ssh-ed25519@openssh.com ",
                                             "sk-ecdsa-sha2-nistp256@openssh.com " };

        if (has_control(checker, value))
                return;
        if (strstr(value->text, "PRIVATE KEY")) {
                checker_complain(
                        checker, &value->mark,
                        "is a private key; it must not be in a template: use the line of its .pub file");
                return;
        }
        /* Options may stand before the kind. */
        for (size_t i = 0; i < FIELD_COUNT(kinds); i++) {
                const char *found = strstr(value->text, kinds[i]);

                if (found && (found == value->text || found[-1] == ' '))
                        return;
        }
        checker_complain(checker, &value->mark,
                         "is no public key of OpenSSH: a line as 'ssh-ed25519 AAAA... comment'");
}

void rule_gpt_name(struct checker *checker, const struct text_value *value)
{
        uint16_t units[GPT_NAME_UNITS];
        size_t count;

        if (has_control(checker, value))
                return;
        if (!*value->text)
                checker_complain(checker, &value->mark,
                                 "is empty; leave the key out for the type's own name");
        else if (!utf16_from_utf8(value->text, strlen(value->text), units, GPT_NAME_UNITS, &count))
                checker_complain(checker, &value->mark,
                                 "'%s' is longer than the %d characters that a GPT has for a name",
                                 value->text, GPT_NAME_UNITS);
}
