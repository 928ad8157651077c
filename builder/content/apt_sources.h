/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_APT_SOURCES_H
#define CONTENT_APT_SOURCES_H

/* builder/content/apt_sources.h
 * apt_sources: from a Debian machine's own apt sources to those of another Debian suite.
 *
 * Rules    (1) An entry counts when it holds binary packages, is enabled, offers "main", names the machine's
 *              release (or stable, oldstable, testing) as a suite, with or without -updates or -security, and
 *              is signed by Debian's keys: Signed-By absent, or a debian-archive-... key ring.
 *          (2) It is printed as a deb822 stanza with the wanted suite in the place of the machine's and the
 *              wanted components in the place of its own; URIs and Signed-By are kept, options are not.
 *          (3) sid and unstable have neither -updates nor -security: those entries are left out.
 *          (4) Comments are dropped, also inside a stanza, where some readers refuse them; a stanza that was
 *              printed before is not printed again.
 * Source   sources.list(5), deb822(5) of apt 2.6
 * Tests    tests/unit/content/test_apt_sources.c
 */
#include <ingot/error.h>

#include "base/buffer.h"

struct apt_wish {
        const char *suite;         /* wanted: "trixie" */
        const char *machine_suite; /* the machine's own: "bookworm" */
        const char *components;    /* "main contrib" */
};

/*
 * Appends what one file of sources holds for the wish.
 *
 * is_list      whether text is one-line entries (NAME.list) rather than stanzas (NAME.sources)
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code apt_sources_select(const char *text, bool is_list, const struct apt_wish *wish,
                                   struct buffer *out, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Appends what a machine's sources hold for the wish; wish->machine_suite is found out here.
 *
 * root         "" for this machine; a folder in tests
 * Fails with   INGOT_E_NOT_FOUND  the machine is not Debian, or has no entry that counts
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code apt_sources_of_machine(const char *root, const char *suite, const char *components,
                                       struct buffer *out, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
