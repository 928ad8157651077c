/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_AWS_CONFIG_H
#define PUBLISH_AWS_CONFIG_H

/* builder/publish/aws_config.h
 * aws_config: what the environment and AWS's two files say, for one profile.
 *
 * Rules    (1) The files are AWS_CONFIG_FILE (or ~/.aws/config), where a profile is [profile NAME] or [default], and
 *              AWS_SHARED_CREDENTIALS_FILE (or ~/.aws/credentials), where it is [NAME].  A file that is not there is
 *              empty; one that cannot be read is an error.
 *          (2) The profile is the one asked for, else AWS_DEFAULT_PROFILE, else AWS_PROFILE, else "default".  One
 *              that was named by any of these must be in one of the files.
 *          (3) A key is looked for in the credentials file first: it says more about a profile than the other.
 *          (4) A setting is looked for in the environment first, then in the profile.
 * Source   botocore's configloader.py, configprovider.py and session.py.
 * Tests    tests/unit/publish/test_service_endpoint.c, tests/judges/credentials.py
 */
#include <stdbool.h>

#include <ingot/error.h>

#include "publish/ini_file.h"

struct aws_config {
        const char *const *environment;       /* borrowed */
        char *config_path, *credentials_path; /* owned; NULL: there is no place to look */
        struct ini_file config, credentials;
        char *profile;              /* owned; never NULL */
        bool profile_was_asked_for; /* by the caller, not by the environment */
};

/*
 * Reads both files.
 *
 * environment  "NAME=VALUE", NULL-terminated; outlives the config; NULL: none
 * profile      NULL: not asked for
 * config       zeroed; filled in on INGOT_OK: aws_config_release()
 * Fails with   INGOT_E_NOT_FOUND  rule 2
 *              INGOT_E_FORMAT, INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code aws_config_read(const char *const *environment, const char *profile,
                                struct aws_config *config, struct ingot_error *err) INGOT_MUST_CHECK;
void aws_config_release(struct aws_config *config); /* also for OWNED */

/* A profile's section in either file; NULL when it is not there. */
const struct ini_section *aws_config_profile_section(const struct aws_config *config, const char *profile);
const struct ini_section *aws_config_credentials_section(const struct aws_config *config,
                                                         const char *profile);
bool aws_config_has_profile(const struct aws_config *config, const char *profile);

/* Rule 3; NULL when it is not there.  Borrowed from the config. */
const char *aws_config_value(const struct aws_config *config, const char *profile, const char *key);

/* Rule 4, of the config's own profile; key may be NULL. */
const char *aws_config_setting(const struct aws_config *config, const char *variable, const char *key);
/* The same as a truth: "true" in any case is true; all else, and nothing, is false. */
bool aws_config_flag(const struct aws_config *config, const char *variable, const char *key);

/* [KIND NAME] of the config file, such as an sso-session; NULL when it is not there. */
const struct ini_section *aws_config_section(const struct aws_config *config, const char *kind,
                                             const char *name);

#endif
