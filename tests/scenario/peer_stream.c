/* SPDX-License-Identifier: Apache-2.0
 * One stream of a peer: the connection, TLS, and XML read into elements that the roles or the script deal with. */
#include "peer.h"
#include "script.h"

#include "sim_net.h"
#include "stream/stream.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const struct xml_limits peer_limits = {.element_bytes = 64 * 1024 * 1024, .depth = 200, .attributes = 200};

struct peer_stream *peer_stream_new(struct peer *peer, enum peer_role role, const char *name)
{
	struct peer_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->peer = peer;
	stream->role = role;
	stream->number = ++peer->stream_count;
	TEXT_COPY(stream->name, str_of(name));
	list_init(&stream->pairs);
	list_add_tail(&peer->streams, &stream->link);
	if (!(stream->reader = xml_reader_new(&peer_limits))) {
		peer_stream_free(stream);
		return NULL;
	}
	return stream;
}

void peer_stream_free(struct peer_stream *stream)
{
	list_remove(&stream->link);
	LIST_EACH (pos, &stream->pairs) {
		list_remove(pos);
		free(LIST_OF(pos, struct peer_pair, link));
	}
	timer_stop(&stream->end);
	conn_free(&stream->conn);
	tls_session_free(&stream->tls);
	xml_reader_free(&stream->reader);
	buf_fini(&stream->plain);
	free(stream);
}

struct peer_stream *peer_stream_find(struct peer *peer, const char *name, enum peer_role role)
{
	struct peer_stream *found = NULL;

	LIST_EACH (pos, &peer->streams) {
		struct peer_stream *stream = LIST_OF(pos, struct peer_stream, link);

		if (stream->role == role && (!name || strcmp(stream->name, name) == 0))
			found = stream;
	}
	return found;
}

struct peer_stream *peer_stream_by_number(struct peer *peer, unsigned number)
{
	LIST_EACH (pos, &peer->streams) {
		struct peer_stream *stream = LIST_OF(pos, struct peer_stream, link);

		if (stream->number == number)
			return stream;
	}
	return NULL;
}

bool peer_stream_is_open(const struct peer_stream *stream)
{
	return stream->conn && !stream->has_ended && !stream->is_closed;
}

/* ---- out ---- */

static void write_wire(struct peer_stream *stream, struct buf *wire)
{
	if (stream->conn && buf_len(wire) > 0)
		conn_write(stream->conn, buf_str(wire));
	buf_fini(wire);
}

void peer_stream_send(struct peer_stream *stream, struct str bytes)
{
	struct buf wire = {0};

	peer_trace(stream, stream->conn ? ">" : "can't send", bytes);
	if (!stream->conn)
		return;
	if (!stream->is_tls_up)
		buf_add(&wire, bytes);
	else if (tls_encrypt(stream->tls, bytes, &wire) < 0)
		peer_complain(stream->peer, "TLS: %s", tls_session_error(stream->tls));
	write_wire(stream, &wire);
}

void peer_stream_sendf(struct peer_stream *stream, const char *format, ...)
{
	char text[4096];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	peer_stream_send(stream, str_of(text));
}

static void add_attribute(struct buf *out, const char *name, const char *value)
{
	if (value[0])
		buf_addf(out, " %s='%s'", name, value);
}

void peer_stream_send_header(struct peer_stream *stream)
{
	struct buf out = {0};

	buf_add_cstr(&out, "<?xml version='1.0'?><stream:stream xmlns='jabber:server' xmlns:db='jabber:server:dialback'"
			   " xmlns:stream='http://etherx.jabber.org/streams'");
	if (!stream->omits_from)
		add_attribute(&out, "from", stream->from);
	add_attribute(&out, "to", stream->to);
	if (stream->role == PEER_RECEIVING)
		add_attribute(&out, "id", stream->id);
	if (stream->peer->options.has_version && !stream->omits_version)
		add_attribute(&out, "version", "1.0");
	buf_add_cstr(&out, ">");
	peer_stream_send(stream, buf_str(&out));
	buf_fini(&out);
}

