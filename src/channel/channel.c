/* SPDX-License-Identifier: Apache-2.0
 * Ciphertext in, elements out; plaintext in, ciphertext out. */
#include "channel/channel.h"

enum { CHANNEL_OWN_BYTES = 16 * 1024 }; /* a half-read element larger than this is read on where it is, not in the shared space */

static void count_plain(struct channel *channel)
{
	memory_count(channel->site->memory, &channel->counted_bytes, channel->plain.cap);
}

static bool count_pending(struct channel *channel)
{
	return memory_count(channel->site->memory, &channel->counted_pending, channel->conn ? channel->conn->pending_bytes : 0);
}

/* Runs one callback; returns false where the channel is gone or must not be read on. */
static bool dispatch(struct channel *channel, enum xml_event event, const struct xml_element *element, const bool *gone)
{
	switch (event) {
	case XML_HEADER:
		channel->handler->header(channel->ctx, xml_reader_header(channel->reader));
		break;
	case XML_ELEMENT:
		channel->handler->element(channel->ctx, element);
		break;
	case XML_END:
		channel->is_deaf = true;
		channel->handler->end(channel->ctx);
		return false;
	case XML_ERROR:
		channel->is_deaf = true;
		channel->handler->broken(channel->ctx, xml_reader_error(channel->reader, &(uint64_t){0}));
		return false;
	case XML_MORE:
		return false;
	}
	return !*gone && !channel->is_deaf && !channel->is_held;
}

/* Reads all that is whole in `space`. Where TLS begins in the middle, what follows is thrown away. */
static void read_elements(struct channel *channel, struct buf *space, const bool *gone)
{
	const struct tls_session *tls = channel->tls;

	for (;;) {
		struct xml_element element;
		size_t consumed = 0;
		enum xml_event event;

		event = xml_reader_next(channel->reader, buf_str(space), &element, &consumed);
		if (event == XML_MORE) {
			buf_drop(space, consumed);
			return;
		}
		if (!dispatch(channel, event, &element, gone) || channel->tls != tls) {
			if (!*gone && channel->is_held)
				buf_drop(space, consumed);
			else if (!*gone)        /* with the channel its own buffer is gone */
				buf_clear(space);
			return;
		}
		buf_drop(space, consumed);
	}
}

/* Reads in the thread's shared space and keeps only what is not whole, so that an idle stream holds no buffer. */
static void read_shared(struct channel *channel, struct buf *space, const bool *gone)
{
	read_elements(channel, space, gone);
	if (!*gone && buf_len(space) > 0 && !channel->is_deaf) {
		if (buf_add(&channel->plain, buf_str(space)) < 0) {
			channel->is_deaf = true;
			channel->handler->broken(channel->ctx, TRUNK_ENOMEM);
		}
	}
	buf_clear(space);
}

/* Decrypts into `space`, or copies. Returns 0 or an error behind which nothing comes. */
static int take_bytes(struct channel *channel, struct str bytes, struct buf *space)
{
	int err;

	if (!channel->tls)
		return buf_add(space, bytes);
	err = tls_decrypt(channel->tls, bytes, space, channel->site->cipher);
	if (buf_len(channel->site->cipher) > 0)
		conn_write(channel->conn, buf_str(channel->site->cipher));
	buf_clear(channel->site->cipher);
	return err;
}

static void read_plain(struct channel *channel, struct str bytes, const bool *gone)
{
	const bool is_own = buf_len(&channel->plain) > CHANNEL_OWN_BYTES;
	struct buf *space = is_own ? &channel->plain : channel->site->plain;
	int err = 0;

	if (!is_own) {
		err = buf_add(space, buf_str(&channel->plain));
		buf_clear(&channel->plain);
	}
	if (err == 0)
		err = take_bytes(channel, bytes, space);
	if (is_own)
		read_elements(channel, space, gone);
	else
		read_shared(channel, space, gone);
	if (*gone || channel->is_deaf)
		return;
	buf_trim(&channel->plain, 0);
	count_plain(channel);
	if (err == TRUNK_ECLOSED || err == TRUNK_ETLS) {
		channel->is_closed = true;
		channel->handler->closed(channel->ctx, err == TRUNK_ECLOSED ? 0 : err);
	} else if (err < 0) {
		channel->handler->broken(channel->ctx, err);
	} else if (channel->plain.cap > 0 && !memory_has_reserve(channel->site->memory)) {
		channel->handler->broken(channel->ctx, TRUNK_ELIMIT);
	}
}

static void handshake(struct channel *channel, struct str bytes, const bool *gone)
{
	struct buf *out = channel->site->cipher;
	const int done = tls_handshake(channel->tls, bytes, out);

	if (buf_len(out) > 0)
		conn_write(channel->conn, buf_str(out));
	buf_clear(out);
	if (done == 0)
		return;
	channel->is_secured = done > 0;
	channel->handler->secured(channel->ctx, done > 0 ? 0 : done, done > 0 ? "" : tls_session_error(channel->tls));
	if (done > 0 && !*gone && !channel->is_deaf)
		read_plain(channel, STR(""), gone);     /* what came behind the handshake */
}

