/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_FATE_H
#define REGION_FATE_H

/* builder/region/fate.h
 * fate: what befalls one request beside its answer, or in place of it.
 *
 *      headers ----- body ------ work done ----- reply
 *   AT_REQUEST     AT_BODY        AT_WORK      AT_REPLY     where its connection ends, or falls silent
 *
 * Unit     nanoseconds
 * Rules    (1) AT_REQUEST and AT_BODY: nothing was done.  AT_WORK and AT_REPLY: all was done, and the client cannot
 *              know it.
 *          (2) A refusal is answered, in the manner of the request's service, once its signature is good.
 */
#include <stdbool.h>
#include <stdint.h>

enum fate_end {
        FATE_ANSWER, /* the connection goes on */
        FATE_HANG,   /* it falls silent, until the client leaves or hang_ns are over */
        FATE_RESET,
        FATE_CLOSE,
};

enum fate_moment { FATE_AT_REQUEST, FATE_AT_BODY, FATE_AT_WORK, FATE_AT_REPLY };

enum { FATE_CODE_CHARS = 63, FATE_MESSAGE_CHARS = 255 };

struct fate_refusal {
        unsigned status; /* 0: there is none */
        char code[FATE_CODE_CHARS + 1];
        char reason[FATE_CODE_CHARS + 1]; /* "" : none */
        char message[FATE_MESSAGE_CHARS + 1];
};

struct region_fate {
        bool is_decided;
        enum fate_end end;
        enum fate_moment moment;
        uint64_t delay_ns; /* between the request and the work */
        uint64_t hang_ns;  /* UINT64_MAX: as long as the client waits */
        struct fate_refusal refusal;
};

#endif