void peer_stream_end(struct peer_stream *stream, const char *condition)
{
	if (!stream->conn)
		return;
	if (condition)
		peer_stream_sendf(stream, "<stream:error><%s xmlns='%s'/></stream:error>", condition, NS_STREAMS_ERRORS);
	peer_stream_sendf(stream, "</stream:stream>");
	conn_shutdown(stream->conn);
}

void peer_stream_reset(struct peer_stream *stream)
{
	sim_conn_reset(&stream->conn);
	stream->is_closed = true;
}

/* ---- TLS ---- */

static int on_sni(void *ctx, struct str sni, char *ret_domain, size_t size_bytes)
{
	struct peer_stream *stream = ctx;
	const struct peer *peer = stream->peer;

	if (peer->options.certificate == CERTIFICATE_NAME)
		text_copy(ret_domain, size_bytes, STR(CERTIFICATE_WRONG_NAME));
	else
		text_copy(ret_domain, size_bytes, peer_has_domain(peer, sni) ? sni : str_of(peer->domains[0]));
	return 0;
}

static void name_ascii(const char *domain, char ret_ascii[static PEER_DOMAIN_SIZE])
{
	struct domain normal;

	if (domain_normalise(str_of(domain), &normal) < 0 ||
	    domain_to_ascii(domain_str(&normal), ret_ascii, PEER_DOMAIN_SIZE) < 0)
		text_copy(ret_ascii, PEER_DOMAIN_SIZE, str_of(domain));
}

static struct tls_session *session_new(struct peer_stream *stream)
{
	const bool is_server = stream->role == PEER_RECEIVING;
	const enum certificate kind = stream->peer->options.certificate;
	char own[PEER_DOMAIN_SIZE], other[PEER_DOMAIN_SIZE];
	struct tls_session *session;
	struct tls_session_options options = {.role = is_server ? TLS_SERVER : TLS_CLIENT, .is_direct = stream->is_direct};

	name_ascii(stream->from[0] ? stream->from : stream->peer->domains[0], own);
	name_ascii(stream->peer->options.sni[0] ? stream->peer->options.sni : stream->to, other);
	options.domain = kind == CERTIFICATE_NONE ? NULL : kind == CERTIFICATE_NAME ? CERTIFICATE_WRONG_NAME : own;
	if (is_server && kind != CERTIFICATE_NONE) {
		options.sni = on_sni;
		options.ctx = stream;
	} else if (!is_server && other[0] && strcmp(other, "none") != 0) {
		options.server_name = other;
	}
	if (!peer_store(stream->peer) ||
	    !(session = tls_session_new(stream->peer->store, &options, loop_wall_ms(stream->peer->env->loop))))
		return NULL;
	if (stream->peer->options.is_tls_1_2)
		certificates_hold_to_tls_1_2(session);
	return session;
}

static void read_plain(struct peer_stream *stream);

static void go_on_with_tls(struct peer_stream *stream, struct str in)
{
	struct buf wire = {0};
	const int done = tls_handshake(stream->tls, in, &wire);

	write_wire(stream, &wire);
	if (done < 0) {
		peer_trace(stream, "TLS failed:", str_of(tls_session_error(stream->tls)));
		if (stream->conn)
			conn_shutdown(stream->conn);
		return;
	}
	if (done == 0)
		return;
	stream->is_tls_up = true;
	peer_trace(stream, "TLS", str_of(tls_session_version(stream->tls)));
	stream->has_header = stream->has_features = false;
	xml_reader_reset(stream->reader);
	if (!stream->is_manual && stream->role != PEER_RECEIVING)
		peer_stream_send_header(stream);
	if (tls_decrypt(stream->tls, STR(""), &stream->plain, &wire) == 0)
		read_plain(stream);
	write_wire(stream, &wire);
}

void peer_stream_start_tls(struct peer_stream *stream)
{
	buf_clear(&stream->plain);
	if (!(stream->tls = session_new(stream))) {
		peer_complain(stream->peer, "can't begin TLS");
		return;
	}
	go_on_with_tls(stream, STR(""));
}

