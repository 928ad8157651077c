/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_FAULT_H
#define WIRE_FAULT_H

/* builder/wire/fault.h
 * fault: what a region says when it refuses, whichever protocol it says it in; and the tag, which every
 * protocol has.
 *
 * Rules    (1) Texts are cut to their room and hold no control characters: they come from outside and end in
 *              messages.  An empty code means that the answer could not be read as a refusal.
 */
enum { FAULT_CODE_CHARS = 63, FAULT_MESSAGE_CHARS = 255 };

struct fault {
        char code[FAULT_CODE_CHARS + 1];   /* "RequestThrottledException", "InvalidAMIName.Duplicate" */
        char reason[FAULT_CODE_CHARS + 1]; /* EBS's Reason: "SNAPSHOT_NOT_FOUND"; "" elsewhere */
        char message[FAULT_MESSAGE_CHARS + 1];
};

/* Copies text into out under rule 1; NULL is as "". */
void fault_set_text(char *out, unsigned chars, const char *text);

struct wire_tag {
        const char *key, *value;
};

#endif
