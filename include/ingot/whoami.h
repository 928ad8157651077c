/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGOT_WHOAMI_H
#define INGOT_WHOAMI_H

/* include/ingot/whoami.h
 * whoami: which credentials a target is called with, where they come from, and who they are.
 *
 * Rules    (1) That there are no credentials is an answer, not a failure of the call: credentials_code says it, and
 *              sources what each place is missing.
 *          (2) No secret is in it.
 * Tests    tests/cli/aws.sh, tests/judges/credentials.py
 */
#include <stddef.h>

#include <ingot/publish.h>

struct ingot_whoami_source {
        const char *name;  /* "env", "assume-role", ...: botocore's names */
        const char *words; /* "the environment" */
        char *missing;     /* why it has none; NULL: it has them, or looking there failed */
};

enum { INGOT_WHOAMI_SERVICES = 6 };

struct ingot_whoami {
        char *region, *partition, *profile;   /* partition and profile are NULL for a local region */
        char *config_file, *credentials_file; /* of AWS; NULL for a local region */
        struct ingot_whoami_source *sources;  /* those that were asked, in order; none for a local region */
        size_t source_count;
        enum ingot_code credentials_code; /* INGOT_OK: there are some */
        struct ingot_error credentials_error;
        char *source, *origin, *access_key_id, *expires; /* NULL: none; expires NULL too: they do not */
        enum ingot_code identity_code; /* of asking STS; INGOT_OK: the next three are known */
        struct ingot_error identity_error;
        char *account, *arn, *user_id;
        struct {
                const char *service; /* "ec2" */
                char *url;           /* NULL: not known there */
        } endpoints[INGOT_WHOAMI_SERVICES];
};

/*
 * Looks for credentials and asks STS who they are.
 *
 * ret_whoami   owned by the caller: ingot_whoami_free()
 * Fails with   INGOT_E_USAGE  the target is none, or names several regions
 *              INGOT_E_NOT_FOUND, INGOT_E_FORMAT  the profile is not there; a file of AWS cannot be read
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_CANCELLED
 */
enum ingot_code ingot_whoami(const struct ingot_target *target, const struct ingot_observer *observer,
                             struct ingot_whoami **ret_whoami, struct ingot_error *err) INGOT_MUST_CHECK;
void ingot_whoami_free(struct ingot_whoami *whoami);
enum ingot_code ingot_whoami_json(const struct ingot_whoami *whoami, char **ret_json,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

#endif