bool peer_stream_is_certified(struct peer_stream *stream, const char *domain)
{
	char ascii[PEER_DOMAIN_SIZE];
	struct tls_judgement judgement;
	const struct tls_expectation expected = {.domain = ascii};

	if (!stream->is_tls_up)
		return false;
	name_ascii(domain, ascii);
	tls_session_judge(stream->tls, &expected, loop_wall_ms(stream->peer->env->loop), &judgement);
	return judgement.proof == TLS_PROOF_PKIX;
}

/* ---- in ---- */

static void note_error(struct peer_stream *stream, struct arena *arena, const struct xml_node *node)
{
	struct str condition, text;

	stream_error_parse(arena, node, &condition, &text);
	TEXT_COPY(stream->condition, condition);
	TEXT_COPY(stream->condition_text, text);
}

static void on_header(struct peer_stream *stream)
{
	struct stream_header header;

	if (stream_header_parse(xml_reader_header(stream->reader), &header) < 0) {
		peer_complain(stream->peer, "the header of the trunk is not one of RFC 6120");
		return;
	}
	TEXT_COPY(stream->peer_from, header.from);
	TEXT_COPY(stream->peer_to, header.to);
	stream->has_header = true;
	stream->has_version = header.has_version;
	if (stream->role != PEER_RECEIVING) {
		TEXT_COPY(stream->id, header.id);
		if (header.id.len == 0)
			peer_complain(stream->peer, "the trunk's header has no id (RFC 6120 §4.7.3)");
	}
	if (stream->is_manual)
		return;
	if (stream->role == PEER_RECEIVING)
		peer_server_header(stream);
	else
		peer_client_header(stream);
}

static bool is_dealt_with(struct peer_stream *stream, struct arena *arena, const struct xml_node *node)
{
	const struct peer *peer = stream->peer;

	if (!peer->options.leaves_pings && (stream->role == PEER_RECEIVING || stream->is_bidi) && peer->env->pinged(peer->env->ctx, node))
		return true;
	if (str_is(node->ns, NS_STREAM) && str_is(node->name, "error")) {
		note_error(stream, arena, node);
		return true;
	}
	if (stream->is_manual && stream->role == PEER_RECEIVING)
		return false;
	if (stream->role == PEER_RECEIVING)
		return peer_server_element(stream, arena, node);
	return peer_client_element(stream, arena, node);
}

/* What the script may have to say again. */
static void keep_ids(const struct xml_node *node)
{
	const struct str id = xml_node_attr(node, "id");

	if (!str_is_absent(id) && str_is(node->ns, NS_SM) && str_is(node->name, "enabled"))
		script_keep_id(SCRIPT_SM_ID, id);
	else if (!str_is_absent(id) && str_is(node->name, "iq") && !str_is(xml_node_attr(node, "type"), "result"))
		script_keep_id(SCRIPT_IQ_ID, id);
}

static void on_element(struct peer_stream *stream, const struct xml_element *element)
{
	struct item *item = calloc(1, sizeof(*item));
	int err;

	peer_trace(stream, "<", element->bytes);
	if (!item)
		return;
	list_init(&item->link);
	item->stream = stream->number;
	item->bytes = arena_str(&item->arena, element->bytes);
	if ((err = xml_tree_parse(&item->arena, item->bytes, xml_reader_header(stream->reader), &peer_limits, &item->node)) < 0)
		peer_complain(stream->peer, "an element of the trunk can't be parsed: %s", error_text(err));
	else if (!is_dealt_with(stream, &item->arena, item->node)) {
		keep_ids(item->node);
		list_add_tail(&stream->peer->inbox, &item->link);
		return;
	}
	arena_fini(&item->arena);
	free(item);
}

enum { PEER_END_MS = 10 };

static void on_end_due(void *ctx)
{
	peer_stream_end(ctx, NULL);
}

/* Many servers close at once, without their own end of the stream, where TLS or the connection is at its end already. */
static void give_up_end(struct peer_stream *stream)
{
	if (!stream->end.loop)
		return;
	timer_stop(&stream->end);
	conn_shutdown(stream->conn);
}

