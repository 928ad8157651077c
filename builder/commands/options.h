/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COMMANDS_OPTIONS_H
#define COMMANDS_OPTIONS_H

/* builder/commands/options.h
 * options: the command line: one table of options, of which each command takes some.
 *
 * Rules    (1) "--name=value", "--name value", "-n value" and "-nvalue" are the same; flags of one letter
 *              may be written together; "--" ends the options; "-" alone is an operand.
 *          (2) Options may stand before or after operands.
 *          (3) An option given twice is an error, but for --set and --tag, which add up.
 *          (4) Two options may share a name where no command takes both: --format is a list or one word.
 *          (5) A word that is not known is named with the nearest one that is.
 * Tests    tests/unit/commands/test_options.c, tests/cli/usage.sh
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <ingot/build.h>

enum option {
        OPTION_HELP,
        OPTION_JSON,
        OPTION_QUIET,
        OPTION_MAPPING,
        OPTION_OUTPUT,
        OPTION_FORMATS,
        OPTION_FORMAT,
        OPTION_SET,
        OPTION_TO,
        OPTION_LISTEN,
        OPTION_CHAOS,
        OPTION_REGION_DIR,
        OPTION_CACHE_DIR,
        OPTION_COMPRESSOR,
        OPTION_THREADS,
        OPTION_REFRESH,
        OPTION_DIGESTS,
        OPTION_PROFILE,
        OPTION_CA_BUNDLE,
        OPTION_OUTPUT_FILE,
        OPTION_FROM,
        OPTION_DEVICE,
        OPTION_VOLUME_SIZE,
        OPTION_DESCRIPTION,
        OPTION_TAG,
        OPTION_TEMP_DIR,
        OPTION_PARENT_SNAPSHOT,
        OPTION_FULL,
        OPTION_PARENT,
        OPTION_RESUME,
        OPTION_VERIFY,
        OPTION_PUTS_PER_SECOND,
        OPTION_ENCRYPT,
        OPTION_KMS_KEY,
        OPTION_YES,
        OPTION_OLDER_THAN,
        OPTION_LOCK,
        OPTION_PLAN,
        OPTION_ON_FAILURE,
        OPTION_REGIONS_AT_ONCE,
        OPTION_OUTPUT_WHAT,
        OPTION_PACKER_MANIFEST,
        OPTION_VIA,
        OPTION_BUCKET,
        OPTION_PREFIX,
        OPTION_ROLE_NAME,
        OPTION_COUNT
};

#define OPTION_BIT(option) (UINT64_C(1) << (option))

/* What a command takes that calls a region. */
#define OPTION_BITS_TARGET                                                                                   \
        (OPTION_BIT(OPTION_TO) | OPTION_BIT(OPTION_REGION_DIR) | OPTION_BIT(OPTION_PROFILE) |                \
         OPTION_BIT(OPTION_CA_BUNDLE))

enum { OPERANDS_MAX = 2, SETTINGS_MAX = 64 };

struct arguments {
        bool given[OPTION_COUNT];
        const char *value[OPTION_COUNT];             /* borrowed from argv; NULL for flags */
        struct ingot_setting settings[SETTINGS_MAX]; /* of --set, or of --tag: no command takes both */
        size_t setting_count;
        const char *operands[OPERANDS_MAX];
        size_t operand_count;
        char *setting_keys[SETTINGS_MAX]; /* owned: what settings[].key point to */
};

struct session;

struct command {
        const char *name;           /* "build", or "region serve" */
        const char *operands;       /* "TEMPLATE" */
        const char *summary;        /* one line of the list of commands */
        const char *about;          /* paragraphs of its help, at most 80 columns */
        const char *examples;       /* lines */
        uint64_t options, required; /* OPTION_BIT()s; OPTION_HELP always is one */
        size_t operand_min, operand_max;
        int (*run)(struct session *session); /* returns the exit status */
};

/*
 * Reads what follows the command's name.  With OPTION_HELP given nothing is checked to be there.
 *
 * arguments    empty on entry; arguments_release() afterwards, whatever the result
 * Fails with   INGOT_E_USAGE, INGOT_E_MEMORY
 */
enum ingot_code arguments_parse(const struct command *command, int argc, const char *const *argv,
                                struct arguments *arguments, struct ingot_error *err) INGOT_MUST_CHECK;
void arguments_release(struct arguments *arguments);

/* Reads "raw,vmdk" of OPTION_FORMATS as INGOT_FORMAT_ bits. */
enum ingot_code arguments_formats(const struct arguments *arguments, unsigned by_default,
                                  unsigned *ret_formats, struct ingot_error *err) INGOT_MUST_CHECK;
/* Reads the one word of OPTION_FORMAT; 0 when it was not given. */
enum ingot_code arguments_format(const struct arguments *arguments, unsigned *ret_format,
                                 struct ingot_error *err) INGOT_MUST_CHECK;
/* Reads a whole number that is not negative; by_default when the option was not given. */
enum ingot_code arguments_number(const struct arguments *arguments, enum option option, unsigned by_default,
                                 unsigned *ret_number, struct ingot_error *err) INGOT_MUST_CHECK;
/* Reads OPTION_VERIFY: INGOT_VERIFY_ALL for "all" or nothing, else a number; 0 when it was not given. */
enum ingot_code arguments_verify(const struct arguments *arguments, uint64_t *ret_blocks,
                                 struct ingot_error *err) INGOT_MUST_CHECK;
/* Reads "NAME" or "NAME:LEVEL"; name is copied to out. */
enum ingot_code arguments_compressor(const struct arguments *arguments, char *out, size_t out_bytes,
                                     const char **ret_name, int *ret_level,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

void command_help_print(const struct command *command, FILE *out);

#endif
