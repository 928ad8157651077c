/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <ingot/publish.h>

#include "commands/options.h"
#include "model/spelling.h"

static const struct {
        char letter;
        const char *name;
        const char *value; /* what stands for it in the help; NULL: a flag */
        const char *help;
} options[OPTION_COUNT] = {
        [OPTION_HELP] = { 'h', "help", NULL, "tell this and do nothing" },
        [OPTION_JSON] = { 'j', "json", NULL, "print one JSON document on standard output" },
        [OPTION_QUIET] = { 'q', "quiet", NULL, "no progress, no summary" },
        [OPTION_MAPPING] = { 'm', "mapping", "FILE", "the block device mapping, EC2's own JSON" },
        [OPTION_OUTPUT] = { 'o', "output", "DIR", "the folder for images and manifest" },
        [OPTION_FORMATS] = { 'f', "format", "LIST", "raw, vmdk, or raw,vmdk for both" },
        [OPTION_FORMAT] = { 'f', "format", "FORMAT", "of the output: raw or vmdk" },
        [OPTION_SET] = { 's', "set", "KEY=VALUE", "give ${KEY} of the template; may be repeated" },
        [OPTION_TO] = { 't', "to", "TARGET", "local[:REGION] or aws:REGION[,REGION...]" },
        [OPTION_LISTEN] = { 'l', "listen", "ADDRESS", "where to listen (default: 127.0.0.1:5810)" },
        [OPTION_CHAOS] = { 0, "chaos", "FILE", "how the region is to behave badly (docs/chaos.md)" },
        [OPTION_REGION_DIR] = { 0, "region-dir", "DIR", "where the local region keeps its data" },
        [OPTION_CACHE_DIR] = { 0, "cache-dir", "DIR", "where bootstrapped root file systems are kept" },
        [OPTION_COMPRESSOR] = { 0, "compressor", "NAME",
                                "of VMDK: zlib (default), libdeflate, isal[:LEVEL]" },
        [OPTION_THREADS] = { 0, "threads", "N", "threads to use (default: one per processor)" },
        [OPTION_REFRESH] = { 0, "refresh", NULL, "bootstrap anew, whatever the cache holds" },
        [OPTION_PROFILE] = { 0, "profile", "NAME", "the profile of AWS's files to use" },
        [OPTION_CA_BUNDLE] = { 0, "ca-bundle", "FILE", "certificates to trust instead of the system's" },
        [OPTION_OUTPUT_FILE] = { 'o', "output", "FILE", "the file to write, or a folder that exists" },
        [OPTION_FROM] = { 0, "from", "TARGET", "local[:REGION] (the default) or aws:REGION" },
        [OPTION_DEVICE] = { 0, "device", "NAME", "of an AMI: this volume, as /dev/xvda" },
        [OPTION_VOLUME_SIZE] = { 0, "volume-size", "GIB", "of the volume (default: the disk's, rounded up)" },
        [OPTION_DESCRIPTION] = { 0, "description", "TEXT", "of the snapshot" },
        [OPTION_TAG] = { 0, "tag", "KEY=VALUE", "of the snapshot; may be repeated" },
        [OPTION_PARENT_SNAPSHOT] = { 0, "parent", "SNAPSHOT", "send only what differs from it" },
        [OPTION_TEMP_DIR] = { 0, "temp-dir", "DIR", "for what is unpacked (default: TMPDIR, or /var/tmp)" },
        [OPTION_FULL] = { 0, "full", NULL, "send all of it, whatever was published before" },
        [OPTION_PARENT] = { 0, "parent", "SNAP|DIR", "send what differs from it (default: DIR's last)" },
        [OPTION_RESUME] = { 0, "resume", NULL, "only go on with a run that was stopped" },
        [OPTION_VERIFY] = { 0, "verify", "N", "read all back, or N blocks by chance, and compare" },
        [OPTION_PUTS_PER_SECOND] = { 0, "puts-per-second", "N", "of the account's quota (default: 1000)" },
        [OPTION_ENCRYPT] = { 0, "encrypt", NULL, "encrypt, whatever the account's default" },
        [OPTION_KMS_KEY] = { 0, "kms-key", "ARN", "the key to encrypt with" },
        [OPTION_YES] = { 'y', "yes", NULL, "do it, instead of only showing it" },
        [OPTION_OLDER_THAN] = { 0, "older-than", "HOURS", "of what no journal names (default: 96)" },
        [OPTION_LOCK] = { 0, "lock", "DIR|FILE", "keep to the layout of an earlier build" },
        [OPTION_PLAN] = { 0, "plan", NULL, "tell what would be done, and change nothing" },
        [OPTION_ON_FAILURE] = { 0, "on-failure", "WHAT", "keep (the default) or rollback" },
        [OPTION_REGIONS_AT_ONCE] = { 0, "regions-at-once", "N", "of a release (default: 4)" },
        [OPTION_OUTPUT_WHAT] = { 0, "output", "WHAT", "id: print ids only, a line for each" },
        [OPTION_PACKER_MANIFEST] = { 0, "packer-manifest", "FILE", "add the AMIs to a packer-manifest.json" },
        [OPTION_VIA] = { 0, "via", "WAY", "ebs (the default), s3, or auto: the quicker" },
        [OPTION_BUCKET] = { 0, "bucket", "NAME", "of S3, in the target's region" },
        [OPTION_PREFIX] = { 0, "prefix", "TEXT", "what the object's key begins with" },
        [OPTION_ROLE_NAME] = { 0, "role-name", "NAME", "of ImportSnapshot (default: vmimport)" },
        [OPTION_DIGESTS] = { 'd', "digests", NULL, "read all data and compute the digests" },
};

