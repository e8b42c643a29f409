/* SPDX-License-Identifier: Apache-2.0
 * The limits of trunkd.yaml's `limits` and `queue`, with units. Pure. */
#ifndef TRUNK_STANZA_LIMITS_H
#define TRUNK_STANZA_LIMITS_H

#include "base/base.h"

/* 0 means no limit where the option's table says so. */
struct limits {
	size_t stanza_bytes;            /* stanza-size, 256 KiB */
	unsigned depth;                 /* 64 */
	unsigned attributes;            /* 64 */
	int64_t handshake_timeout_ms;   /* both legs, until proved; 30 s */
	int64_t idle_timeout_ms;        /* 30 min */
	unsigned unproved_streams;      /* 1000 */
	unsigned streams_per_address;   /* 100 */
	double connections_per_second;  /* connection-rate, 100/s */
	size_t queue_bytes;             /* queue-size, 64 MiB: what may wait for one target */
	size_t memory_bytes;            /* memory, 1 GiB: all queues, buffers and half-read stanzas together */
	double stanzas_per_second;      /* stanza-rate, per spoke; 0: none */
	double bytes_per_second;        /* bytes-rate, per spoke; 0: none */
	int64_t drain_timeout_ms;       /* queue.drain-timeout, 10 s */
	int64_t hold_ms;                /* queue.hold: on disk, 1 h; how long a stanza waits in memory at most is 30 s */
	size_t spool_bytes;             /* queue.spool-size, 1 GiB */
};

#endif
