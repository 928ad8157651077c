/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_AMI_FINISH_H
#define LIFECYCLE_AMI_FINISH_H

/* builder/lifecycle/ami_finish.h
 * ami_finish: makes an AMI that is there all that its manifest says: final tags, deprecation, deregistration
 * protection, and last of all who may use it.
 *
 * Rules    (1) What is missing is added, nothing is taken away, and what is there already is not asked for again: a
 *              second call changes nothing.
 *          (2) deprecate-after counts from the AMI's creation: the same moment, whenever it is asked for.
 *          (3) Tags are given only to an AMI that is provisional (tag ingot:release = pending); those of others were
 *              given at registration.
 *          (4) Permissions come last, snapshots before the AMI: whoever sees it may use all of it.
 *          (5) A rehearsal asks the same with DryRun, looks at block public access, and changes nothing.
 * Tests    tests/cli/release.sh
 */
#include "lifecycle/region_session.h"
#include "model/manifest.h"

/*
 * Finishes receipt's AMI, or rehearses it.
 *
 * receipt      what the AMI has then is filled in: deprecation, protection, shares; not by a rehearsal
 * Fails with   INGOT_E_NOT_FOUND  the AMI is gone
 *              INGOT_E_DENIED     not allowed; block public access is on; over the quota of public AMIs
 *              INGOT_E_USAGE      a moment for the deprecation that is past
 *              and what image_attribute's and snapshot_attribute's calls fail with
 */
enum ingot_code ami_finish(const struct region_session *session, const struct manifest *manifest,
                           struct ingot_receipt *receipt, bool is_rehearsal,
                           struct ingot_error *err) INGOT_MUST_CHECK;

#endif