/* Only "--name=value" gives it a value. */
static bool value_is_optional(enum option option)
{
        return option == OPTION_VERIFY;
}

static enum ingot_code fail_unknown(const struct command *command, const char *shown, const char *name,
                                    struct ingot_error *err)
{
        const char *names[OPTION_COUNT], *nearest;
        size_t count = 0;

        for (int i = 0; i < OPTION_COUNT; i++) {
                if (i == OPTION_HELP || (command->options & OPTION_BIT(i)))
                        names[count++] = options[i].name;
        }
        nearest = spelling_nearest(name, names, count);
        if (nearest)
                return ingot_fail(err, INGOT_E_USAGE, "there is no option '%s'; the nearest is '--%s'", shown,
                                  nearest);
        return ingot_fail(err, INGOT_E_USAGE, "there is no option '%s'; see 'ingot %s --help'", shown,
                          command->name);
}

/* Finds an option the command takes by its name or, with name NULL, its letter; OPTION_COUNT when none is. */
static enum option option_find(const struct command *command, const char *name, size_t chars, char letter)
{
        for (int i = 0; i < OPTION_COUNT; i++) {
                if (i != OPTION_HELP && !(command->options & OPTION_BIT(i)))
                        continue;
                if (name ? strlen(options[i].name) == chars && memcmp(options[i].name, name, chars) == 0
                         : options[i].letter == letter)
                        return (enum option)i;
        }
        return OPTION_COUNT;
}

static enum ingot_code setting_add(struct arguments *arguments, enum option option, const char *text,
                                   struct ingot_error *err)
{
        const char *name = options[option].name;
        const char *equals = strchr(text, '=');
        char *key;

        if (!equals || equals == text)
                return ingot_fail(err, INGOT_E_USAGE, "'--%s %s' is not KEY=VALUE", name, text);
        if (arguments->setting_count == SETTINGS_MAX)
                return ingot_fail(err, INGOT_E_USAGE, "more than %d options '--%s'", SETTINGS_MAX, name);
        key = strndup(text, (size_t)(equals - text));
        if (!key)
                return ingot_fail_memory(err, (uint64_t)(equals - text) + 1);
        for (size_t i = 0; i < arguments->setting_count; i++) {
                if (strcmp(arguments->setting_keys[i], key) != 0)
                        continue;
                free(key);
                return ingot_fail(err, INGOT_E_USAGE, "'--%s %s' gives a key that is set already", name,
                                  text);
        }
        arguments->setting_keys[arguments->setting_count] = key;
        arguments->settings[arguments->setting_count++] =
                (struct ingot_setting){ .key = key, .value = equals + 1 };
        return INGOT_OK;
}