static void on_end(struct peer_stream *stream)
{
	peer_trace(stream, "<", STR("</stream:stream>"));
	stream->has_ended = true;
	if (!stream->is_manual && stream->peer->options.ends_later)
		timer_start(stream->peer->env->loop, &stream->end, PEER_END_MS, on_end_due, stream);
	else if (!stream->is_manual)
		peer_stream_end(stream, NULL);
	peer_stream_over(stream);
}

/* A handler may begin TLS, which turns what follows into ciphertext: there is none yet, for the trunk has to speak first or
 * wait for us. */
static void read_plain(struct peer_stream *stream)
{
	const bool was_tls = stream->tls != NULL;
	struct xml_element element;
	enum xml_event event;
	uint64_t offset;
	size_t consumed;

	while (stream->conn && was_tls == (stream->tls != NULL)) {
		event = xml_reader_next(stream->reader, buf_str(&stream->plain), &element, &consumed);
		if (event == XML_HEADER) {
			peer_trace(stream, "<", str_until(buf_str(&stream->plain), consumed));
			on_header(stream);
		} else if (event == XML_ELEMENT) {
			on_element(stream, &element);
		}
		if (was_tls != (stream->tls != NULL))
			return;
		buf_drop(&stream->plain, consumed);
		if (event == XML_END)
			on_end(stream);
		if (event == XML_ERROR && !stream->is_manual)   /* else it may be an alert of TLS */
			peer_complain(stream->peer, "XML of the trunk: %s at %llu",
				      error_text(xml_reader_error(stream->reader, &offset)), (unsigned long long)offset);
		if (event == XML_ERROR || event == XML_END || event == XML_MORE)
			return;
	}
}

static void on_data(void *ctx, struct str bytes)
{
	struct peer_stream *stream = ctx;
	struct buf wire = {0};
	int err;

	if (stream->has_ended && !stream->end.loop)
		return;
	if (!stream->tls) {
		buf_add(&stream->plain, bytes);
		read_plain(stream);
		return;
	}
	if (!stream->is_tls_up) {
		go_on_with_tls(stream, bytes);
		return;
	}
	err = tls_decrypt(stream->tls, bytes, &stream->plain, &wire);
	write_wire(stream, &wire);
	if (err < 0 && err != TRUNK_ECLOSED)
		peer_complain(stream->peer, "TLS of the trunk: %s", tls_session_error(stream->tls));
	read_plain(stream);
	if (err == TRUNK_ECLOSED)
		give_up_end(stream);
}

static void on_open(void *ctx, int err)
{
	struct peer_stream *stream = ctx;

	if (err < 0) {
		stream->is_closed = true;
		stream->closed_err = err;
		peer_trace(stream, "not connected:", str_of(error_text(err)));
		conn_free(&stream->conn);
		peer_stream_over(stream);
		return;
	}
	stream->is_open = true;
	if (stream->is_direct)
		peer_stream_start_tls(stream);
	else if (!stream->is_manual)
		peer_client_opened(stream);
}

static void on_closed(void *ctx, int err)
{
	struct peer_stream *stream = ctx;

	peer_trace(stream, "closed:", str_of(err ? error_text(err) : "by its other end"));
	stream->is_closed = true;
	stream->closed_err = err;
	timer_stop(&stream->end);
	conn_free(&stream->conn);
	peer_stream_over(stream);
}

static const struct conn_handler peer_handler = {.open = on_open, .data = on_data, .closed = on_closed};

int peer_stream_dial(struct peer_stream *stream, const struct endpoint *to)
{
	const struct peer_env *env = stream->peer->env;
	int err = conn_connect(env->net, to, &stream->peer->at, &peer_handler, stream, &stream->conn);

	if (err == 0 && stream->peer->is_stalled)
		conn_read(stream->conn, false);
	return err;
}

void peer_stream_take(struct peer_stream *stream, struct conn *conn)
{
	stream->conn = conn;
	stream->is_open = true;
	conn_attach(conn, &peer_handler, stream);
	if (stream->peer->is_stalled)
		conn_read(conn, false);
}
