/* SPDX-License-Identifier: Apache-2.0
 * A channel that is written to by mail. */
#include "outbound/carry.h"

#include <stdlib.h>

enum slip_kind { SLIP_CARRY = 1, SLIP_WRITE, SLIP_TAKEN, SLIP_END, SLIP_UNCARRY };

/* All that the two workers tell each other. */
struct slip {
	struct mail mail;
	enum slip_kind kind;
	uint64_t id;                    /* of the away */
	uint64_t taken;                 /* TAKEN, UNCARRY: bytes from the beginning */
	enum proof proof;               /* CARRY, and what follows */
	const char *tls;                /* static */
	struct endpoint peer;
	struct domain_pair pair;        /* points into text */
	struct str bytes;               /* WRITE: in text */
	char text[];
};

/* At the stream's worker. */
struct away {
	struct outbound *outbound;
	struct channel *channel;
	uint64_t id;
	unsigned home;
	struct buf waiting;             /* what the link wrote, until the stream has taken all before it */
	size_t counted;
	size_t chunk_plain, chunk_wire; /* of the last write to the channel, until it is over */
	uint64_t taken;
	UT_hash_handle hh;
};

/* At home: what the link takes for a channel. */
struct lent {
	struct outbound *outbound;
	struct link_carrier carrier;
	struct channel channel;
	struct conn conn;
	uint64_t id, written;
	UT_hash_handle hh;
};

static void slip_drop(struct mail *mail)
{
	free(LIST_OF(mail, struct slip, mail));
}

static void on_slip(void *room, struct mail *mail);

static struct slip *slip_new(enum slip_kind kind, uint64_t id, size_t text_size)
{
	struct slip *slip = calloc(1, sizeof(*slip) + text_size);

	if (slip) {
		slip->mail.deliver = on_slip;
		slip->mail.drop = slip_drop;
		slip->kind = kind;
		slip->id = id;
	}
	return slip;
}

/* ---- at the stream's worker ---- */

static void tell_home(const struct away *away, enum slip_kind kind)
{
	struct slip *slip = slip_new(kind, away->id, 0);

	if (!slip)
		return;
	slip->taken = away->taken;
	site_send(away->outbound->site, away->home, CREW_OUTBOUND, &slip->mail);
}

int away_carry(struct outbound *outbound, const struct domain_pair *pair, struct channel *channel, enum proof proof,
	       struct link_carrier *carrier, unsigned home)
{
	struct away *away = calloc(1, sizeof(*away));
	struct slip *slip = slip_new(SLIP_CARRY, 0, PAIR_KEY_SIZE);

	if (!away || !slip || pair_key(pair, slip->text, PAIR_KEY_SIZE) == 0) {
		free(away);
		free(slip);
		return TRUNK_ENOMEM;
	}
	*away = (struct away){.outbound = outbound, .channel = channel, .home = home};
	away->id = slip->id = site_stream_id(outbound->site, ++outbound->next_away);
	slip->pair.sender = str_make(slip->text, pair->sender.len);
	slip->pair.target = str_make(slip->text + pair->sender.len + 1, pair->target.len);
	slip->proof = proof;
	slip->peer = channel->conn->peer;
	slip->tls = channel->is_secured ? tls_session_version(channel->tls) : "";
	HASH_ADD(hh, outbound->aways, id, sizeof(away->id), away);
	if (!HASH_WAS_ADDED(away)) {
		free(away);
		free(slip);
		return TRUNK_ENOMEM;
	}
	*carrier = (struct link_carrier){.away = away, .channel = channel, .proof = proof};
	site_send(outbound->site, home, CREW_OUTBOUND, &slip->mail);
	return 0;
}

static void count_waiting(struct away *away)
{
	memory_count(away->outbound->site->memory, &away->counted, away->waiting.cap);
}

void away_uncarry(struct link_carrier *carrier)
{
	struct away *away = carrier->away;

	carrier->away = NULL;
	if (away->chunk_plain > 0)
		away->taken += link_taken(away->chunk_plain, away->chunk_wire, channel_unsent(away->channel));
	tell_home(away, SLIP_UNCARRY);
	HASH_DEL(away->outbound->aways, away);
	buf_fini(&away->waiting);
	count_waiting(away);
	free(away);
}

void away_end_carry(struct link_carrier *carrier)
{
	tell_home(carrier->away, SLIP_END);
}