static enum ingot_code option_take(struct arguments *arguments, enum option option, const char *value,
                                   struct ingot_error *err)
{
        if ((option == OPTION_SET || option == OPTION_TAG) && value) {
                arguments->given[option] = true;
                return setting_add(arguments, option, value, err);
        }
        if (arguments->given[option] && options[option].value)
                return ingot_fail(err, INGOT_E_USAGE, "option '--%s' is given twice", options[option].name);
        if (value && !*value)
                return ingot_fail(err, INGOT_E_USAGE, "option '--%s' needs a value (%s), not an empty text",
                                  options[option].name, options[option].value);
        arguments->given[option] = true;
        arguments->value[option] = value;
        return INGOT_OK;
}

/* Where reading has come to. */
struct cursor {
        const struct command *command;
        int argc, at;
        const char *const *argv;
};

static enum ingot_code value_next(struct cursor *cursor, enum option option, const char **ret_value,
                                  struct ingot_error *err)
{
        if (cursor->at + 1 >= cursor->argc)
                return ingot_fail(err, INGOT_E_USAGE, "option '--%s' needs a value (%s)",
                                  options[option].name, options[option].value);
        *ret_value = cursor->argv[++cursor->at];
        return INGOT_OK;
}

static enum ingot_code long_option_read(struct cursor *cursor, struct arguments *arguments,
                                        struct ingot_error *err)
{
        const char *word = cursor->argv[cursor->at], *name = word + 2, *value = NULL;
        size_t chars = strcspn(name, "=");
        enum option option = option_find(cursor->command, name, chars, 0);
        enum ingot_code r;

        if (option == OPTION_COUNT) {
                char *shown = strndup(word, chars + 2);

                if (!shown)
                        return ingot_fail_memory(err, chars + 3);
                r = fail_unknown(cursor->command, shown, shown + 2, err);
                free(shown);
                return r;
        }
        if (name[chars] == '=') {
                if (!options[option].value)
                        return ingot_fail(err, INGOT_E_USAGE, "option '--%s' takes no value",
                                          options[option].name);
                value = name + chars + 1;
        } else if (options[option].value && !value_is_optional(option)) {
                r = value_next(cursor, option, &value, err);
                if (r)
                        return r;
        }
        return option_take(arguments, option, value, err);
}

static enum ingot_code letters_read(struct cursor *cursor, struct arguments *arguments,
                                    struct ingot_error *err)
{
        enum ingot_code r;

        for (const char *at = cursor->argv[cursor->at] + 1; *at; at++) {
                enum option option = option_find(cursor->command, NULL, 0, *at);
                char shown[3] = { '-', *at, '\0' };
                const char *value = NULL;

                if (option == OPTION_COUNT) {
                        /* "-mapping": one hyphen too few is likelier than a letter that is none */
                        return fail_unknown(cursor->command,
                                            at == cursor->argv[cursor->at] + 1 ? cursor->argv[cursor->at]
                                                                               : shown,
                                            cursor->argv[cursor->at] + 1, err);
                }
                if (options[option].value) {
                        if (at[1]) {
                                value = at + 1;
                        } else {
                                r = value_next(cursor, option, &value, err);
                                if (r)
                                        return r;
                        }
                        return option_take(arguments, option, value, err);
                }
                r = option_take(arguments, option, NULL, err);
                if (r)
                        return r;
        }
        return INGOT_OK;
}

static enum ingot_code operand_add(const struct command *command, struct arguments *arguments,
                                   const char *word, struct ingot_error *err)
{
        if (arguments->operand_count == command->operand_max) {
                if (!command->operand_max)
                        return ingot_fail(err, INGOT_E_USAGE,
                                          "'%s' is one word too many: 'ingot %s' takes none", word,
                                          command->name);
                return ingot_fail(err, INGOT_E_USAGE, "'%s' is one word too many after '%s'", word,
                                  arguments->operands[command->operand_max - 1]);
        }
        arguments->operands[arguments->operand_count++] = word;
        return INGOT_OK;
}

