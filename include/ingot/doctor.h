/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGOT_DOCTOR_H
#define INGOT_DOCTOR_H

/* include/ingot/doctor.h
 * doctor: looks, before anything is published, for what would keep a publication from succeeding.
 *
 * Rules    (1) Nothing is changed: calls that would are asked with DryRun, or not at all.
 *          (2) What cannot be looked at is said so, with the reason, and is no problem by itself.
 * Source   docs/doctor.md
 * Tests    tests/cli/plan.sh
 */
#include <ingot/publish.h>

enum ingot_verdict {
        INGOT_VERDICT_OK,
        INGOT_VERDICT_WARNING,  /* it may work, and may not be what was meant */
        INGOT_VERDICT_PROBLEM,  /* it would not work */
        INGOT_VERDICT_UNCHECKED /* rule 2 */
};

struct ingot_finding {
        char *region;      /* NULL: of the build */
        const char *check; /* "identity", "permissions", ... */
        enum ingot_verdict verdict;
        char *text;
};

struct ingot_diagnosis {
        struct ingot_finding *findings;
        size_t count;
        size_t warnings, problems, unchecked; /* how many of them */
};

/* Borrowed for the call. */
struct ingot_doctor_request {
        const char *folder;      /* a build; NULL: only what concerns the account and the region */
        const char *kms_key_arn; /* of regions for which the build names none; NULL: none */
        int encrypt;             /* non-zero: as for ingot_publish() */
};

/*
 * Examines the regions of a target (as ingot_release() takes them), and a build.
 *
 * ret_diagnosis  owned by the caller: ingot_diagnosis_free(); problems are no failure of the call
 * Fails with     INGOT_E_USAGE, INGOT_E_NOT_FOUND (no build), INGOT_E_FORMAT, INGOT_E_CHECKSUM, INGOT_E_SYSTEM,
 *                INGOT_E_MEMORY, INGOT_E_CANCELLED
 */
enum ingot_code ingot_doctor(const struct ingot_doctor_request *request, const struct ingot_target *target,
                             const struct ingot_observer *observer, struct ingot_diagnosis **ret_diagnosis,
                             struct ingot_error *err) INGOT_MUST_CHECK;
void ingot_diagnosis_free(struct ingot_diagnosis *diagnosis);
enum ingot_code ingot_diagnosis_json(const struct ingot_diagnosis *diagnosis, char **ret_json,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/* "ok", "warning", "problem", "unchecked" */
const char *ingot_verdict_name(enum ingot_verdict verdict);

#endif