static void pump(struct away *away)
{
	struct channel *channel = away->channel;
	size_t len;

	if (channel_unsent(channel) > 0)
		return;
	if (away->chunk_plain > 0) {
		away->taken += away->chunk_plain;
		away->chunk_plain = 0;
		tell_home(away, SLIP_TAKEN);
	}
	if ((len = buf_len(&away->waiting)) == 0)
		return;
	channel->wrote_bytes = 0;
	away->chunk_plain = len;
	if (channel_write(channel, buf_str(&away->waiting)) < 0 && channel->conn && channel_unsent(channel) == 0)
		channel->conn->lost_bytes = channel->wrote_bytes ? channel->wrote_bytes : len;
	away->chunk_wire = channel->wrote_bytes ? channel->wrote_bytes : len;
	buf_fini(&away->waiting);
	count_waiting(away);
	if (channel_unsent(channel) == 0)
		pump(away);
}

void away_drained(struct link_carrier *carrier)
{
	pump(carrier->away);
}

static void on_write(struct outbound *outbound, const struct slip *slip)
{
	struct away *away;

	HASH_FIND(hh, outbound->aways, &slip->id, sizeof(slip->id), away);
	if (!away || buf_add(&away->waiting, slip->bytes) < 0)
		return;         /* the stream is gone, and home hears how much of it was taken; without memory the link takes it for stalled */
	count_waiting(away);
	pump(away);
}

/* ---- at home ---- */

static struct lent *lent_of(struct conn *conn)
{
	return LIST_OF(conn, struct lent, conn);
}

static int lent_write(struct conn *conn, struct str bytes)
{
	struct lent *lent = lent_of(conn);
	struct slip *slip = slip_new(SLIP_WRITE, lent->id, bytes.len);

	if (!slip)
		return TRUNK_ENOMEM;
	memcpy(slip->text, bytes.at, bytes.len);
	slip->bytes = str_make(slip->text, bytes.len);
	lent->written += bytes.len;
	conn->pending_bytes += bytes.len;
	site_send(lent->outbound->site, stream_id_worker(lent->id), CREW_OUTBOUND, &slip->mail);
	return 0;
}

static void lent_read(struct conn *conn, bool is_on)
{
	(void)conn;
	(void)is_on;
}

static void lent_close(struct conn *conn)
{
	(void)conn;
}

static const struct net_ops lent_ops = {.write = lent_write, .read = lent_read, .shutdown = lent_close, .close = lent_close};
static struct net lent_net = {.ops = &lent_ops};

static void lent_free(struct lent *lent)
{
	HASH_DEL(lent->outbound->lents, lent);
	memory_count(lent->outbound->site->memory, &lent->channel.counted_pending, 0);
	free(lent);
}

static void on_carry(struct outbound *outbound, const struct slip *slip)
{
	struct lent *lent = calloc(1, sizeof(*lent));

	if (!lent)
		return;         /* the link dials, as without it */
	lent->outbound = outbound;
	lent->id = slip->id;
	lent->conn = (struct conn){.net = &lent_net, .peer = slip->peer, .progress_ms = loop_now_ms(outbound->site->loop)};
	lent->channel = (struct channel){.site = outbound->site, .conn = &lent->conn};
	HASH_ADD(hh, outbound->lents, id, sizeof(lent->id), lent);
	if (!HASH_WAS_ADDED(lent)) {
		free(lent);
		return;
	}
	if (outbound_carry(outbound, &slip->pair, &lent->channel, slip->proof, &lent->carrier) < 0)
		lent_free(lent);
	else
		lent->carrier.tls = slip->tls;
}

static void on_taken(struct lent *lent, const struct slip *slip)
{
	lent->conn.pending_bytes = (size_t)(lent->written - slip->taken);
	lent->conn.progress_ms = loop_now_ms(lent->outbound->site->loop);
	memory_count(lent->outbound->site->memory, &lent->channel.counted_pending, lent->conn.pending_bytes);
	if (lent->conn.pending_bytes == 0)
		outbound_drained(&lent->carrier);
}

static void on_uncarry(struct lent *lent, const struct slip *slip)
{
	lent->conn.pending_bytes = (size_t)(lent->written - slip->taken);
	lent->channel.is_closed = true;
	outbound_uncarry(&lent->carrier);
	lent_free(lent);
}

void lents_free(struct outbound *outbound)
{
	struct lent *lent, *next;

	HASH_ITER(hh, outbound->lents, lent, next)
		lent_free(lent);
}

static void on_slip(void *room, struct mail *mail)
{
	struct outbound *outbound = room;
	const struct slip *slip = LIST_OF(mail, struct slip, mail);
	struct lent *lent;

	HASH_FIND(hh, outbound->lents, &slip->id, sizeof(slip->id), lent);
	if (slip->kind == SLIP_CARRY)
		on_carry(outbound, slip);
	else if (slip->kind == SLIP_WRITE)
		on_write(outbound, slip);
	else if (lent && slip->kind == SLIP_TAKEN)
		on_taken(lent, slip);
	else if (lent && slip->kind == SLIP_END)
		outbound_end_carry(&lent->carrier);
	else if (lent)
		on_uncarry(lent, slip);
	slip_drop(mail);
}
