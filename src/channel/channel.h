/* SPDX-License-Identifier: Apache-2.0
 * One connection with its TLS and its XML reader: bytes below, headers and elements above. */
#ifndef TRUNK_CHANNEL_CHANNEL_H
#define TRUNK_CHANNEL_CHANNEL_H

#include "site/site.h"

/* What a channel tells its owner, who may end the channel in any of them. */
struct channel_handler {
	void (*open)(void *ctx, int err);                       /* channel_connect() is done */
	void (*secured)(void *ctx, int err, const char *why);   /* the TLS handshake is done, or failed for `why` */
	void (*header)(void *ctx, const struct xml_header *header);
	void (*element)(void *ctx, const struct xml_element *element);
	void (*end)(void *ctx);                                 /* the peer ended its stream */
	void (*broken)(void *ctx, int err);                     /* its XML is wrong, or too large; may still be written to */
	void (*drained)(void *ctx);                             /* nothing waits below any more */
	void (*closed)(void *ctx, int err);                     /* the transport is gone */
};

struct channel {
	const struct site *site;
	const struct channel_handler *handler;
	void *ctx;
	struct conn *conn;              /* NULL: none */
	struct tls_session *tls;        /* NULL: plain text */
	struct xml_reader *reader;
	struct buf plain;               /* the element that has begun, between wake-ups */
	bool is_secured;                /* TLS handshake done */
	bool is_deaf;                   /* what comes is thrown away */
	bool is_held;                   /* what comes waits, by channel_hold() */
	bool is_closed;                 /* the transport is gone */
	bool is_aborted;                /* channel_fini() resets the connection rather than ending it */
	bool *gone;                     /* set when the channel ends within a callback */
	size_t counted_bytes, counted_pending;  /* by memory_count() */
	unsigned generation;            /* of the configuration whose stanza-size the reader has */
	uint64_t bytes_in, bytes_out;
	size_t wrote_bytes;             /* that the last channel_write() gave to the connection: ciphertext where TLS is on */
	int64_t heard_ms;               /* when bytes last came */
};

/* `limits` of the reader come from site->limits. Returns 0 or TRUNK_ENOMEM. */
int channel_init(struct channel *channel, const struct site *site, const struct channel_handler *handler, void *ctx);
void channel_fini(struct channel *channel);     /* closes at once; no callback comes any more */

int channel_connect(struct channel *channel, const struct endpoint *to, const struct endpoint *source);
void channel_attach(struct channel *channel, struct conn *conn);        /* takes conn, which is connected */

/* Begins TLS; takes the session. What came in plain text and was not yet read is thrown away (RFC 6120 §5.4.3.3). */
void channel_start_tls(struct channel *channel, struct tls_session **session);

/* The next bytes begin a new stream. */
void channel_restart(struct channel *channel);

/* Writes plaintext, encrypted where TLS is on. Returns 0, TRUNK_ENOMEM, TRUNK_ECLOSED, TRUNK_ETLS, TRUNK_ELIMIT (memory). */
int channel_write(struct channel *channel, struct str plain);
size_t channel_pending(const struct channel *channel);

/* What was written and the system has not taken, and will not where the connection is broken. */
size_t channel_unsent(const struct channel *channel);

void channel_read(struct channel *channel, bool is_on);

/* From within `header`: nothing more is read, and nothing that was read is lost, until channel_resume(). */
void channel_hold(struct channel *channel);
void channel_resume(struct channel *channel);

/* Moves a held channel to another worker: `detach` takes its connection off this loop and gives the descriptor, the caller's; TRUNK_EBUSY while
 * something waits to be written, or another error: then nothing has changed. On the other thread `move` gives the channel its new site and
 * connection, which it takes. */
int channel_detach(struct channel *channel, int *ret_fd);
void channel_move(struct channel *channel, const struct site *site, struct conn *conn);

/* From now on what comes is thrown away. */
void channel_ignore(struct channel *channel);

/* Ends the transport behind what waits: close_notify and FIN. `closed` comes when the peer has done the same. */
void channel_shutdown(struct channel *channel);

#endif