static void on_data(void *ctx, struct str bytes)
{
	struct channel *channel = ctx;
	bool gone = false, *outer = channel->gone;

	channel->heard_ms = loop_now_ms(channel->site->loop);
	channel->bytes_in += bytes.len;
	if (channel->is_deaf)
		return;
	if (channel->generation != channel->site->generation)
		xml_reader_set_size(channel->reader, channel->site->limits->stanza_bytes);
	channel->generation = channel->site->generation;
	channel->gone = &gone;
	if (channel->tls && !channel->is_secured)
		handshake(channel, bytes, &gone);
	else
		read_plain(channel, bytes, &gone);
	if (!gone)
		channel->gone = outer;
}

void channel_hold(struct channel *channel)
{
	channel->is_held = true;
	conn_read(channel->conn, false);
}

void channel_resume(struct channel *channel)
{
	channel->is_held = false;
	conn_read(channel->conn, true);
	if (!channel->tls || channel->is_secured)
		on_data(channel, STR(""));
}

int channel_detach(struct channel *channel, int *ret_fd)
{
	const int err = conn_detach(&channel->conn, ret_fd);

	if (err == 0)
		memory_count(channel->site->memory, &channel->counted_bytes, 0);
	return err;
}

void channel_move(struct channel *channel, const struct site *site, struct conn *conn)
{
	channel->site = site;
	channel_attach(channel, conn);
	count_plain(channel);
	if (channel->is_held)
		conn_read(conn, false);
}

static void on_open(void *ctx, int err)
{
	struct channel *channel = ctx;

	channel->heard_ms = loop_now_ms(channel->site->loop);
	channel->handler->open(channel->ctx, err);
}

static void on_drained(void *ctx)
{
	struct channel *channel = ctx;

	count_pending(channel);
	channel->handler->drained(channel->ctx);
}

static void on_closed(void *ctx, int err)
{
	struct channel *channel = ctx;

	if (channel->is_closed)
		return;
	channel->is_closed = true;
	channel->handler->closed(channel->ctx, err);
}

static const struct conn_handler conn_handler = {
	.open = on_open, .data = on_data, .drained = on_drained, .closed = on_closed,
};

int channel_init(struct channel *channel, const struct site *site, const struct channel_handler *handler, void *ctx)
{
	const struct xml_limits limits = {
		.element_bytes = site->limits->stanza_bytes, .depth = site->limits->depth, .attributes = site->limits->attributes,
	};

	*channel = (struct channel){.site = site, .handler = handler, .ctx = ctx};
	channel->heard_ms = loop_now_ms(site->loop);
	channel->generation = site->generation;
	channel->reader = xml_reader_new(&limits);
	return channel->reader ? 0 : TRUNK_ENOMEM;
}

void channel_fini(struct channel *channel)
{
	if (channel->gone)
		*channel->gone = true;
	if (channel->is_aborted)
		conn_abort(&channel->conn);
	else
		conn_free(&channel->conn);
	tls_session_free(&channel->tls);
	xml_reader_free(&channel->reader);
	buf_fini(&channel->plain);
	if (channel->site) {
		count_plain(channel);
		count_pending(channel);
	}
}

int channel_connect(struct channel *channel, const struct endpoint *to, const struct endpoint *source)
{
	return conn_connect(channel->site->net, to, source, &conn_handler, channel, &channel->conn);
}

void channel_attach(struct channel *channel, struct conn *conn)
{
	channel->conn = conn;
	conn_attach(conn, &conn_handler, channel);
}

void channel_start_tls(struct channel *channel, struct tls_session **session)
{
	bool never = false;

	channel->tls = *session;
	*session = NULL;
	buf_fini(&channel->plain);
	channel_restart(channel);
	handshake(channel, STR(""), &never);    /* a client speaks first; nothing can be done yet, so no callback comes but failure */
}

void channel_restart(struct channel *channel)
{
	xml_reader_reset(channel->reader);
}

int channel_write(struct channel *channel, struct str plain)
{
	struct buf *out = channel->site->cipher;
	int err;

	if (!channel->conn || channel->is_closed)
		return TRUNK_ECLOSED;
	channel->bytes_out += plain.len;
	if (!channel->tls) {
		channel->wrote_bytes = plain.len;
		err = conn_write(channel->conn, plain);
	} else {
		if ((err = tls_encrypt(channel->tls, plain, out)) == 0) {
			channel->wrote_bytes = buf_len(out);
			err = conn_write(channel->conn, buf_str(out));
		}
		buf_clear(out);
	}
	count_pending(channel);
	return err;
}

size_t channel_pending(const struct channel *channel)
{
	return channel->conn ? channel->conn->pending_bytes : 0;
}

size_t channel_unsent(const struct channel *channel)
{
	return channel->conn ? channel->conn->pending_bytes + channel->conn->lost_bytes : 0;
}

void channel_read(struct channel *channel, bool is_on)
{
	if (channel->conn && !channel->is_closed)
		conn_read(channel->conn, is_on);
}

void channel_ignore(struct channel *channel)
{
	channel->is_deaf = true;
}

void channel_shutdown(struct channel *channel)
{
	if (!channel->conn || channel->is_closed)
		return;
	if (channel->tls && channel->is_secured) {
		tls_close(channel->tls, channel->site->cipher);
		conn_write(channel->conn, buf_str(channel->site->cipher));
		buf_clear(channel->site->cipher);
	}
	conn_shutdown(channel->conn);
	conn_read(channel->conn, true);
}
