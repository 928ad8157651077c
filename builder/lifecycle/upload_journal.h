/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_UPLOAD_JOURNAL_H
#define LIFECYCLE_UPLOAD_JOURNAL_H

/* builder/lifecycle/upload_journal.h
 * upload_journal: where the journals of uploads are, which have no build folder to lie in.
 *
 *   JOURNALS/TARGET/journal-REGION-IMAGE-KEY
 *
 * Rules    (1) TARGET is of what a target reaches, not of how it was written: the local region's folder, or the
 *              address of AWS's service with the profile.  Regions that share a name do not share journals.
 *          (2) The file's name and what it says are volume_publish's: one image, one region, one journal.
 * Source   docs/journal.md
 * Tests    tests/unit/lifecycle/test_upload_journal.c, tests/cli/upload_resume.sh
 */
#include "lifecycle/region_session.h"
#include "lifecycle/volume_publish.h"

/*
 * Names the folder of one target's journals; it need not be there.
 *
 * journals     the folder of all targets
 * session      open, to target
 * ret_path     owned by the caller (free)
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code upload_journal_folder(const char *journals, const struct ingot_target *target,
                                      const struct region_session *session, char **ret_path,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Names the journal of one upload, and makes the folders that it is to lie in.
 *
 * ret_path     owned by the caller (free)
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code upload_journal_path(const char *journals, const struct ingot_target *target,
                                    const struct region_session *session,
                                    const struct volume_to_publish *volume, char **ret_path,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

#endif