static enum ingot_code arguments_check(const struct command *command, const struct arguments *arguments,
                                       struct ingot_error *err)
{
        if (arguments->given[OPTION_HELP])
                return INGOT_OK;
        if (arguments->operand_count < command->operand_min)
                return ingot_fail(err, INGOT_E_USAGE, "'ingot %s' needs %s; see 'ingot %s --help'",
                                  command->name, command->operands, command->name);
        for (int i = 0; i < OPTION_COUNT; i++) {
                if ((command->required & OPTION_BIT(i)) && !arguments->given[i])
                        return ingot_fail(err, INGOT_E_USAGE, "'ingot %s' needs '--%s %s': %s", command->name,
                                          options[i].name, options[i].value, options[i].help);
        }
        return INGOT_OK;
}

enum ingot_code arguments_parse(const struct command *command, int argc, const char *const *argv,
                                struct arguments *arguments, struct ingot_error *err)
{
        struct cursor cursor = { .command = command, .argc = argc, .argv = argv };
        bool only_operands = false;
        enum ingot_code r;

        for (; cursor.at < argc; cursor.at++) {
                const char *word = argv[cursor.at];

                if (only_operands || word[0] != '-' || !word[1])
                        r = operand_add(command, arguments, word, err);
                else if (strcmp(word, "--") == 0)
                        r = (only_operands = true, INGOT_OK);
                else if (word[1] == '-')
                        r = long_option_read(&cursor, arguments, err);
                else
                        r = letters_read(&cursor, arguments, err);
                if (r)
                        return r;
        }
        return arguments_check(command, arguments, err);
}

void arguments_release(struct arguments *arguments)
{
        for (size_t i = 0; i < arguments->setting_count; i++)
                free(arguments->setting_keys[i]);
        arguments->setting_count = 0;
}

/* ---- values ---- */

static enum ingot_code format_read(const char *text, size_t chars, unsigned *ret_format,
                                   struct ingot_error *err)
{
        if (chars == 3 && memcmp(text, "raw", 3) == 0)
                *ret_format = INGOT_FORMAT_RAW;
        else if (chars == 4 && memcmp(text, "vmdk", 4) == 0)
                *ret_format = INGOT_FORMAT_VMDK;
        else
                return ingot_fail(err, INGOT_E_USAGE, "format '%.*s' is not one of: raw vmdk",
                                  chars > 40 ? 40 : (int)chars, text);
        return INGOT_OK;
}

enum ingot_code arguments_formats(const struct arguments *arguments, unsigned by_default,
                                  unsigned *ret_formats, struct ingot_error *err)
{
        unsigned formats = 0;

        if (!arguments->given[OPTION_FORMATS]) {
                *ret_formats = by_default;
                return INGOT_OK;
        }
        for (const char *at = arguments->value[OPTION_FORMATS], *end;; at = end + 1) {
                unsigned format;
                enum ingot_code r;

                end = at + strcspn(at, ",");
                r = format_read(at, (size_t)(end - at), &format, err);
                if (r)
                        return r;
                formats |= format;
                if (!*end)
                        break;
        }
        *ret_formats = formats;
        return INGOT_OK;
}

enum ingot_code arguments_format(const struct arguments *arguments, unsigned *ret_format,
                                 struct ingot_error *err)
{
        const char *text = arguments->value[OPTION_FORMAT];

        if (!arguments->given[OPTION_FORMAT]) {
                *ret_format = 0;
                return INGOT_OK;
        }
        if (strchr(text, ','))
                return ingot_fail(err, INGOT_E_USAGE, "one output has one format, raw or vmdk");
        return format_read(text, strlen(text), ret_format, err);
}

/* Reads all of text as digits; false when it is not, or is above 1,000,000. */
static bool number_read(const char *text, unsigned *ret_number)
{
        unsigned number = 0;

        if (!*text)
                return false;
        for (; *text; text++) {
                if (*text < '0' || *text > '9' || number > 100000)
                        return false;
                number = number * 10 + (unsigned)(*text - '0');
        }
        *ret_number = number;
        return true;
}

