/* SPDX-License-Identifier: Apache-2.0
 * A relay that does one thing wrong, for the tests of the load driver. */
#ifndef BENCH_FAULTY_H
#define BENCH_FAULTY_H

#include "base/str.h"

#include <netinet/in.h>

enum fault {
	FAULT_NONE = 1,
	FAULT_DROP,             /* one stanza is gone */
	FAULT_DUPLICATE,        /* one comes twice */
	FAULT_SWAP,             /* two of the same address pair change places */
	FAULT_CHANGE_TEXT,      /* one letter of the text */
	FAULT_CHANGE_TO,        /* one letter of an attribute */
	FAULT_ADD_ELEMENT,
	FAULT_FORGE_NUMBER,     /* a number that was never sent */
	FAULT_REWRITE,          /* no fault: all stanzas in other bytes of the same meaning */
};

/* Copies what one connection to `listen_fd` brings to `to`, with its fault, until that connection ends. Returns 0 or an error,
 * TRUNK_ENOENT where the stanza to be spoiled has not what the fault changes. */
int faulty_relay(int listen_fd, struct sockaddr_in to, enum fault fault);

#endif
