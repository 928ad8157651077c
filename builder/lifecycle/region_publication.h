/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_REGION_PUBLICATION_H
#define LIFECYCLE_REGION_PUBLICATION_H

/* builder/lifecycle/region_publication.h
 * region_publication: a build on its way into one region.
 *
 *        open            upload           register            finish
 *   -- > OPENED ----> UPLOADED --------> REGISTERED --------> FINISHED     close, from anywhere
 *                     snapshots are      an AMI, private;     its attributes, its shares;
 *                     completed          provisional or not   receipt written, journals gone
 *
 * Rules    (1) Each step may be asked for again in another process after the one before it: what is there is found.
 *          (2) The journals stay until finish(): they name what an unfinished publication has made.
 *          (3) undo() removes what is provisional and what the caller says was made, and nothing else.
 *          (4) It is filled in place and never moves; it is one thread's at a time.
 * Tests    tests/cli/region.sh, tests/cli/release.sh
 */
#include "lifecycle/last_published.h"
#include "lifecycle/region_session.h"
#include "model/manifest.h"
#include "publish/pace.h"

struct region_publication {
        /* Set by the caller, borrowed: */
        struct ingot_publish_request request;
        struct ingot_target target; /* of one region */
        const struct ingot_observer *observer;
        const struct manifest *manifest;
        bool is_provisional; /* register a provisional AMI (ami_publish.h, rule 3) */
        /* Private: */
        struct region_session session;
        struct ingot_receipt *receipt; /* filled in as facts become known; owned */
        struct journal **journals;     /* one for each volume; owned */
        struct last_published last;
        struct pace pace;
        uint64_t started_ns;
        bool is_seen;  /* the region has answered */
        bool found;    /* the AMI was there */
        bool is_ours;  /* it is provisional: of this release */
        bool finished; /* the receipt names all there is */
};

/*
 * Opens the region and looks whether the AMI is there.
 *
 * publication  zeroed, with what the caller sets; region_publication_close() whatever the result
 * Fails with   INGOT_E_CONFLICT  another AMI has the name; and as region_session_open()
 */
enum ingot_code region_publication_open(struct region_publication *publication,
                                        struct ingot_error *err) INGOT_MUST_CHECK;

/* Makes or finds the snapshots, waits for them, and verifies them if asked to.  Fails as ingot_publish() does. */
enum ingot_code region_publication_upload(struct region_publication *publication,
                                          struct ingot_error *err) INGOT_MUST_CHECK;

/* Whether the snapshot that receipt's place at names was made by this run, or by one that it went on with. */
bool region_publication_made(const struct region_publication *publication, size_t at);

/*
 * Registers the AMI, unless it is there.  Somebody else's of the same content, registered meanwhile, is success too.
 *
 * Fails with   INGOT_E_CONFLICT  another AMI has got the name; and as ami_publish()
 */
enum ingot_code region_publication_register(struct region_publication *publication,
                                            struct ingot_error *err) INGOT_MUST_CHECK;

/* Asks whether finishing would be allowed; changes nothing.  Fails as ami_finish() does. */
enum ingot_code region_publication_rehearse(struct region_publication *publication,
                                            struct ingot_error *err) INGOT_MUST_CHECK;

/* Finishes the AMI and writes the receipt.  Fails as ami_finish(), receipt_write() and last_published_keep() do. */
enum ingot_code region_publication_finish(struct region_publication *publication,
                                          struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Takes back what was made (rule 3).
 *
 * made         for each of receipt's snapshots: whether it is this release's to delete
 * Fails with   what ec2_deregister_image() and ec2_delete_snapshot() fail with
 */
enum ingot_code region_publication_undo(struct region_publication *publication, const bool *made,
                                        struct ingot_error *err) INGOT_MUST_CHECK;

void region_publication_close(struct region_publication *publication);

#endif
