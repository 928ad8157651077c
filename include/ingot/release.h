/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGOT_RELEASE_H
#define INGOT_RELEASE_H

/* include/ingot/release.h
 * release: one build into several regions: the same AMI in all that are required, or shared nowhere.
 *
 *   PREPARING ---> COMMITTING ---> RELEASED          every required region was ready
 *       |              |
 *       |              +---> FAILED                  some are released already: the same call goes on
 *       +---> FAILED                                 nothing is shared, all is kept: the same call goes on
 *       +---> ROLLED_BACK                            what the release had made is deleted
 *
 * Rules    (1) Until every required region has its AMI, and asking with DryRun has said that finishing is allowed
 *              there, no AMI has its final tags, and nobody is given any; each is marked ingot:release = pending.
 *          (2) A region that is not required may fail: the release goes on without it.
 *          (3) FOLDER/release.json says per region what is where.  It is written whole after each step; the call made
 *              again goes on from what is there, whatever the file says.
 *          (4) Rolling back deletes what this release has made and not finished, and nothing else.  A call that is
 *              stopped (INGOT_E_CANCELLED) keeps everything.
 *          (5) A release into one region that no release section names has no file and no mark.
 * Source   docs/release.md
 * Tests    tests/cli/release.sh
 */
#include <ingot/publish.h>

enum ingot_release_state {
        INGOT_RELEASE_PREPARING,
        INGOT_RELEASE_COMMITTING,
        INGOT_RELEASE_RELEASED,
        INGOT_RELEASE_FAILED,
        INGOT_RELEASE_ROLLED_BACK,
        INGOT_RELEASE_STATE_COUNT /* not a state */
};

enum ingot_region_state {
        INGOT_REGION_WAITING,
        INGOT_REGION_UPLOADING,
        INGOT_REGION_UPLOADED,   /* its snapshots are completed */
        INGOT_REGION_REGISTERED, /* its AMI is there, for its owner only */
        INGOT_REGION_READY,      /* and finishing it would be allowed */
        INGOT_REGION_RELEASED,
        INGOT_REGION_FAILED,
        INGOT_REGION_ROLLED_BACK,
        INGOT_REGION_STATE_COUNT /* not a state */
};

struct ingot_release_snapshot {
        char *device_name, *snapshot_id;
        int made; /* non-zero: by this release, in whichever call */
};

struct ingot_release_region {
        char *region;
        int required;
        enum ingot_region_state state;
        char *ami_id; /* NULL: none yet */
        struct ingot_release_snapshot *snapshots;
        size_t snapshot_count;
        char *error, *error_name;      /* why it failed, and the code's name; NULL: it did not */
        struct ingot_receipt *receipt; /* of this call; NULL: it did not get so far */
};

struct ingot_release {
        char *name, *content_digest;
        enum ingot_release_state state;
        int64_t updated_seconds; /* since 1970 */
        int is_local;            /* non-zero: the local region */
        int has_file;            /* non-zero: rule 3; else rule 5 */
        struct ingot_release_region *regions;
        size_t region_count;
};

enum { INGOT_RELEASE_AT_ONCE = 4 };

struct ingot_release_options {
        int rollback;     /* non-zero: on failure, rule 4; else all is kept */
        unsigned at_once; /* regions; 0: INGOT_RELEASE_AT_ONCE */
};

/*
 * Releases a build.
 *
 * request      as for ingot_publish(); kms_key_arn is for regions without a key of their own
 * target       its regions; with "to" NULL or "aws:", those of the build's release section; with NULL and no such
 *              section, "local"
 * release      zeroed; filled in as facts become known, on failure too; ingot_release_clear() whatever the result
 * Fails with   as ingot_publish(), for the first required region that failed
 */
enum ingot_code ingot_release(const struct ingot_publish_request *request,
                              const struct ingot_release_options *options, const struct ingot_target *target,
                              const struct ingot_observer *observer, struct ingot_release *release,
                              struct ingot_error *err) INGOT_MUST_CHECK;
void ingot_release_clear(struct ingot_release *release);

/* What release.json says, with the receipts of this call. */
enum ingot_code ingot_release_json(const struct ingot_release *release, char **ret_json,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Adds the AMIs of this call to a file of packer-manifest.json's shape, as one build; one of the same AMIs that is there
 * already is replaced.
 *
 * Fails with   INGOT_E_USAGE   there are none
 *              INGOT_E_FORMAT  what is at path is no such file
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code ingot_release_packer_manifest(const struct ingot_release *release, const char *path,
                                              struct ingot_error *err) INGOT_MUST_CHECK;

/* "preparing", ...; "waiting", ... */
const char *ingot_release_state_name(enum ingot_release_state state);
const char *ingot_region_state_name(enum ingot_region_state state);

#endif