enum ingot_code arguments_number(const struct arguments *arguments, enum option option, unsigned by_default,
                                 unsigned *ret_number, struct ingot_error *err)
{
        if (!arguments->given[option]) {
                *ret_number = by_default;
                return INGOT_OK;
        }
        if (!number_read(arguments->value[option], ret_number))
                return ingot_fail(err, INGOT_E_USAGE, "'--%s %s' is not a whole number from 0 to 1000000",
                                  options[option].name, arguments->value[option]);
        return INGOT_OK;
}

enum ingot_code arguments_verify(const struct arguments *arguments, uint64_t *ret_blocks,
                                 struct ingot_error *err)
{
        const char *text = arguments->value[OPTION_VERIFY];
        unsigned number = 0;
        enum ingot_code r = INGOT_OK;

        if (arguments->given[OPTION_VERIFY] && (!text || strcmp(text, "all") == 0)) {
                *ret_blocks = INGOT_VERIFY_ALL;
                return INGOT_OK;
        }
        if (text)
                r = arguments_number(arguments, OPTION_VERIFY, 0, &number, err);
        if (!r)
                *ret_blocks = number;
        return r;
}

enum ingot_code arguments_compressor(const struct arguments *arguments, char *out, size_t out_bytes,
                                     const char **ret_name, int *ret_level, struct ingot_error *err)
{
        static const char *const names[] = { "libdeflate", "zlib", "isal" };
        const char *text = arguments->value[OPTION_COMPRESSOR], *nearest;
        unsigned level = 0;
        size_t chars;

        *ret_name = NULL;
        *ret_level = -1;
        if (!arguments->given[OPTION_COMPRESSOR])
                return INGOT_OK;
        chars = strcspn(text, ":");
        if (text[chars] == ':' && !number_read(text + chars + 1, &level))
                return ingot_fail(err, INGOT_E_USAGE, "'%s' is not the level of a compressor",
                                  text + chars + 1);
        if (chars >= out_bytes)
                chars = out_bytes - 1;
        memcpy(out, text, chars);
        out[chars] = '\0';
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                if (strcmp(out, names[i]) != 0)
                        continue;
                *ret_name = out;
                *ret_level = text[chars] == ':' ? (int)level : -1;
                return INGOT_OK;
        }
        nearest = spelling_nearest(out, names, sizeof(names) / sizeof(names[0]));
        return ingot_fail(err, INGOT_E_USAGE, "there is no compressor '%s'; %s%s%s", out,
                          nearest ? "the nearest is '" : "there are libdeflate, zlib and isal",
                          nearest ? nearest : "", nearest ? "'" : "");
}

/* ---- help ---- */

static void option_print(enum option option, bool required, FILE *out)
{
        char left[40];

        (void)snprintf(left, sizeof(left), "%c%c%c --%s%s%s%s", options[option].letter ? '-' : ' ',
                       options[option].letter ? options[option].letter : ' ',
                       options[option].letter ? ',' : ' ', options[option].name,
                       !options[option].value      ? ""
                       : value_is_optional(option) ? "[="
                                                   : " ",
                       options[option].value ? options[option].value : "",
                       value_is_optional(option) ? "]" : "");
        (void)fprintf(out, "  %-26s %s%s\n", left, options[option].help, required ? " (needed)" : "");
}

void command_help_print(const struct command *command, FILE *out)
{
        (void)fprintf(out, "Usage: ingot %s [OPTION...]%s%s\n\n%s\nOptions:\n", command->name,
                      *command->operands ? " " : "", command->operands, command->about);
        for (int i = OPTION_COUNT - 1; i >= 0; i--) {
                if (command->required & OPTION_BIT(i))
                        option_print((enum option)i, true, out);
        }
        for (int i = 0; i < OPTION_COUNT; i++) {
                if ((command->options & ~command->required) & OPTION_BIT(i))
                        option_print((enum option)i, false, out);
        }
        option_print(OPTION_HELP, false, out);
        if (command->examples)
                (void)fprintf(out, "\nExamples:\n%s", command->examples);
}
